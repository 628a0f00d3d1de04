#pragma once
// Hints to the processor. They change nothing, and any address is allowed.

#include <cstddef>

namespace grapevine {

inline constexpr std::size_t cache_line = 64;  // bytes

// The cache line at `address` is soon read or written.
inline void prefetch_line(const void* address) {
    __builtin_prefetch(address);
}

// All lines of an object.
template <class T>
void prefetch_object(const T& object) {
    const auto* const bytes = reinterpret_cast<const char*>(&object);
    for (std::size_t at = 0; at < sizeof object; at += cache_line) prefetch_line(bytes + at);
}

}  // namespace grapevine
