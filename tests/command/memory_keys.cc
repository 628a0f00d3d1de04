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
    held_.insert_or_assign(std::string(key),
                           Held{std::move(value), expires_ms, Version{Epoch{1}, ++changes_}});
}

bool MemoryKeys::erase(std::string_view key) {
    drop_expired();
    ++changes_;
    const auto found = held_.find(key);
    if (found == held_.end()) return false;
    held_.erase(found);
    return true;
}

std::optional<std::uint64_t> MemoryKeys::scan(std::uint64_t cursor, std::size_t keys,
                                              const Visitor& visit) {
    drop_expired();
    if (cursor >= held_.size()) return {};
    auto at = std::next(held_.begin(), static_cast<std::ptrdiff_t>(cursor));
    for (std::size_t visited = 0; visited < keys && at != held_.end(); ++visited, ++at, ++cursor) {
        visit(at->first, Entry{at->second.value, at->second.expires_ms, at->second.version});
    }
    return at == held_.end() ? std::nullopt : std::optional(cursor);
}

std::size_t MemoryKeys::count() {
    drop_expired();
    return held_.size();
}

void MemoryKeys::drop_expired() {
    std::erase_if(held_, [&](const auto& held) {
        return held.second.expires_ms != 0 && held.second.expires_ms <= now_ms_;
    });
}

}  // namespace grapevine::command
