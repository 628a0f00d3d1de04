#include "command/handlers.h"

namespace grapevine::command {

namespace {

void add(Call& call, std::int64_t number) {
    const auto entry = call.keys.find(call[1]);
    const auto old = entry ? to_integer(entry->value) : std::optional<std::int64_t>(0);
    if (!old) return call.reply.error(text::not_an_integer);
    std::int64_t sum = 0;
    if (__builtin_add_overflow(*old, number, &sum)) {
        return call.reply.error("ERR increment or decrement would overflow");
    }
    call.keys.put(call[1], std::to_string(sum), entry ? entry->expires_ms : 0);
    call.reply.integer(sum);
}

}  // namespace

void incr(Call& call) {
    add(call, 1);
}

}  // namespace grapevine::command
