// Records that were put aside, until somebody says which of them are good.

#include <utility>

#include "store/memory_record.h"
#include "store/memory_store.h"

namespace grapevine {

using namespace records;

// By its hash. Of one hash none does.
bool MemoryStore::comes_before(Slot one, Slot other) const {
    if (tag_of(one) != tag_of(other)) return tag_of(one) < tag_of(other);
    return hash_at(one) < hash_at(other);
}

bool MemoryStore::has_key_of(const Table& table, Slot slot) const {
    const std::string_view key = read_record(slot).key;
    return locate(table, key, hash(key)).found;
}

// Both in the order of their hashes, as they stand. Inserted one after the other in that order they
// would make one long run, of which each moves the rest.
MemoryStore::Table MemoryStore::merge(Table& newer, Table& older) {
    for (Table* table : {&newer, &older}) {
        if (table->rebuild != nullptr) go_on_rebuilding(*table, ~std::size_t{0});
    }
    Table both;
    both.array.homes = std::max(homes_min, (newer.count + older.count) / 4 * 5 + 1);
    make_room(both.array, both.array.homes);
    both.bytes = newer.bytes + older.bytes;
    Array older_ones;  // of keys that are in both
    Slot last = 0;     // of `newer`
    const Slot* from = newer.array.slots.begin();
    const auto take = [&](Slot slot) {
        append(both.array, slot);
        ++both.count;
    };
    const auto take_newer = [&](const auto& is_enough) {
        for (; from != newer.array.slots.end(); ++from) {
            if (*from == 0) continue;
            if (is_enough(*from)) return;
            take(last = *from);
        }
    };
    for (const Slot slot : older.array.slots) {
        if (slot == 0) continue;
        take_newer([&](Slot other) { return comes_before(slot, other); });
        const bool is_alike = last != 0 && tag_of(last) == tag_of(slot);
        if (is_alike && has_key_of(newer, slot)) {
            const std::size_t bytes = malloc_bytes(record_size(read_record(slot)));
            both.bytes -= bytes;
            garbage_bytes_ += bytes;
            make_room(older_ones, older_ones.slots.size() + 1);
            older_ones.slots[older_ones.slots.size() - 1] = slot;
        } else {
            take(slot);
        }
    }
    take_newer([](Slot) { return false; });
    for (Table* table : {&newer, &older}) {
        free_slots(table->array);
        *table = Table{};
    }
    if (!older_ones.slots.empty()) dropped_.push_back(std::move(older_ones));
    return both;
}

void MemoryStore::set_aside(PartitionId partition) {
    if (count(partition) == 0) return;
    Table& table = tables_[partition.value];
    Table& aside = make_table(aside_, partition);
    drop_expiries(partition);
    count_ -= table.count;
    aside_count_ -= aside.count;
    aside_bytes_ -= aside.bytes;
    aside = aside.count == 0 ? std::exchange(table, {}) : merge(table, aside);
    aside_count_ += aside.count;
    aside_bytes_ += aside.bytes;
}

bool MemoryStore::take_back(PartitionId partition, std::string_view key, Version version) {
    if (count_aside(partition) == 0) return false;
    Table& aside = aside_[partition.value];
    const std::uint64_t key_hash = hash(key);
    const Place place = locate(aside, key, key_hash);
    if (!place.found) return false;
    const Slot slot = place.slot();
    const Record record = read_record(slot);
    if (record.version != version) return false;
    const std::size_t bytes = malloc_bytes(record_size(record));
    aside.bytes -= bytes;
    aside_bytes_ -= bytes;
    --aside_count_;
    remove(aside, place);
    Table& table = make_table(tables_, partition);
    const Place at = locate(table, record.key, key_hash);
    const std::int64_t expired_ms = at.found ? read_record(at.slot()).expires_ms : 0;
    move_expiry(partition, key_hash, expired_ms, record.expires_ms);
    add(table, bytes, slot, at);
    return true;
}

void MemoryStore::drop_aside(PartitionId partition) {
    if (partition.value >= aside_.size()) return;
    Table& aside = aside_[partition.value];
    aside_count_ -= aside.count;
    aside_bytes_ -= aside.bytes;
    drop(aside);
}

std::size_t MemoryStore::count_aside(PartitionId partition) const {
    const Table* const aside = find_table(aside_, partition);
    return aside == nullptr ? 0 : aside->count;
}

}  // namespace grapevine
