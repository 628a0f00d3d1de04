#include "command/words.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace grapevine::command {

std::optional<std::int64_t> to_integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::string_view digits = text.substr(negative ? 1 : 0);
    if (digits.empty() || (digits.front() == '0' && text.size() > 1)) return {};
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
}

bool fits_32_bits(std::int64_t number) {
    return std::in_range<std::int32_t>(number);
}

std::optional<std::uint64_t> to_cursor(std::string_view text) {
    if (text.empty()) return 0;
    const bool negative = text.front() == '-';
    const std::string_view digits = text.substr(negative || text.front() == '+' ? 1 : 0);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return {};
    return negative ? 0 - number : number;
}

bool is_word(std::string_view text, std::string_view word) {
    const auto to_upper = [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    };
    return std::ranges::equal(text, word, {}, to_upper, to_upper);
}

}  // namespace grapevine::command
