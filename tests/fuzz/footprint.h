#pragma once
// How many bytes of the heap a decoded message takes: a few bytes must not unpack to many.

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "wire/fields.h"

namespace grapevine::fuzz {

struct Footprint {
    template <class T>
    static std::size_t of(const T& value) {
        if constexpr (HasFields<T>) {
            return std::apply([](const auto&... field) { return (of(field) + ... + 0); },
                              fields(value));
        } else {
            static_assert(std::is_trivially_copyable_v<T>, "what does it keep on the heap?");
            return 0;
        }
    }
    static std::size_t of(const OpPtr& op) { return sizeof(Op) + of(*op); }
    static std::size_t of(const std::string& text) {
        return text.capacity() > std::string().capacity() ? text.capacity() : 0;
    }
    template <class T>
    static std::size_t of(const std::vector<T>& list) {
        std::size_t bytes = list.capacity() * sizeof(T);
        for (const T& item : list) bytes += of(item);
        return bytes;
    }
    template <class T, std::uint32_t in_place>
    static std::size_t of(const ShortList<T, in_place>& list) {
        return list.heap_bytes();
    }
    template <class T>
    static std::size_t of(const Rare<T>& value) {
        return value ? sizeof(T) + of(*value) : 0;
    }
    template <class T>
    static std::size_t of(const std::optional<T>& value) {
        return value ? of(*value) : 0;
    }
    template <class... T>
    static std::size_t of(const std::variant<T...>& value) {
        return std::visit([](const auto& held) { return of(held); }, value);
    }
    static std::size_t of(const Entry& entry) { return of(entry.copies) + of(entry.fills); }
    static std::size_t of(const RingPtr& ring) {
        if (!ring) return 0;
        return sizeof(Ring) + of(ring->members) + of(ring->voters) + of(ring->table);
    }
};

// What decoding may make of `bytes`. The most is had from a ring's table, where two bytes stand for
// an Entry whose copies are as those of another; the constant is for the outermost structs.
inline constexpr std::size_t footprint_max(std::size_t bytes) {
    return sizeof(Entry) / 2 * bytes + 4096;
}

}  // namespace grapevine::fuzz
