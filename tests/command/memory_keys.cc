#include "command/memory_keys.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/limits.h"

namespace grapevine::command {

std::optional<Entry> MemoryKeys::find(std::string_view key) {
    drop_expired();
    const auto found = held_.find(key);
    if (found == held_.end()) return {};
    return Entry{found->second.value, found->second.expires_ms, found->second.version};
}

void MemoryKeys::put(std::string_view key, std::string value, std::int64_t expires_ms) {
    ASSERT(expires_ms == 0 || expires_ms > now_ms_, "expires at {}, it is {}", expires_ms, now_ms_);
    ASSERT(key.size() <= key_size_max && value.size() <= value_size_max, "{} and {} bytes",
           key.size(), value.size());
    drop_expired();
    auto [at, is_new] = held_.try_emplace(std::string(key));
    if (is_new) {
        at->second.number = ++numbers_;
        order_[numbers_] = at;
    }
    at->second.value = std::move(value);
    at->second.expires_ms = expires_ms;
    at->second.version = {Epoch{1}, ++changes_};
}

bool MemoryKeys::erase(std::string_view key) {
    drop_expired();
    ++changes_;
    const auto found = held_.find(key);
    if (found == held_.end()) return false;
    order_.erase(found->second.number);
    held_.erase(found);
    return true;
}

std::optional<std::uint64_t> MemoryKeys::scan(std::uint64_t cursor, std::size_t keys,
                                              const Visitor& visit) {
    drop_expired();
    auto at = order_.lower_bound(cursor);
    for (std::size_t visited = 0; visited < keys && at != order_.end(); ++visited, ++at) {
        const auto& [key, held] = *at->second;
        visit(key, Entry{held.value, held.expires_ms, held.version});
    }
    return at == order_.end() ? std::nullopt : std::optional(at->first);
}

std::size_t MemoryKeys::count() {
    drop_expired();
    return held_.size();
}

void MemoryKeys::drop_expired() {
    std::erase_if(held_, [&](const auto& held) {
        const bool is_over = held.second.expires_ms != 0 && held.second.expires_ms <= now_ms_;
        if (is_over) order_.erase(held.second.number);
        return is_over;
    });
}

}  // namespace grapevine::command
