#pragma once
// Numbers with their nouns, for sentences.

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

}  // namespace grapevine
