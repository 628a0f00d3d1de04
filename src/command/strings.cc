// Commands on whole values and on parts of them.

#include <algorithm>
#include <cstring>
#include <utility>

#include "command/handlers.h"

namespace grapevine::command {

namespace {

void reply_value(Call& call, const std::optional<Entry>& entry) {
    entry ? call.reply.bulk(entry->value) : call.reply.null();
}

// Of MSET and its like, from `first` on: whether all values are small enough.
bool allows_pairs(Call& call, std::size_t first) {
    for (std::size_t i = first; i < call.size(); i += 2) {
        if (!call.allows_value(call[i + 1].size())) return false;
    }
    return true;
}

void put_pairs(Call& call, std::size_t first) {
    for (std::size_t i = first; i < call.size(); i += 2) {
        call.keys.put(call[i], std::string(call[i + 1]), 0);
    }
}

}  // namespace

void append(Call& call) {
    const auto entry = call.keys.find(call[1]);
    const std::string_view old = entry ? entry->value : std::string_view();
    if (!call.allows_value(old.size() + call[2].size())) return;
    std::string value;
    value.reserve(old.size() + call[2].size());
    value.append(old).append(call[2]);
    const auto size = static_cast<std::int64_t>(value.size());
    call.keys.put(call[1], std::move(value), entry ? entry->expires_ms : 0);
    call.reply.integer(size);
}

void get(Call& call) {
    reply_value(call, call.keys.find(call[1]));
}

void getdel(Call& call) {
    const auto entry = call.keys.find(call[1]);
    reply_value(call, entry);
    if (entry) call.keys.erase(call[1]);
}

void getrange(Call& call) {
    const auto first = call.integer(2);
    if (!first) return;
    const auto last = call.integer(3);
    if (!last) return;
    const std::string_view value = call.value_or_empty(call[1]);
    if (is_backward(*first, *last)) return call.reply.bulk("");
    const auto range = to_range(*first, *last, value.size());
    call.reply.bulk(range ? value.substr(range->first, range->last - range->first + 1) : "");
}

void getset(Call& call) {
    if (!call.allows_value(call[2].size())) return;
    reply_value(call, call.keys.find(call[1]));
    call.keys.put(call[1], std::string(call[2]), 0);
}

void mget(Call& call) {
    const Arguments keys = call.args.subspan(1);
    std::uint64_t size = 0;
    for (const std::string_view key : keys) size += call.value_or_empty(key).size();
    if (!call.allows_reply(size)) return;
    call.reply.reserve(call.reply.size() + size + (keys.size() + 1) * Reply::frame_max);
    call.reply.array(keys.size());
    for (const std::string_view key : keys) reply_value(call, call.keys.find(key));
}

void mset(Call& call) {
    if (call.size() % 2 == 0) return call.error_wrong_number();
    if (!allows_pairs(call, 1)) return;
    put_pairs(call, 1);
    call.reply.ok();
}

void msetnx(Call& call) {
    if (call.size() % 2 == 0) return call.error_wrong_number();
    if (!allows_pairs(call, 1)) return;
    for (std::size_t i = 1; i < call.size(); i += 2) {
        if (call.keys.find(call[i])) return call.reply.integer(0);
    }
    put_pairs(call, 1);
    call.reply.integer(1);
}

void setnx(Call& call) {
    if (call.keys.find(call[1])) return call.reply.integer(0);
    if (call.put(call[1], std::string(call[2]), 0)) call.reply.integer(1);
}

void setrange(Call& call) {
    const auto offset = call.integer(2);
    if (!offset) return;
    if (*offset < 0) return call.reply.error("ERR offset is out of range");
    const auto entry = call.keys.find(call[1]);
    const std::string_view old = entry ? entry->value : std::string_view();
    const std::string_view part = call[3];
    if (part.empty()) return call.reply.integer(static_cast<std::int64_t>(old.size()));
    const auto at = static_cast<std::uint64_t>(*offset);
    if (!call.allows_value(at + part.size())) return;
    std::string value(std::max<std::size_t>(old.size(), at + part.size()), '\0');
    std::ranges::copy(old, value.begin());
    std::ranges::copy(part, value.begin() + *offset);
    const auto size = static_cast<std::int64_t>(value.size());
    call.keys.put(call[1], std::move(value), entry ? entry->expires_ms : 0);
    call.reply.integer(size);
}

void strlen(Call& call) {
    call.reply.integer(static_cast<std::int64_t>(call.value_or_empty(call[1]).size()));
}

}  // namespace grapevine::command
