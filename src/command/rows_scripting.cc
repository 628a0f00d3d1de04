#include "command/handlers.h"
#include "command/rows.h"

namespace grapevine::command {

namespace {

constexpr CommandInfo function_subcommands[] = {
    {.name = "function|flush",
     .arity = -2,
     .syntax = "[async=(ASYNC|SYNC)]",
     .flags = flag::write | flag::noscript,
     .categories = category::scripting,
     .group = Group::scripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Deletes all functions.",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "function|help",
     .arity = 2,
     .flags = flag::loading | flag::stale,
     .categories = category::scripting,
     .group = Group::scripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "What the subcommands are."},
};

constexpr CommandInfo script_subcommands[] = {
    {.name = "script|exists",
     .arity = -3,
     .syntax = "sha1...",
     .flags = flag::noscript,
     .categories = category::scripting,
     .group = Group::scripting,
     .since = "2.6.0",
     .complexity = "O(N), N scripts",
     .summary = "Which scripts are there: none.",
     .tips = "request_policy:all_shards response_policy:agg_logical_and"},
    {.name = "script|help",
     .arity = 2,
     .flags = flag::loading | flag::stale,
     .categories = category::scripting,
     .group = Group::scripting,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "What the subcommands are."},
};

constexpr CommandInfo commands_of_scripting[] = {
    {.name = "function",
     .arity = -2,
     .group = Group::scripting,
     .since = "7.0.0",
     .complexity = "By subcommand.",
     .summary = "Functions, of which there are none.",
     .subcommands = function_subcommands},
    {.name = "script",
     .arity = -2,
     .group = Group::scripting,
     .since = "2.6.0",
     .complexity = "By subcommand.",
     .summary = "Scripts, of which there are none.",
     .subcommands = script_subcommands},
};

}  // namespace

std::span<const CommandInfo> scripting_rows() {
    return commands_of_scripting;
}

}  // namespace grapevine::command
