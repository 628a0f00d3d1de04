#pragma once
// Numbers with their nouns and units, for sentences.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace grapevine {

// "1 node", "3 nodes"; `many` where the plural is not the noun with an s.
inline std::string counted(std::uint64_t number, std::string_view one, std::string_view many = {}) {
    if (number == 1) return fmt::format("1 {}", one);
    return many.empty() ? fmt::format("{} {}s", number, one) : fmt::format("{} {}", number, many);
}

// "600.0 MiB": sizes in the units in which options take them (600M).
inline std::string mebibytes(std::uint64_t bytes) {
    constexpr std::uint64_t one = 1 << 20;
    const std::uint64_t whole = bytes / one;
    const std::uint64_t tenths = (bytes % one * 10 + one / 2) / one;
    return fmt::format("{}.{} MiB", whole + tenths / 10, tenths % 10);
}

}  // namespace grapevine
