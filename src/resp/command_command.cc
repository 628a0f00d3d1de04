// COMMAND, and HELP of every command that has subcommands: what the table of commands says.

#include "command/describe.h"
#include "resp/local.h"

namespace grapevine::resp {

namespace {

void describe(Call& call) {
    command::describe_commands(call.args, call.reply);
}

constexpr LocalCommand commands_of_table[] = {
    {"command", describe},
    {"command|count", describe},
    {"command|info", describe},
    {"command|docs", describe},
    {"command|list", describe},
    {"command|getkeys", describe},
    {"command|getkeysandflags", describe},
    {"command|help", write_help},
};

}  // namespace

void write_help(Call& call) {
    command::describe_help(*command::find_command(call.args[0]), call.reply);
}

std::span<const LocalCommand> command_commands() {
    return commands_of_table;
}

}  // namespace grapevine::resp
