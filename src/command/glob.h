#pragma once
// Patterns of KEYS, SCAN and CONFIG GET: * any bytes, ? any one, [a-z] and [^a-z] one of or one not
// of, \ takes what follows as it is.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace grapevine::command {

// Longer ones are refused wherever a client may give one.
inline constexpr std::size_t pattern_size_max = 4096;  // bytes
inline constexpr std::string_view long_pattern = "ERR a pattern exceeds 4096 bytes";
static_assert(pattern_size_max == 4096);

// Time is at most proportional to the product of the sizes. Where there is a `budget`, of bytes of
// the pattern that are looked at, it is reduced by them; once it is zero, nothing matches.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text,
                                bool any_case = false, std::uint64_t* budget = nullptr);

}  // namespace grapevine::command
