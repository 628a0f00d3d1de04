#include "store/memory_store.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
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
// Of an array that a larger one replaces, with each change: it is done long before that one is
// full.
constexpr std::size_t places_at_once = 64;

// Keys for which so many homes are enough.
std::uint64_t room_in(std::uint32_t homes) {
    return std::uint64_t{homes} * 7 / 8;
}

}  // namespace

MemoryStore::~MemoryStore() {
    for (Table& table : tables_) drop(table);
    for (Table& table : aside_) drop(table);
    while (MemoryStore::has_garbage()) MemoryStore::collect(~std::size_t{0});
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

const MemoryStore::Array& MemoryStore::array_of(const Table& table, std::uint64_t tag) {
    const bool has_moved =
        table.rebuild != nullptr && home_of(tag, table.array.homes) < table.rebuild->moved;
    return has_moved ? table.rebuild->into : table.array;
}

MemoryStore::Array& MemoryStore::array_at(Table& table, const Place& place) {
    return place.array == &table.array ? table.array : table.rebuild->into;
}

// The first place whose record has this tag or a higher one, or where one would be inserted.
std::size_t MemoryStore::first_from(const Array& array, std::uint64_t tag) {
    const auto& slots = array.slots;
    std::size_t i = home_of(tag, array.homes);
    while (i < slots.size() && slots[i] != 0 && tag_of(slots[i]) < tag) ++i;
    return i;
}

MemoryStore::Place MemoryStore::locate(const Table& table, std::string_view key,
                                       std::uint64_t hash) const {
    const std::uint64_t tag = tag_of_hash(hash);
    const Array& array = array_of(table, tag);
    const auto& slots = array.slots;
    std::size_t i = first_from(array, tag);
    for (; i < slots.size() && slots[i] != 0 && tag_of(slots[i]) == tag; ++i) {
        const Record record = read_record(slots[i]);
        if (record.key == key) return {&array, i, true};
        if (this->hash(record.key) > hash) break;
    }
    return {&array, i, false};
}

std::optional<Record> MemoryStore::find(PartitionId partition, std::string_view key) const {
    const Table* const table = find_table(tables_, partition);
    if (table == nullptr || table->count == 0) return std::nullopt;
    const Place place = locate(*table, key, hash(key));
    if (!place.found) return std::nullopt;
    return read_record(place.slot());
}

std::uint64_t MemoryStore::prefetch(PartitionId partition, std::string_view key) const {
    const std::uint64_t key_hash = hash(key);
    const Table* const table = find_table(tables_, partition);
    if (table != nullptr && table->count > 0) {
        const std::uint64_t tag = tag_of_hash(key_hash);
        const Array& array = array_of(*table, tag);
        prefetch_line(array.slots.data() + home_of(tag, array.homes));
    }
    return key_hash;
}

// The first record that may be the key's; nearly always it is, if any is.
void MemoryStore::prefetch_record(PartitionId partition, std::uint64_t hint) const {
    const Table* const table = find_table(tables_, partition);
    if (table == nullptr || table->count == 0) return;
    const std::uint64_t tag = tag_of_hash(hint);
    const Array& array = array_of(*table, tag);
    const std::size_t i = first_from(array, tag);
    if (i >= array.slots.size() || tag_of(array.slots[i]) != tag) return;
    const char* const record = record_at(array.slots[i]);
    for (std::size_t line = 0; line < record_lines; ++line)
        prefetch_line(record + cache_line * line);
}

void MemoryStore::put(PartitionId partition, const Record& record) {
    Table& table = make_table(tables_, partition);
    const std::uint64_t key_hash = hash(record.key);
    const Place place = locate(table, record.key, key_hash);
    const std::size_t bytes = malloc_bytes(record_size(record));
    const Record before = place.found ? read_record(place.slot()) : Record{};
    if (before.expires_ms != record.expires_ms) {
        move_expiry(partition, key_hash, before.expires_ms, record.expires_ms);
    }
    if (place.found && replace(place.slot(), before, record, bytes)) {
        if (table.rebuild != nullptr) go_on_rebuilding(table, places_at_once);
        return;
    }
    // The new record first: key and value may be views of the one that it replaces.
    const Slot slot = make_slot(key_hash, new_record(record));
    allocated_ += bytes;
    add(table, bytes, slot, place);
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
void MemoryStore::add(Table& table, std::size_t bytes, Slot slot, const Place& place) {
    table.bytes += bytes;
    Array& array = array_at(table, place);
    if (place.found) {
        forget(table, std::exchange(array.slots[place.index], slot));
    } else {
        insert(array, place.index, slot);
        ++table.count;
        ++count_;
    }
    if (table.rebuild != nullptr) {
        go_on_rebuilding(table, places_at_once);
    } else if (table.count > room_in(table.array.homes)) {
        begin_rebuild(table, table.array.homes + table.array.homes / 2);
    }
}

// Frees a record that was in the table.
void MemoryStore::forget(Table& table, Slot slot) {
    const std::size_t freed = free_record(slot);
    table.bytes -= freed;
    allocated_ -= freed;
}

void MemoryStore::insert(Array& array, std::size_t index, Slot slot) {
    auto& slots = array.slots;
    std::size_t empty = index;
    while (empty < slots.size() && slots[empty] != 0) ++empty;
    make_room(array, empty + 1);
    Slot* const at = slots.data() + index;
    std::memmove(at + 1, at, (empty - index) * sizeof(Slot));
    *at = slot;
}

bool MemoryStore::erase(PartitionId partition, std::string_view key) {
    if (count(partition) == 0) return false;
    Table& table = tables_[partition.value];
    const std::uint64_t key_hash = hash(key);
    const Place place = locate(table, key, key_hash);
    if (!place.found) return false;

    const std::int64_t expires_ms = read_record(place.slot()).expires_ms;
    if (expires_ms != 0) move_expiry(partition, key_hash, expires_ms, 0);
    forget(table, place.slot());
    remove(table, place);
    --count_;
    return true;
}

// What the slot pointed to is the caller's.
void MemoryStore::remove(Table& table, const Place& place) {
    Array& array = array_at(table, place);
    auto& slots = array.slots;
    // Those behind it that are not at home move up, so that probing meets no hole.
    std::size_t hole = place.index;
    for (std::size_t i = hole + 1; i < slots.size() && slots[i] != 0; ++i) {
        if (home_of(tag_of(slots[i]), array.homes) == i) break;
        slots[hole] = slots[i];
        hole = i;
    }
    slots[hole] = 0;
    --table.count;
    if (table.count == 0) {
        free_slots(table.array);
        if (table.rebuild != nullptr) free_slots(table.rebuild->into);
        table = Table{};
    } else if (table.rebuild != nullptr) {
        go_on_rebuilding(table, places_at_once);
    } else if (table.count < table.array.homes / 4) {
        // Where it was no good before, it is tried when half of the rest is gone.
        const bool is_first = table.count + 1 == table.array.homes / 4;
        if (is_first || std::has_single_bit(table.count)) shrink(table);
    }
}

void MemoryStore::drop(Table& table) {
    garbage_bytes_ += table.bytes;
    if (table.count > 0) dropped_.push_back(std::move(table.array));
    if (table.rebuild != nullptr) dropped_.push_back(std::move(table.rebuild->into));
    table = Table{};
}

// None of the records is there any more.
void MemoryStore::free_slots(Array& array) {
    allocated_ -= malloc_bytes(array.slots.capacity() * sizeof(Slot));
    array = Array{};
}

void MemoryStore::collect(std::size_t keys) {
    constexpr std::size_t places_a_key = 64;
    std::size_t places = keys * places_a_key;
    const auto freed = [this](std::size_t bytes) {
        allocated_ -= bytes;
        garbage_bytes_ -= bytes;
    };
    for (; keys > 0 && places > 0 && !dropped_.empty(); --places) {
        SlotArray& slots = dropped_.back().slots;
        if (slots.empty()) {
            free_slots(dropped_.back());
            dropped_.pop_back();
        } else if (const Slot slot = slots.pop_back(); slot != 0) {
            freed(free_record(slot));
            --keys;
        }
    }
    for (; keys > 0 && places > 0 && !dropped_expiries_.empty(); --keys) {
        Expiries& expiries = *dropped_expiries_.back();
        expiries.erase(expiries.begin());
        freed(expiry_bytes);
        if (expiries.empty()) dropped_expiries_.pop_back();
    }
}

// Makes the array at least this long.
void MemoryStore::make_room(Array& array, std::size_t slots) {
    if (slots <= array.slots.size()) return;
    const std::size_t before = malloc_bytes(array.slots.capacity() * sizeof(Slot));
    array.slots.extend(slots);
    allocated_ -= before;
    allocated_ += malloc_bytes(array.slots.capacity() * sizeof(Slot));
}

void MemoryStore::append(Array& array, Slot slot) {
    std::size_t at = home_of(tag_of(slot), array.homes);
    while (at < array.slots.size() && array.slots[at] != 0) ++at;
    make_room(array, at + 1);
    array.slots[at] = slot;
}

// --- other numbers of homes ---

void MemoryStore::begin_rebuild(Table& table, std::uint32_t homes) {
    table.rebuild = std::make_unique<Rebuild>();
    table.rebuild->into.homes = std::max(homes_min, homes);
    make_room(table.rebuild->into, table.rebuild->into.homes);
    go_on_rebuilding(table, places_at_once);
}

// So many places, and to the end of a run: whatever stands behind it has its home there too.
void MemoryStore::go_on_rebuilding(Table& table, std::size_t places) {
    auto& [into, moved] = *table.rebuild;
    auto& from = table.array.slots;
    for (; moved < from.size() && (places > 0 || from[moved] != 0); ++moved) {
        places -= places > 0 ? 1 : 0;
        if (from[moved] != 0) append(into, std::exchange(from[moved], 0));
    }
    if (moved < from.size()) return;
    free_slots(table.array);
    table.array = std::move(into);
    table.rebuild.reset();
}

// Keys that are erased in the order of their hashes (FLUSHALL) leave the others in a part of the
// table. In fewer homes these would be one long run, of which every further erasure moves the rest.
void MemoryStore::shrink(Table& table) {
    const std::uint32_t homes = std::max(homes_min, table.array.homes / 2);
    std::size_t next = 0;
    for (const Slot slot : table.array.slots) {
        if (slot == 0) continue;
        const std::size_t home = home_of(tag_of(slot), homes);
        next = std::max(next, home);
        if (next++ - home > displaced_max) return;
    }
    begin_rebuild(table, homes);
}

std::optional<std::uint64_t> MemoryStore::scan(PartitionId partition, std::uint64_t cursor,
                                               ScanLimit limit, const Visitor& visit) const {
    const Table* const table = find_table(tables_, partition);
    if (table == nullptr || table->count == 0) return std::nullopt;
    const std::uint64_t cursor_tag = tag_of_hash(cursor);
    std::size_t bytes = 0;
    std::size_t keys = 0;
    std::optional<Slot> last;
    std::optional<std::uint64_t> next;
    const auto pass = [&](Slot slot) {
        if (slot == 0 || tag_of(slot) < cursor_tag) return;
        if (tag_of(slot) == cursor_tag && hash_at(slot) < cursor) return;
        // Keys of one hash are visited together: the cursor cannot point between them.
        const bool is_enough = bytes >= limit.bytes || keys >= limit.keys;
        if (last && is_enough && hash_at(*last) != hash_at(slot) &&
            hash_at(slot) != ~std::uint64_t{0}) {
            next = hash_at(slot);
            return;
        }
        const Record record = read_record(slot);
        visit(record);
        bytes += record.key.size() + record.value.size();
        ++keys;
        last = slot;
    };
    const auto visit_places = [&](const Array& array, std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to && !next; ++i) pass(array.slots[i]);
    };
    std::size_t from = home_of(cursor_tag, table->array.homes);
    if (table->rebuild != nullptr && from < table->rebuild->moved) {
        const Array& into = table->rebuild->into;
        visit_places(into, home_of(cursor_tag, into.homes), end_of_moved(*table));
        from = table->rebuild->moved;
    }
    visit_places(table->array, from, table->array.slots.size());
    return next;
}

// Past all that the second array has: behind that it is empty, and nobody wants to look at it.
std::size_t MemoryStore::end_of_moved(const Table& table) {
    const auto& [into, moved] = *table.rebuild;
    const std::uint64_t homes = table.array.homes;
    // The first tag that has its home where nothing has moved yet.
    const std::uint64_t tag = ((std::uint64_t{moved} << tag_bits) + homes - 1) / homes;
    std::size_t end = std::min(home_of(tag, into.homes), into.slots.size());
    while (end < into.slots.size() && into.slots[end] != 0) ++end;
    return end;
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
