#pragma once
// What wire/direct.cc is made of: the bytes that all messages of a kind begin with, and what writes
// and finds the vectors behind them. For the files of wire only.

#include <flatbuffers/flatbuffers.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "wire/frame.h"

namespace grapevine::wire {

using Offset = flatbuffers::uoffset_t;

constexpr std::size_t rounded(std::size_t size, std::size_t to) {
    return (size + to - 1) / to * to;
}

template <class Number>
Number number_at(const char* bytes) {
    Number number;
    std::memcpy(&number, bytes, sizeof number);
    return number;
}

inline const flatbuffers::Table& table_of(const void* generated) {
    return *static_cast<const flatbuffers::Table*>(generated);
}

inline std::size_t inline_size(const void* generated) {
    const auto* const vtable = reinterpret_cast<const char*>(table_of(generated).GetVTable());
    return number_at<flatbuffers::voffset_t>(vtable + sizeof(flatbuffers::voffset_t));
}

// The beginning of all messages of a kind, and which of its bits differ from one to the next.
class Prefix {
public:
    // Of a model's payload, to the end of `last`, one of its tables.
    Prefix(std::string_view payload, const void* last)
        : size_(rounded(offset_of(payload, last) + inline_size(last), sizeof(Offset))) {
        ASSERT(size_ <= sizeof bytes_ && size_ <= payload.size(), "a prefix of {} bytes", size_);
        payload.copy(bytes(bytes_), size_);
        std::memset(same_.data(), 0xff, size_);
    }

    // `size` bytes of a field differ. Where they are.
    std::size_t vary(std::string_view payload, const void* table, flatbuffers::voffset_t field,
                     std::size_t size) {
        expect_vtable(payload, table);
        const auto* const place = table_of(table).GetAddressOf(field);
        ASSERT(place != nullptr, "the model lacks field {}", field);
        const std::size_t at = offset_of(payload, place);
        ASSERT(at + size <= size_, "field {} lies behind the prefix", field);
        std::memset(bytes(same_) + at, 0, size);
        return at;
    }

    // What says where the table's fields lie is among the bytes that are compared. (The builder
    // shares equal ones, and one that belongs to a later table too would lie behind.)
    void expect_vtable(std::string_view payload, const void* table) const {
        const auto* const vtable = reinterpret_cast<const char*>(table_of(table).GetVTable());
        const std::size_t size = number_at<flatbuffers::voffset_t>(vtable);
        ASSERT(offset_of(payload, vtable) + size <= size_, "a vtable lies behind the prefix");
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    void copy_to(char* payload) const { std::memcpy(payload, bytes_.data(), size_); }

    [[nodiscard]] bool matches(std::string_view payload) const {
        const std::size_t words = (size_ + 7) / 8;
        if (payload.size() < words * 8) return false;
        std::uint64_t differs = 0;
        for (std::size_t i = 0; i < words; ++i) {
            differs |= (number_at<std::uint64_t>(payload.data() + i * 8) ^ bytes_[i]) & same_[i];
        }
        return differs == 0;
    }

private:
    using Words = std::array<std::uint64_t, 32>;

    static char* bytes(Words& words) { return reinterpret_cast<char*>(words.data()); }
    static std::size_t offset_of(std::string_view payload, const void* place) {
        return static_cast<std::size_t>(static_cast<const char*>(place) - payload.data());
    }

    std::size_t size_;
    Words bytes_{};
    Words same_{};  // ones where all messages have the model's bits
};

// A vector of `size`-byte elements that the offset at `field` leads to: its place behind the
// length, if it lies within the payload and elements are aligned to `alignment`; else null.
struct Found {
    const char* data = nullptr;
    std::size_t count = 0;
};
inline Found find_vector(std::string_view payload, std::size_t field, std::size_t size,
                         std::size_t alignment) {
    const auto at = field + number_at<Offset>(payload.data() + field);
    if (at % sizeof(Offset) != 0 || (at + sizeof(Offset)) % alignment != 0 ||
        at + sizeof(Offset) > payload.size() || at == field) {
        return {};
    }
    const std::size_t count = number_at<Offset>(payload.data() + at);
    if (count * size > payload.size() - at - sizeof(Offset)) return {};
    return {.data = payload.data() + at + sizeof(Offset), .count = count};
}

// Where a table's field lies within it.
inline std::size_t place_in_table(const void* table, flatbuffers::voffset_t field) {
    return table_of(table).GetOptionalFieldOffset(field);
}

// Writes one frame, forward, behind the prefix of its kind.
class Writer {
public:
    // `size`: at least what is written behind the prefix.
    Writer(std::string& out, const Prefix& prefix, std::size_t size)
        : out_(out), start_(out.size()) {
        open_frame(out, prefix.size() + size);
        payload_ = out.data() + start_ + frame_header_size;
        prefix.copy_to(payload_);
        here_ = payload_ + prefix.size();
    }

    // Zeros, until what is written `lead` bytes later lies at a multiple of `alignment`.
    void align(std::size_t alignment, std::size_t lead = 0) {
        const std::size_t at = offset() + lead;
        const std::size_t gap = rounded(at, alignment) - at;
        std::memset(here_, 0, gap);
        here_ += gap;
    }
    void put(std::string_view bytes) {
        std::memcpy(here_, bytes.data(), bytes.size());
        here_ += bytes.size();
    }
    template <class T>
    void put_number(T number) {
        std::memcpy(here_, &number, sizeof number);
        here_ += sizeof number;
    }
    void put_zeros(std::size_t size) {
        std::memset(here_, 0, size);
        here_ += size;
    }
    // A vector of bytes, to which the offset at `field` leads.
    void put_vector(std::size_t field, std::string_view bytes) {
        point(field);
        put_number(static_cast<Offset>(bytes.size()));
        if (!bytes.empty()) put(bytes);
        align(sizeof(Offset));
    }
    // The offset at `field` leads to what comes next.
    void point(std::size_t field) { fill(field, static_cast<Offset>(offset() - field)); }
    template <class T>
    void fill(std::size_t at, const T& value) {
        std::memcpy(payload_ + at, &value, sizeof value);
    }

    void finish(FrameKind kind) {
        align(frame_alignment);
        close_frame(out_, start_, kind, offset());
    }
    [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(here_ - payload_); }

private:
    std::string& out_;
    std::size_t start_;
    char* payload_ = nullptr;
    char* here_ = nullptr;
};

// What a vector of bytes takes at most.
inline std::size_t vector_size(std::string_view bytes) {
    return sizeof(Offset) + bytes.size() + frame_alignment;
}

}  // namespace grapevine::wire
