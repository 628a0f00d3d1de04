#pragma once
// What the table says, as replies: COMMAND with its subcommands, and HELP of every command that has
// subcommands. Any thread.

#include "command/reply.h"
#include "command/table.h"

namespace grapevine::command {

// Arguments that check_command() found to be COMMAND or one of its subcommands.
void describe_commands(Arguments args, Reply& reply);

// As HELP of a command with subcommands.
void describe_help(const CommandInfo& parent, Reply& reply);

}  // namespace grapevine::command
