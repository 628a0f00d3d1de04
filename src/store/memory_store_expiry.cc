// The order in which keys expire.

#include <memory>
#include <utility>

#include "base/assert.h"
#include "store/memory_record.h"
#include "store/memory_store.h"

namespace grapevine {

using namespace records;

const MemoryStore::Expiries* MemoryStore::find_expiries(PartitionId partition) const {
    return partition.value < expiries_.size() ? expiries_[partition.value].get() : nullptr;
}

void MemoryStore::move_expiry(PartitionId partition, std::uint64_t key_hash, std::int64_t before_ms,
                              std::int64_t after_ms) {
    if (before_ms == after_ms) return;
    if (partition.value >= expiries_.size()) expiries_.resize(partition.value + 1);
    std::unique_ptr<Expiries>& expiries = expiries_[partition.value];
    if (expiries == nullptr) expiries = std::make_unique<Expiries>();
    if (after_ms != 0) {
        expiries->emplace(after_ms, key_hash);
        allocated_ += expiry_bytes;
        ++expiring_;
    }
    if (before_ms == 0) return;
    const auto before = expiries->find({before_ms, key_hash});
    ASSERT(before != expiries->end(), "{} ms", before_ms);
    expiries->erase(before);
    allocated_ -= expiry_bytes;
    --expiring_;
    if (expiries->empty()) expiries.reset();
}

void MemoryStore::drop_expiries(PartitionId partition) {
    if (find_expiries(partition) == nullptr) return;
    expiring_ -= expiries_[partition.value]->size();
    garbage_bytes_ += expiries_[partition.value]->size() * expiry_bytes;
    dropped_expiries_.push_back(std::move(expiries_[partition.value]));
}

std::size_t MemoryStore::count_expiring(PartitionId partition) const {
    const Expiries* const expiries = find_expiries(partition);
    return expiries == nullptr ? 0 : expiries->size();
}

std::optional<std::int64_t> MemoryStore::expires_next_ms(PartitionId partition) const {
    const Expiries* const expiries = find_expiries(partition);
    return expiries == nullptr ? std::nullopt : std::optional(expiries->begin()->first);
}

void MemoryStore::visit_due(PartitionId partition, std::int64_t until_ms, std::size_t keys,
                            const Visitor& visit) const {
    const Expiries* const expiries = find_expiries(partition);
    if (expiries == nullptr) return;
    const Table& table = tables_[partition.value];
    const std::pair<std::int64_t, std::uint64_t>* before = nullptr;
    for (const auto& due : *expiries) {
        if (due.first > until_ms || keys == 0) return;
        // Keys of one hash that expire together are visited together.
        if (before != nullptr && *before == due) continue;
        before = &due;
        const auto& [expires_ms, key_hash] = due;
        const std::uint64_t tag = tag_of_hash(key_hash);
        const Array& array = array_of(table, tag);
        const auto& slots = array.slots;
        for (std::size_t i = first_from(array, tag);
             i < slots.size() && slots[i] != 0 && tag_of(slots[i]) == tag && keys > 0; ++i) {
            const Record record = read_record(slots[i]);
            if (record.expires_ms != expires_ms || hash(record.key) != key_hash) continue;
            visit(record);
            --keys;
        }
    }
}

}  // namespace grapevine
