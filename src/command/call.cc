#include "command/call.h"

#include <fmt/format.h>

#include <algorithm>
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
    if (!allows_value(value.size())) return false;
    if (expires_ms == 0 || expires_ms > keys.now_ms()) {
        keys.put(key, std::move(value), expires_ms);
    } else if (keys.find(key)) {
        keys.erase(key);
    }
    return true;
}

bool Call::allows_value(std::uint64_t size) const {
    if (size <= value_size_max) return true;
    reply.error(text::too_long);
    return false;
}

bool Call::allows_reply(std::uint64_t size) const {
    if (size <= reply_size_max) return true;
    reply.error(fmt::format("ERR reply exceeds {} bytes, ask for fewer keys", reply_size_max));
    return false;
}

void Call::error_wrong_number() const {
    reply.error(fmt::format("ERR wrong number of arguments for '{}' command", info.name));
}

void Call::error_expire_time() const {
    reply.error(fmt::format("ERR invalid expire time in '{}' command", info.name));
}

std::optional<Range> to_range(std::int64_t first, std::int64_t last, std::size_t size) {
    const auto end = static_cast<std::int64_t>(size);
    const auto from_end = [end](std::int64_t at) { return std::max<std::int64_t>(at + end, 0); };
    if (first < 0) first = from_end(first);
    if (last < 0) last = from_end(last);
    last = std::min(last, end - 1);
    if (first > last) return {};
    return Range{static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
}

bool is_backward(std::int64_t first, std::int64_t last) {
    return first < 0 && last < 0 && first > last;
}

}  // namespace grapevine::command
