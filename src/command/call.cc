#include "command/call.h"

#include <charconv>
#include <utility>

#include "base/limits.h"

namespace grapevine::command {

std::string_view Call::value_or_empty(std::string_view key) const {
    const auto entry = keys.find(key);
    return entry ? entry->value : std::string_view();
}

std::optional<std::int64_t> Call::integer(std::size_t index, std::string_view error) const {
    const auto number = to_integer(args[index]);
    if (!number) reply.error(error);
    return number;
}

bool Call::put(std::string_view key, std::string value, std::int64_t expires_ms) const {
    if (!allows_size(value.size())) return false;
    keys.put(key, std::move(value), expires_ms);
    return true;
}

bool Call::allows_size(std::uint64_t size) const {
    if (size <= value_size_max) return true;
    reply.error(text::too_long);
    return false;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::string_view digits = text.substr(negative ? 1 : 0);
    if (digits.empty() || (digits.front() == '0' && text.size() > 1)) return {};
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end) return {};
    return number;
}

bool is_word(std::string_view text, std::string_view word) {
    if (text.size() != word.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != word[i]) return false;
    }
    return true;
}

}  // namespace grapevine::command
