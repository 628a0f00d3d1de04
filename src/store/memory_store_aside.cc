// Records that were put aside, until somebody says which of them are good.

#include <utility>

#include "store/memory_record.h"
#include "store/memory_store.h"

namespace grapevine {

using namespace records;

void MemoryStore::set_aside(PartitionId partition) {
    if (count(partition) == 0) return;
    Table& table = tables_[partition.value];
    Table& aside = make_table(aside_, partition);
    drop_expiries(partition);
    count_ -= table.count;
    aside_count_ -= aside.count;
    aside_bytes_ -= aside.bytes;
    const bool older_move = aside.count < table.count;
    if (older_move) std::swap(table, aside);
    for (Slot& slot : table.slots) {
        if (slot == 0) continue;
        const Record record = read_record(slot);
        const std::uint64_t key_hash = hash(record.key);
        const Place place = locate(aside, record.key, key_hash);
        if (older_move && place.found) continue;
        aside.bytes += malloc_bytes(record_size(record));
        table.bytes -= malloc_bytes(record_size(record));
        const Slot old = put_slot(aside, std::exchange(slot, 0), key_hash, place);
        if (old != 0) forget(aside, old);
    }
    aside_count_ += aside.count;
    aside_bytes_ += aside.bytes;
    free_slots(table);
}

bool MemoryStore::take_back(PartitionId partition, std::string_view key, Version version) {
    if (count_aside(partition) == 0) return false;
    Table& aside = aside_[partition.value];
    const std::uint64_t key_hash = hash(key);
    const Place place = locate(aside, key, key_hash);
    if (!place.found) return false;
    const Slot slot = aside.slots[place.index];
    const Record record = read_record(slot);
    if (record.version != version) return false;
    const std::size_t bytes = malloc_bytes(record_size(record));
    aside.bytes -= bytes;
    aside_bytes_ -= bytes;
    --aside_count_;
    remove_at(aside, place.index);
    Table& table = make_table(tables_, partition);
    const Place at = locate(table, record.key, key_hash);
    const std::int64_t expired_ms = at.found ? read_record(table.slots[at.index]).expires_ms : 0;
    move_expiry(partition, key_hash, expired_ms, record.expires_ms);
    add(table, bytes, slot, key_hash, at);
    return true;
}

void MemoryStore::drop_aside(PartitionId partition) {
    if (partition.value >= aside_.size()) return;
    Table& aside = aside_[partition.value];
    aside_count_ -= aside.count;
    aside_bytes_ -= aside.bytes;
    free_slots(aside);
}

std::size_t MemoryStore::count_aside(PartitionId partition) const {
    const Table* const aside = find_table(aside_, partition);
    return aside == nullptr ? 0 : aside->count;
}

}  // namespace grapevine
