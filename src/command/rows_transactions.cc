#include "command/handlers.h"
#include "command/rows.h"

namespace grapevine::command {

namespace {

constexpr CommandInfo commands_of_transactions[] = {
    {.name = "discard",
     .arity = 1,
     .flags = flag::noscript | flag::loading | flag::stale | flag::fast | flag::allow_busy,
     .categories = category::transaction,
     .group = Group::transactions,
     .since = "2.0.0",
     .complexity = "O(N), N commands",
     .summary = "Forgets the commands that were queued."},
    {.name = "exec",
     .arity = 1,
     .flags = flag::noscript | flag::loading | flag::stale | flag::skip_slowlog,
     .categories = category::transaction,
     .group = Group::transactions,
     .since = "1.2.0",
     .complexity = "By command.",
     .summary = "Executes the commands that were queued, all or none."},
    {.name = "multi",
     .arity = 1,
     .flags = flag::noscript | flag::loading | flag::stale | flag::fast | flag::allow_busy,
     .categories = category::transaction,
     .group = Group::transactions,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Begins to queue commands."},
    {.name = "unwatch",
     .arity = 1,
     .flags = flag::noscript | flag::loading | flag::stale | flag::fast | flag::allow_busy,
     .categories = category::transaction,
     .group = Group::transactions,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Watches no key any more."},
    {.name = "watch",
     .arity = -2,
     .syntax = "key#0...",
     .flags = flag::noscript | flag::loading | flag::stale | flag::fast | flag::allow_busy,
     .categories = category::transaction,
     .group = Group::transactions,
     .since = "2.2.0",
     .complexity = "O(1) for each key",
     .summary = "Lets EXEC do nothing if one of these keys is changed before.",
     .keys = {.flags = key_flag::ro, .first = 1, .last = -1}},
};

}  // namespace

std::span<const CommandInfo> transactions_rows() {
    return commands_of_transactions;
}

}  // namespace grapevine::command
