#pragma once
// How words and numbers among arguments are read.

#include <cstdint>
#include <optional>
#include <string_view>

namespace grapevine::command {

// A number as Redis reads and writes it: no spaces, no plus, no leading zeros.
[[nodiscard]] std::optional<std::int64_t> to_integer(std::string_view text);

// Whether text is `word`, whatever the case of either.
[[nodiscard]] bool is_word(std::string_view text, std::string_view word);

}  // namespace grapevine::command
