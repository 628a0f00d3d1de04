#include "command/execute.h"

#include <algorithm>

#include "command/call.h"
#include "command/table.h"

namespace grapevine::command {

namespace {

void run(const Command& command, Keys& keys, Reply& reply) {
    const auto info = check_command(command.args);
    if (!info) return reply.error(info.error());
    if (!(*info)->runs_on_primary()) return reply.error("ERR no primary executes this command");
    Call call{**info, command.args, keys, reply};
    (*info)->handler(call);
}

bool unchanged(const Watched& watched, Keys& keys) {
    const auto entry = keys.find(watched.key);
    return (entry ? entry->version : Version{}) == watched.version;
}

bool has_flag(const Command& command, std::uint32_t flag) {
    const CommandInfo* info = find_command(command.args);
    return info != nullptr && info->has(flag) && arity_allows(*info, command.args.size());
}

}  // namespace

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
    for (const Command& command : program.commands) run(command, keys, reply);
    return reply.take();
}

bool writes(const Command& command) {
    return has_flag(command, flag::write);
}

bool writes(const Program& program) {
    return std::ranges::any_of(program.commands,
                               [](const Command& command) { return writes(command); });
}

bool takes_memory(const Program& program) {
    return std::ranges::any_of(
        program.commands, [](const Command& command) { return has_flag(command, flag::denyoom); });
}

}  // namespace grapevine::command
