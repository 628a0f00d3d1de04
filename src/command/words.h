#pragma once
// How words and numbers among arguments are read.

#include <cstdint>
#include <optional>
#include <string_view>

namespace grapevine::command {

// A number as Redis reads and writes it: no spaces, no plus, no leading zeros.
[[nodiscard]] std::optional<std::int64_t> to_integer(std::string_view text);

// What Redis says of a number that does not fit 32 bits where these are meant.
inline constexpr std::string_view beyond_32_bits =
    "ERR value is out of range, value must between -2147483648 and 2147483647";
[[nodiscard]] bool fits_32_bits(std::int64_t number);

// A cursor as Redis reads it, by strtoul(): an unsigned decimal number, perhaps with a sign or with
// leading zeros; negative ones count down from 2^64. Nothing at all is 0.
[[nodiscard]] std::optional<std::uint64_t> to_cursor(std::string_view text);

// Whether text is `word`, whatever the case of either.
[[nodiscard]] bool is_word(std::string_view text, std::string_view word);

}  // namespace grapevine::command
