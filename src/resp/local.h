#pragma once
// The commands that a node answers by itself, a function each. Of this folder alone.

#include <memory>

#include "command/table.h"
#include "command/words.h"
#include "resp/front.h"
#include "resp/session.h"
#include "resp/task.h"

namespace grapevine::resp {

struct Call {
    Session& session;
    Front& front;
    Time now;
    Args args;
    Reply& reply;
    std::unique_ptr<Task> task = nullptr;  // instead of a reply
};

using LocalHandler = void (*)(Call& call);

struct LocalCommand {
    std::string_view name;  // as in the table of commands
    LocalHandler handler;
};

// A file each.
std::span<const LocalCommand> connection_commands();
std::span<const LocalCommand> client_commands();
std::span<const LocalCommand> transaction_commands();
std::span<const LocalCommand> server_commands();
std::span<const LocalCommand> config_commands();
std::span<const LocalCommand> command_commands();
std::span<const LocalCommand> cluster_commands();

// Null: it is not answered here.
LocalHandler find_local(const command::CommandInfo& info);
// All of the above.
std::vector<std::string_view> local_names();

using command::is_word;
using command::to_integer;

// HELP of any command with subcommands: what the table says of them.
void write_help(Call& call);

// Redis has no bound; CLIENT LIST shows the names of all connections.
inline constexpr std::size_t client_name_max = 1024;  // bytes
// What Redis allows as the name of a connection, up to that.
bool is_client_name(std::string_view name);
inline constexpr std::string_view bad_client_name =
    "ERR Client names cannot contain spaces, newlines or special characters.";
// Of the release of Redis whose commands and replies these are.
inline constexpr std::string_view redis_version = "7.2.4";

// The commands that run on every partition (command::CommandInfo::runs_on_every_partition), of
// those that the client means. Null: the reply is an error.
std::unique_ptr<Task> keyspace_task(Call& call, const command::CommandInfo& info);
}  // namespace grapevine::resp
