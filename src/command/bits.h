#pragma once
// Single bits of values, numbered from the highest of the first byte. Of this folder alone.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapevine::command {

namespace text {
inline constexpr std::string_view bad_bit_offset =
    "ERR bit offset is not an integer or out of range";
}  // namespace text

// Behind the end bits are 0.
[[nodiscard]] bool bit_at(std::string_view value, std::size_t bit);
void set_bit(std::string& value, std::size_t bit, bool on);

// The bit that `text` times `unit` is the number of; nothing where no value has such a bit.
[[nodiscard]] std::optional<std::size_t> to_bit_offset(std::string_view text, std::size_t unit = 1);

}  // namespace grapevine::command
