#include "store/memory_store.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/prefetch.h"

namespace grapevine {

namespace {

constexpr int tag_bits = 20;
constexpr int address_bits = 64 - tag_bits;
constexpr int alignment_bits = 4;  // malloc's on 64-bit machines
constexpr std::uint64_t address_mask = (std::uint64_t{1} << address_bits) - 1;
constexpr std::uint32_t homes_min = 4;
constexpr std::size_t record_lines = 3;  // of a record that are prefetched

// What glibc's malloc takes for an allocation: a header of 8 bytes, multiples of 16, at least 32.
constexpr std::size_t malloc_header = 8;
constexpr std::size_t malloc_bytes(std::size_t size) {
    return size == 0 ? 0 : std::max<std::size_t>(32, (size + malloc_header + 15) / 16 * 16);
}

std::uint64_t tag_of_hash(std::uint64_t hash) {
    return hash >> address_bits;
}

std::uint64_t tag_of(std::uint64_t slot) {
    return slot >> address_bits;
}

std::size_t home_of(std::uint64_t tag, std::uint32_t homes) {
    return static_cast<std::size_t>((tag * homes) >> tag_bits);
}

std::uint64_t make_slot(std::uint64_t hash, const char* record) {
    const auto address = reinterpret_cast<std::uintptr_t>(record);
    ASSERT((address >> alignment_bits << alignment_bits) == address &&
               address >> (address_bits + alignment_bits) == 0,
           "address {:#x}", address);
    return tag_of_hash(hash) << address_bits | address >> alignment_bits;
}

char* record_at(std::uint64_t slot) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how a slot takes eight bytes.
    return reinterpret_cast<char*>((slot & address_mask) << alignment_bits);
}

// Numbers of up to 64 bits in groups of seven, lowest first; the top bit says that more follow.
std::size_t varint_size(std::uint64_t number) {
    std::size_t size = 1;
    for (; number >= 128; number >>= 7) ++size;
    return size;
}

char* put_varint(char* to, std::uint64_t number) {
    for (; number >= 128; number >>= 7) *to++ = static_cast<char>(number | 128);
    *to++ = static_cast<char>(number);
    return to;
}

std::uint64_t take_varint(const char*& from) {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(*from++);
        number |= std::uint64_t{byte & 127u} << shift;
        if (byte < 128) return number;
    }
}

// Added to the size of a key that expires.
constexpr std::size_t expires_mark = std::bit_ceil(key_size_max + 1);
// What a place in the order of expiry takes: a node of a red-black tree.
constexpr std::size_t expiry_bytes =
    malloc_bytes(32 + sizeof(std::int64_t) + sizeof(std::uint64_t));

std::size_t record_size(const Record& record) {
    const std::size_t size =
        varint_size(record.value.size()) + varint_size(record.version.epoch.value) +
        varint_size(record.version.counter) + record.key.size() + record.value.size();
    if (record.expires_ms == 0) return varint_size(record.key.size()) + size;
    return varint_size(record.key.size() + expires_mark) + size +
           varint_size(static_cast<std::uint64_t>(record.expires_ms));
}

void write_record(char* to, const Record& record) {
    const bool expires = record.expires_ms != 0;
    to = put_varint(to, record.key.size() + (expires ? expires_mark : 0));
    to = put_varint(to, record.value.size());
    to = put_varint(to, record.version.epoch.value);
    to = put_varint(to, record.version.counter);
    if (expires) to = put_varint(to, static_cast<std::uint64_t>(record.expires_ms));
    to += record.key.copy(to, record.key.size());
    record.value.copy(to, record.value.size());
}

// All that malloc would give anyway is asked for, so that another record of the same size for
// malloc may take the place of this one.
char* new_record(const Record& record) {
    const std::size_t usable = malloc_bytes(record_size(record)) - malloc_header;
    char* const start = static_cast<char*>(::operator new(usable));
    write_record(start, record);
    return start;
}

Record read_record(std::uint64_t slot) {
    const char* from = record_at(slot);
    std::size_t key_size = take_varint(from);
    const std::size_t value_size = take_varint(from);
    Record record;
    record.version.epoch = Epoch{take_varint(from)};
    record.version.counter = take_varint(from);
    if (key_size >= expires_mark) {
        key_size -= expires_mark;
        record.expires_ms = static_cast<std::int64_t>(take_varint(from));
    }
    record.key = {from, key_size};
    record.value = {from + key_size, value_size};
    return record;
}

// Frees the record and returns what it took.
std::size_t free_record(std::uint64_t slot) {
    const std::size_t size = record_size(read_record(slot));
    ::operator delete(record_at(slot));
    return malloc_bytes(size);
}

}  // namespace

MemoryStore::~MemoryStore() {
    for (Table& table : tables_) free_slots(table);
    for (Table& table : aside_) free_slots(table);
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
        free_slots(table);
    } else if (table.count < table.homes / 4) {
        rebuild(table, std::max(homes_min, table.homes / 2));
    }
}

void MemoryStore::clear(PartitionId partition) {
    if (partition.value >= tables_.size()) return;
    Table& table = tables_[partition.value];
    count_ -= table.count;
    drop_expiries(partition);
    free_slots(table);
}

// And the records.
void MemoryStore::free_slots(Table& table) {
    for (const Slot slot : table.slots) {
        if (slot != 0) allocated_ -= free_record(slot);
    }
    allocated_ -= malloc_bytes(table.slots.capacity() * sizeof(Slot));
    table = Table{};
}

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
void MemoryStore::rebuild(Table& table, std::uint32_t homes) {
    ASSERT(homes > table.count, "{} homes for {} keys", homes, table.count);
    const std::vector<Slot> old = std::exchange(table.slots, {});
    allocated_ -= malloc_bytes(old.capacity() * sizeof(Slot));
    table.homes = homes;
    make_room(table, homes);
    std::size_t next = 0;
    for (const Slot slot : old) {
        if (slot == 0) continue;
        next = std::max(next, home_of(tag_of(slot), homes));
        make_room(table, next + 1);
        table.slots[next++] = slot;
    }
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

// --- expiry ---

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
    const Expiries* const expiries = find_expiries(partition);
    if (expiries == nullptr) return;
    allocated_ -= expiries->size() * expiry_bytes;
    expiring_ -= expiries->size();
    expiries_[partition.value].reset();
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
    const auto& slots = table.slots;
    const std::pair<std::int64_t, std::uint64_t>* before = nullptr;
    for (const auto& due : *expiries) {
        if (due.first > until_ms || keys == 0) return;
        // Keys of one hash that expire together are visited together.
        if (before != nullptr && *before == due) continue;
        before = &due;
        const auto& [expires_ms, key_hash] = due;
        const std::uint64_t tag = tag_of_hash(key_hash);
        for (std::size_t i = first_from(table, key_hash);
             i < slots.size() && slots[i] != 0 && tag_of(slots[i]) == tag && keys > 0; ++i) {
            const Record record = read_record(slots[i]);
            if (record.expires_ms != expires_ms || hash(record.key) != key_hash) continue;
            visit(record);
            --keys;
        }
    }
}

// --- sizes ---

std::size_t MemoryStore::count(PartitionId partition) const {
    const Table* const table = find_table(tables_, partition);
    return table == nullptr ? 0 : table->count;
}

std::size_t MemoryStore::memory_bytes() const {
    return allocated_ + malloc_bytes(tables_.capacity() * sizeof(Table)) +
           malloc_bytes(aside_.capacity() * sizeof(Table)) +
           malloc_bytes(expiries_.capacity() * sizeof(std::unique_ptr<Expiries>));
}

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
    bytes += expiring * expiry_bytes;
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
