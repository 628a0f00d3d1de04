#include "store/memory_store.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/prefetch.h"
#include "store/memory_record.h"

namespace grapevine {

using namespace records;

namespace {

// How far from its home a record may be in a table that has shrunk: of evenly spread ones, half as
// many as homes, nearly all are nearer than this.
constexpr std::size_t displaced_max = 256;
constexpr std::size_t record_lines = 3;  // of a record that are prefetched

}  // namespace

MemoryStore::~MemoryStore() {
    for (Table& table : tables_) drop(table);
    for (Table& table : aside_) drop(table);
    while (has_garbage()) collect(~std::size_t{0});
}

const MemoryStore::Table* MemoryStore::find_table(const Tables& tables, PartitionId partition) {
    return partition.value < tables.size() ? &tables[partition.value] : nullptr;
}

MemoryStore::Table& MemoryStore::make_table(Tables& tables, PartitionId partition) {
    if (partition.value >= tables.size()) tables.resize(partition.value + 1);
    return tables[partition.value];
}

std::uint64_t MemoryStore::hash(std::string_view key) const {
    return hash64(key, hash_seed_);
}

std::uint64_t MemoryStore::hash_at(Slot slot) const {
    return hash(read_record(slot).key);
}

// The first place whose record has this hash or a higher one, or where one would be inserted.
std::size_t MemoryStore::first_from(const Table& table, std::uint64_t hash) const {
    const std::uint64_t tag = tag_of_hash(hash);
    const auto& slots = table.slots;
    std::size_t i = home_of(tag, table.homes);
    while (i < slots.size() && slots[i] != 0 && tag_of(slots[i]) < tag) ++i;
    return i;
}

MemoryStore::Place MemoryStore::locate(const Table& table, std::string_view key,
                                       std::uint64_t hash) const {
    const std::uint64_t tag = tag_of_hash(hash);
    const auto& slots = table.slots;
    std::size_t i = first_from(table, hash);
    for (; i < slots.size() && slots[i] != 0 && tag_of(slots[i]) == tag; ++i) {
        const Record record = read_record(slots[i]);
        if (record.key == key) return {i, true};
        if (this->hash(record.key) > hash) break;
    }
    return {i, false};
}

std::optional<Record> MemoryStore::find(PartitionId partition, std::string_view key) const {
    const Table* const table = find_table(tables_, partition);
    if (table == nullptr || table->count == 0) return std::nullopt;
    const Place place = locate(*table, key, hash(key));
    if (!place.found) return std::nullopt;
    return read_record(table->slots[place.index]);
}

std::uint64_t MemoryStore::prefetch(PartitionId partition, std::string_view key) const {
    const std::uint64_t key_hash = hash(key);
    const Table* const table = find_table(tables_, partition);
    if (table != nullptr && table->count > 0) {
        prefetch_line(table->slots.data() + home_of(tag_of_hash(key_hash), table->homes));
    }
    return key_hash;
}

// The first record that may be the key's; nearly always it is, if any is.
void MemoryStore::prefetch_record(PartitionId partition, std::uint64_t hint) const {
    const Table* const table = find_table(tables_, partition);
    if (table == nullptr || table->count == 0) return;
    const std::size_t i = first_from(*table, hint);
    if (i >= table->slots.size() || tag_of(table->slots[i]) != tag_of_hash(hint)) return;
    const char* const record = record_at(table->slots[i]);
    for (std::size_t line = 0; line < record_lines; ++line)
        prefetch_line(record + cache_line * line);
}

void MemoryStore::put(PartitionId partition, const Record& record) {
    Table& table = make_table(tables_, partition);
    const std::uint64_t key_hash = hash(record.key);
    const Place place = locate(table, record.key, key_hash);
    const std::size_t bytes = malloc_bytes(record_size(record));
    const Record before = place.found ? read_record(table.slots[place.index]) : Record{};
    if (before.expires_ms != record.expires_ms) {
        move_expiry(partition, key_hash, before.expires_ms, record.expires_ms);
    }
    if (place.found && replace(table.slots[place.index], before, record, bytes)) return;
    // The new record first: key and value may be views of the one that it replaces.
    const Slot slot = make_slot(key_hash, new_record(record));
    allocated_ += bytes;
    add(table, bytes, slot, key_hash, place);
}

// Where the record that the key has now takes as much memory, and the new one is no view of it.
bool MemoryStore::replace(Slot slot, const Record& before, const Record& record,
                          std::size_t bytes) {
    const std::size_t size = record_size(before);
    if (malloc_bytes(size) != bytes) return false;
    char* const start = record_at(slot);
    const auto is_view = [&](std::string_view text) {
        return std::greater_equal{}(text.data(), static_cast<const char*>(start)) &&
               std::less{}(text.data(), static_cast<const char*>(start) + size);
    };
    if (is_view(record.key) || is_view(record.value)) return false;
    write_record(start, record);
    return true;
}

// The slot's record, which takes `bytes`, in the place of what its key has now.
void MemoryStore::add(Table& table, std::size_t bytes, Slot slot, std::uint64_t key_hash,
                      Place place) {
    table.bytes += bytes;
    if (const Slot old = put_slot(table, slot, key_hash, place); old != 0) {
        forget(table, old);
    } else {
        ++count_;
    }
}

// Frees a record that was in the table.
void MemoryStore::forget(Table& table, Slot slot) {
    const std::size_t freed = free_record(slot);
    table.bytes -= freed;
    allocated_ -= freed;
}

MemoryStore::Slot MemoryStore::put_slot(Table& table, Slot slot, std::uint64_t key_hash,
                                        Place place) {
    if (place.found) return std::exchange(table.slots[place.index], slot);
    const bool full = (std::uint64_t{table.count} + 1) * 8 > std::uint64_t{table.homes} * 7;
    if (full) rebuild(table, std::max(homes_min, table.homes + table.homes / 2));
    if (full) place = locate(table, read_record(slot).key, key_hash);
    insert(table, place.index, slot);
    return 0;
}

void MemoryStore::insert(Table& table, std::size_t index, Slot slot) {
    auto& slots = table.slots;
    std::size_t empty = index;
    while (empty < slots.size() && slots[empty] != 0) ++empty;
    make_room(table, empty + 1);
    const auto at = [&](std::size_t i) { return std::next(slots.begin(), std::ptrdiff_t(i)); };
    std::move_backward(at(index), at(empty), at(empty + 1));
    slots[index] = slot;
    ++table.count;
}

bool MemoryStore::erase(PartitionId partition, std::string_view key) {
    if (count(partition) == 0) return false;
    Table& table = tables_[partition.value];
    const std::uint64_t key_hash = hash(key);
    const Place place = locate(table, key, key_hash);
    if (!place.found) return false;

    const std::int64_t expires_ms = read_record(table.slots[place.index]).expires_ms;
    if (expires_ms != 0) move_expiry(partition, key_hash, expires_ms, 0);
    forget(table, table.slots[place.index]);
    remove_at(table, place.index);
    --count_;
    return true;
}

// What the slot pointed to is the caller's.
void MemoryStore::remove_at(Table& table, std::size_t index) {
    auto& slots = table.slots;
    // Those behind it that are not at home move up, so that probing meets no hole.
    std::size_t hole = index;
    for (std::size_t i = hole + 1; i < slots.size() && slots[i] != 0; ++i) {
        if (home_of(tag_of(slots[i]), table.homes) == i) break;
        slots[hole] = slots[i];
        hole = i;
    }
    slots[hole] = 0;
    --table.count;
    if (table.count == 0) {
        free_array(table);
    } else if (table.count < table.homes / 4) {
        // Where it was no good before, it is tried when half of the rest is gone.
        const bool is_first = table.count + 1 == table.homes / 4;
        if (is_first || std::has_single_bit(table.count)) shrink(table);
    }
}

// Keys that are erased in the order of their hashes (FLUSHALL) leave the others in a part of the
// table. In fewer homes these would be one long run, of which every further erasure moves the rest.
void MemoryStore::shrink(Table& table) {
    const std::uint32_t homes = table.homes;
    const std::size_t farthest = rebuild(table, std::max(homes_min, homes / 2));
    if (farthest > displaced_max) rebuild(table, homes);
}

void MemoryStore::drop(Table& table) {
    if (table.count > 0) dropped_.push_back(std::exchange(table, {}));
}

// No record is its any more.
void MemoryStore::free_array(Table& table) {
    allocated_ -= malloc_bytes(table.slots.capacity() * sizeof(Slot));
    table = Table{};
}

void MemoryStore::collect(std::size_t keys) {
    for (; keys > 0 && !dropped_.empty(); --keys) {
        Table& table = dropped_.back();
        while (table.slots.back() == 0) table.slots.pop_back();
        forget(table, table.slots.back());
        table.slots.pop_back();
        if (--table.count > 0) continue;
        free_array(table);
        dropped_.pop_back();
    }
    for (; keys > 0 && !dropped_expiries_.empty(); --keys) {
        Expiries& expiries = *dropped_expiries_.back();
        expiries.erase(expiries.begin());
        allocated_ -= expiry_bytes;
        if (expiries.empty()) dropped_expiries_.pop_back();
    }
}

// Makes the table at least this long, for less than the doubling of a vector.
void MemoryStore::make_room(Table& table, std::size_t slots) {
    if (slots <= table.slots.size()) return;
    const std::size_t before = table.slots.capacity();
    if (slots > before) {
        table.slots.reserve(slots + 2 + slots / 16);
        allocated_ -= malloc_bytes(before * sizeof(Slot));
        allocated_ += malloc_bytes(table.slots.capacity() * sizeof(Slot));
    }
    table.slots.resize(slots);
}

// Spreads the records over another number of homes. They are in order already: each goes to its
// home, or behind its predecessor.
std::size_t MemoryStore::rebuild(Table& table, std::uint32_t homes) {
    ASSERT(homes > table.count, "{} homes for {} keys", homes, table.count);
    const Slots old = std::exchange(table.slots, {});
    allocated_ -= malloc_bytes(old.capacity() * sizeof(Slot));
    table.homes = homes;
    make_room(table, homes);
    std::size_t next = 0;
    std::size_t farthest = 0;
    for (const Slot slot : old) {
        if (slot != 0) farthest = std::max(farthest, append(table, next, slot));
    }
    return farthest;
}

std::size_t MemoryStore::append(Table& table, std::size_t& next, Slot slot) {
    const std::size_t home = home_of(tag_of(slot), table.homes);
    const std::size_t at = std::max(next, home);
    make_room(table, at + 1);
    table.slots[at] = slot;
    next = at + 1;
    return at - home;
}

std::optional<std::uint64_t> MemoryStore::scan(PartitionId partition, std::uint64_t cursor,
                                               ScanLimit limit, const Visitor& visit) const {
    const Table* const table = find_table(tables_, partition);
    if (table == nullptr || table->count == 0) return std::nullopt;
    const auto& slots = table->slots;
    const std::uint64_t cursor_tag = tag_of_hash(cursor);
    std::size_t bytes = 0;
    std::size_t keys = 0;
    std::optional<Slot> last;
    for (std::size_t i = home_of(cursor_tag, table->homes); i < slots.size(); ++i) {
        const Slot slot = slots[i];
        if (slot == 0 || tag_of(slot) < cursor_tag) continue;
        if (tag_of(slot) == cursor_tag && hash_at(slot) < cursor) continue;
        // Keys of one hash are visited together: the cursor cannot point between them.
        const bool is_enough = bytes >= limit.bytes || keys >= limit.keys;
        if (last && is_enough && hash_at(*last) != hash_at(slot)) {
            const std::uint64_t next = hash_at(slot);
            if (next != ~std::uint64_t{0}) return next;
        }
        const Record record = read_record(slot);
        visit(record);
        bytes += record.key.size() + record.value.size();
        ++keys;
        last = slot;
    }
    return std::nullopt;
}

std::size_t MemoryStore::count(PartitionId partition) const {
    const Table* const table = find_table(tables_, partition);
    return table == nullptr ? 0 : table->count;
}

std::size_t MemoryStore::memory_bytes() const {
    return allocated_ + malloc_bytes(tables_.capacity() * sizeof(Table)) +
           malloc_bytes(aside_.capacity() * sizeof(Table)) +
           malloc_bytes(expiries_.capacity() * sizeof(std::unique_ptr<Expiries>));
}

}  // namespace grapevine
