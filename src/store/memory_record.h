#pragma once
// A slot of MemoryStore's tables and the record that it points to, in bytes (memory_store.h draws
// both). Internal to store/.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/assert.h"
#include "base/limits.h"
#include "store/store.h"

namespace grapevine::records {

inline constexpr int tag_bits = 20;
inline constexpr int address_bits = 64 - tag_bits;
inline constexpr int alignment_bits = 4;  // malloc's on 64-bit machines
inline constexpr std::uint64_t address_mask = (std::uint64_t{1} << address_bits) - 1;
inline constexpr std::uint32_t homes_min = 4;

// What glibc's malloc takes for an allocation: a header of 8 bytes, multiples of 16, at least 32.
inline constexpr std::size_t malloc_header = 8;
constexpr std::size_t malloc_bytes(std::size_t size) {
    return size == 0 ? 0 : std::max<std::size_t>(32, (size + malloc_header + 15) / 16 * 16);
}

inline std::uint64_t tag_of_hash(std::uint64_t hash) {
    return hash >> address_bits;
}

inline std::uint64_t tag_of(std::uint64_t slot) {
    return slot >> address_bits;
}

inline std::size_t home_of(std::uint64_t tag, std::uint32_t homes) {
    return static_cast<std::size_t>((tag * homes) >> tag_bits);
}

inline std::uint64_t make_slot(std::uint64_t hash, const char* record) {
    const auto address = reinterpret_cast<std::uintptr_t>(record);
    ASSERT((address >> alignment_bits << alignment_bits) == address &&
               address >> (address_bits + alignment_bits) == 0,
           "address {:#x}", address);
    return tag_of_hash(hash) << address_bits | address >> alignment_bits;
}

inline char* record_at(std::uint64_t slot) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how a slot takes eight bytes.
    return reinterpret_cast<char*>((slot & address_mask) << alignment_bits);
}

// Numbers of up to 64 bits in groups of seven, lowest first; the top bit says that more follow.
inline std::size_t varint_size(std::uint64_t number) {
    std::size_t size = 1;
    for (; number >= 128; number >>= 7) ++size;
    return size;
}

inline char* put_varint(char* to, std::uint64_t number) {
    for (; number >= 128; number >>= 7) *to++ = static_cast<char>(number | 128);
    *to++ = static_cast<char>(number);
    return to;
}

inline std::uint64_t take_varint(const char*& from) {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(*from++);
        number |= std::uint64_t{byte & 127u} << shift;
        if (byte < 128) return number;
    }
}

// Added to the size of a key that expires.
inline constexpr std::size_t expires_mark = std::bit_ceil(key_size_max + 1);
// What a place in the order of expiry takes: a node of a red-black tree.
inline constexpr std::size_t expiry_bytes =
    malloc_bytes(32 + sizeof(std::int64_t) + sizeof(std::uint64_t));

inline std::size_t record_size(const Record& record) {
    const std::size_t size =
        varint_size(record.value.size()) + varint_size(record.version.epoch.value) +
        varint_size(record.version.counter) + record.key.size() + record.value.size();
    if (record.expires_ms == 0) return varint_size(record.key.size()) + size;
    return varint_size(record.key.size() + expires_mark) + size +
           varint_size(static_cast<std::uint64_t>(record.expires_ms));
}

inline void write_record(char* to, const Record& record) {
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
inline char* new_record(const Record& record) {
    const std::size_t usable = malloc_bytes(record_size(record)) - malloc_header;
    char* const start = static_cast<char*>(::operator new(usable));
    write_record(start, record);
    return start;
}

inline Record read_record(std::uint64_t slot) {
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
inline std::size_t free_record(std::uint64_t slot) {
    const std::size_t size = record_size(read_record(slot));
    ::operator delete(record_at(slot));
    return malloc_bytes(size);
}

}  // namespace grapevine::records
