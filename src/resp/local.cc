#include "resp/local.h"

#include <unordered_map>

namespace grapevine::resp {

namespace {

std::vector<LocalCommand> all_local() {
    std::vector<LocalCommand> all;
    for (const auto commands :
         {connection_commands(), client_commands(), transaction_commands(), server_commands(),
          config_commands(), command_commands(), cluster_commands()}) {
        all.insert(all.end(), commands.begin(), commands.end());
    }
    return all;
}

using HandlerIndex = std::unordered_map<const command::CommandInfo*, LocalHandler>;

HandlerIndex index_handlers() {
    HandlerIndex index;
    for (const LocalCommand& command : all_local()) {
        if (const auto* info = command::find_command(command.name)) index[info] = command.handler;
    }
    return index;
}

}  // namespace

LocalHandler find_local(const command::CommandInfo& info) {
    static const HandlerIndex index = index_handlers();
    const auto found = index.find(&info);
    return found == index.end() ? nullptr : found->second;
}

std::vector<std::string_view> local_names() {
    std::vector<std::string_view> names;
    for (const LocalCommand& command : all_local()) names.push_back(command.name);
    return names;
}

}  // namespace grapevine::resp
