#include "command/keys.h"

#include <vector>

namespace grapevine::command {

namespace {

constexpr std::size_t keys_at_once = 1024;

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

}  // namespace grapevine::command
