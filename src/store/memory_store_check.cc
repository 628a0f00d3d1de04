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
    const auto look = [&](const Array& array, std::size_t from) {
        const auto& slots = array.slots;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const Slot slot = slots[i];
            if (slot == 0) continue;
            const Record record = read_record(slot);
            const std::uint64_t now = hash(record.key);
            ASSERT(tag_of(slot) == tag_of_hash(now), "slot {}", i);
            ASSERT(before <= now, "slot {}: {:#x} after {:#x}", i, now, before);
            const std::size_t home = home_of(tag_of(slot), array.homes);
            ASSERT(from <= home && home <= i, "slot {}, home {}, from {}", i, home, from);
            ASSERT(i == home || slots[i - 1] != 0, "hole before slot {} of {}", i, home);
            before = now;
            records += malloc_bytes(record_size(record));
            ++here;
        }
        bytes += malloc_bytes(slots.capacity() * sizeof(Slot));
    };
    std::size_t moved = 0;
    if (table.rebuild != nullptr) {
        moved = table.rebuild->moved;
        look(table.rebuild->into, 0);
        ASSERT(here == 0 || home_of(tag_of_hash(before), table.array.homes) < moved, "{}", moved);
    }
    look(table.array, moved);
    ASSERT(here == table.count, "{} keys, {} counted", here, table.count);
    ASSERT(records == table.bytes, "{} bytes, {} counted", records, table.bytes);
    bytes += records;
}

// Of the records.
std::size_t MemoryStore::bytes_of(const Array& array) {
    std::size_t bytes = 0;
    for (const Slot slot : array.slots) {
        if (slot != 0) bytes += malloc_bytes(record_size(read_record(slot)));
    }
    return bytes;
}

void MemoryStore::check_expiries(PartitionId partition) const {
    Expiries expected;
    scan(partition, 0, ~std::size_t{0}, [&](const Record& record) {
        if (record.expires_ms != 0) expected.emplace(record.expires_ms, hash(record.key));
    });
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
    bytes += expiring * expiry_bytes;
    std::size_t garbage = 0;
    for (const Array& array : dropped_) {
        bytes += malloc_bytes(array.slots.capacity() * sizeof(Slot));
        garbage += bytes_of(array);
    }
    for (const auto& expiries : dropped_expiries_) garbage += expiries->size() * expiry_bytes;
    ASSERT(garbage == garbage_bytes_, "{} bytes of garbage, {}", garbage, garbage_bytes_);
    bytes += garbage;
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
