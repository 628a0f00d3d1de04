#include "command/keys.h"

#include <algorithm>
#include <vector>

namespace grapevine::command {

namespace {

constexpr std::size_t keys_at_once = 1024;
// What clear_some() looks at before it counts again, and the bytes of keys that are enough.
constexpr std::size_t keys_per_look = 64;
constexpr std::size_t bytes_per_piece = 1 << 20;

}  // namespace

void Keys::clear() {
    std::vector<std::string> keys;
    std::optional<std::uint64_t> cursor = 0;
    while (cursor) {
        cursor = scan(*cursor, keys_at_once,
                      [&](std::string_view key, const Entry&) { keys.emplace_back(key); });
    }
    for (const std::string& key : keys) erase(key);
}

// Keys whose time has come are no keys, but may cost their erasure: so the looks are bounded too.
std::optional<std::uint64_t> Keys::clear_some(std::uint64_t cursor, std::size_t keys) {
    std::vector<std::string> found;
    std::size_t bytes = 0;
    bool left_some = false;  // that were met: they are met again where these were
    const auto is_enough = [&] { return found.size() >= keys || bytes >= bytes_per_piece; };
    const auto take = [&](std::string_view key, const Entry&) {
        if (is_enough()) left_some = true;
        if (left_some) return;
        found.emplace_back(key);
        bytes += key.size();
    };
    std::optional<std::uint64_t> next = cursor;
    for (std::size_t looked = 0; next && looked < keys && !is_enough();) {
        const std::size_t look = std::min(keys_per_look, keys - looked);
        const auto behind = scan(*next, look, take);
        if (left_some) break;
        next = behind;
        looked += look;
    }
    for (const std::string& key : found) erase(key);
    return next;
}

}  // namespace grapevine::command
