#include "command/handlers.h"
#include "command/rows.h"

namespace grapevine::command {

namespace {

constexpr CommandInfo rows_of_keys[] = {
    {.name = "del",
     .arity = -2,
     .flags = flag::write,
     .categories = category::keyspace,
     .group = Group::generic,
     .since = "1.0.0",
     .complexity = "O(N), N keys",
     .summary = "Deletes keys; the number of those that were there.",
     .keys = {.flags = key_flag::rm | key_flag::del, .first = 1, .last = -1},
     .tips = "request_policy:multi_shard response_policy:agg_sum",
     .handler = del},
};

}  // namespace

std::span<const CommandInfo> generic_rows() {
    return rows_of_keys;
}

}  // namespace grapevine::command
