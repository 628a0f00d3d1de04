#include "resp/local.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace grapevine::resp {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

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

bool is_word(std::string_view text, std::string_view word) {
    return std::ranges::equal(text, word, [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::int64_t> to_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace grapevine::resp
