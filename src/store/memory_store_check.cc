// Whether a store contradicts itself.

#include "base/assert.h"
#include "store/memory_record.h"
#include "store/memory_store.h"

namespace grapevine {

using namespace records;

void MemoryStore::check(const Table& table, std::size_t& bytes) const {
    std::size_t here = 0;
    std::size_t records = 0;
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < table.slots.size(); ++i) {
        const Slot slot = table.slots[i];
        if (slot == 0) continue;
        const Record record = read_record(slot);
        const std::uint64_t now = hash(record.key);
        ASSERT(tag_of(slot) == tag_of_hash(now), "slot {}", i);
        ASSERT(before <= now, "slot {}: {:#x} after {:#x}", i, now, before);
        const std::size_t home = home_of(tag_of(slot), table.homes);
        ASSERT(home <= i, "slot {} before its home {}", i, home);
        ASSERT(i == home || table.slots[i - 1] != 0, "hole before slot {} of {}", i, home);
        before = now;
        records += malloc_bytes(record_size(record));
        ++here;
    }
    ASSERT(here == table.count, "{} keys, {} counted", here, table.count);
    ASSERT(records == table.bytes, "{} bytes, {} counted", records, table.bytes);
    bytes += records + malloc_bytes(table.slots.capacity() * sizeof(Slot));
}

void MemoryStore::check_expiries(PartitionId partition) const {
    Expiries expected;
    for (const Slot slot : tables_[partition.value].slots) {
        if (slot == 0) continue;
        const Record record = read_record(slot);
        if (record.expires_ms != 0) expected.emplace(record.expires_ms, hash(record.key));
    }
    const Expiries* const expiries = find_expiries(partition);
    ASSERT(expiries == nullptr ? expected.empty() : *expiries == expected && !expected.empty(),
           "partition {}: {} keys expire", partition, expected.size());
}

void MemoryStore::invariants() const {
    std::size_t keys = 0;
    std::size_t bytes = 0;
    for (std::uint32_t i = 0; i < tables_.size(); ++i) check_expiries(PartitionId{i});
    std::size_t expiring = 0;
    for (const auto& expiries : expiries_) {
        if (expiries != nullptr) expiring += expiries->size();
    }
    ASSERT(expiring == expiring_, "{} keys expire, {} counted", expiring, expiring_);
    for (const auto& expiries : dropped_expiries_) expiring += expiries->size();
    bytes += expiring * expiry_bytes;
    for (const Table& table : dropped_) check(table, bytes);
    for (const Table& table : tables_) {
        check(table, bytes);
        keys += table.count;
    }
    ASSERT(keys == count_, "{} keys, {} counted", keys, count_);
    std::size_t aside = 0;
    std::size_t aside_bytes = 0;
    for (const Table& table : aside_) {
        check(table, bytes);
        aside += table.count;
        aside_bytes += table.bytes;
    }
    ASSERT(aside == aside_count_, "{} keys aside, {} counted", aside, aside_count_);
    ASSERT(aside_bytes == aside_bytes_, "{} bytes aside, {}", aside_bytes, aside_bytes_);
    ASSERT(bytes == allocated_, "{} bytes, {} counted", bytes, allocated_);
}

}  // namespace grapevine
