#include "command/execute.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "command/call.h"
#include "command/handlers.h"
#include "command/table.h"

namespace grapevine::command {

namespace {

// What a command costs beside its keys and values.
constexpr std::uint64_t command_steps = 100;

// Keys that are too long are never there, so reading them needs no check.
bool allows_keys(const CommandInfo& info, Arguments args) {
    if (!info.has(flag::write)) return true;
    bool allowed = true;
    for_each_key(info, args, [&](std::size_t at) { allowed &= args[at].size() <= key_size_max; });
    return allowed;
}

void run(Arguments args, Keys& keys, Reply& reply) {
    const auto info = check_command(args);
    if (!info) return reply.error(info.error());
    if (!(*info)->runs_on_primary()) return reply.error("ERR this command is not for a primary");
    if (reply.size() > reply_size_max) {
        return reply.error(too_much_before);
    }
    if (!allows_keys(**info, args)) {
        return reply.error(key_too_long());
    }
    Call call{**info, args, keys, reply};
    (*info)->handler(call);
}

bool unchanged(const Watched& watched, Keys& keys) {
    const auto entry = keys.find(watched.key);
    return (entry ? entry->version : Version{}) == watched.version;
}

// The command, if it is one that arguments of this number can call.
const CommandInfo* callable(const Command& command) {
    const CommandInfo* info = find_command(command.args);
    return info != nullptr && arity_allows(*info, command.args.size()) ? info : nullptr;
}

// Writing commands that with these arguments do not.
bool only_reads(const CommandInfo& info, Arguments args) {
    if (info.handler == getex) return args.size() == 2;
    return info.handler == bitfield && bitfield_reads(args);
}

}  // namespace

std::string key_too_long() {
    return fmt::format("ERR key exceeds {} bytes", key_size_max);
}

std::string execute(const Program& program, Keys& keys) {
    Reply reply;
    if (program.atomic) {
        const bool good = std::ranges::all_of(
            program.watched, [&](const Watched& watched) { return unchanged(watched, keys); });
        if (!good) {
            reply.null();
            return reply.take();
        }
        reply.array(program.commands.size());
    }
    for (const Command& command : program.commands) {
        if (!keys.spend(command_steps)) break;
        run(command.args, keys, reply);
    }
    return reply.take();
}

void execute(std::span<const std::string_view> args, Keys& keys, Reply& reply) {
    if (keys.spend(command_steps)) run(args, keys, reply);
}

bool writes(const Command& command) {
    const CommandInfo* info = callable(command);
    return info != nullptr && info->has(flag::write) && !only_reads(*info, command.args);
}

bool writes(const Program& program) {
    return std::ranges::any_of(program.commands,
                               [](const Command& command) { return writes(command); });
}

bool takes_memory(const Program& program) {
    return std::ranges::any_of(program.commands, [](const Command& command) {
        const CommandInfo* info = callable(command);
        return info != nullptr && info->has(flag::denyoom);
    });
}

}  // namespace grapevine::command
