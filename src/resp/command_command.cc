// COMMAND: the table of commands, as clients and tools read it.

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "command/glob.h"
#include "command/table.h"
#include "resp/local.h"

namespace grapevine::resp {

namespace {

using command::CommandInfo;
using command::KeySpec;

using Names = std::vector<std::string_view>;

template <class Bits, std::size_t size>
Names names_of(Bits bits, const std::array<std::pair<Bits, std::string_view>, size>& all) {
    Names names;
    for (const auto& [bit, name] : all) {
        if ((bits & bit) != 0) names.push_back(name);
    }
    return names;
}

using Bit = std::pair<std::uint32_t, std::string_view>;

constexpr std::array flag_names{
    Bit{command::flag::write, "write"},
    Bit{command::flag::readonly, "readonly"},
    Bit{command::flag::denyoom, "denyoom"},
    Bit{command::flag::admin, "admin"},
    Bit{command::flag::pubsub, "pubsub"},
    Bit{command::flag::noscript, "noscript"},
    Bit{command::flag::blocking, "blocking"},
    Bit{command::flag::loading, "loading"},
    Bit{command::flag::stale, "stale"},
    Bit{command::flag::skip_monitor, "skip_monitor"},
    Bit{command::flag::skip_slowlog, "skip_slowlog"},
    Bit{command::flag::asking, "asking"},
    Bit{command::flag::fast, "fast"},
    Bit{command::flag::no_auth, "no_auth"},
    Bit{command::flag::may_replicate, "may_replicate"},
    Bit{command::flag::no_async_loading, "no_async_loading"},
    Bit{command::flag::no_multi, "no_multi"},
    Bit{command::flag::movablekeys, "movablekeys"},
    Bit{command::flag::allow_busy, "allow_busy"},
};

constexpr std::array category_names{
    Bit{command::category::keyspace, "@keyspace"},
    Bit{command::category::read, "@read"},
    Bit{command::category::write, "@write"},
    Bit{command::category::string, "@string"},
    Bit{command::category::bitmap, "@bitmap"},
    Bit{command::category::pubsub, "@pubsub"},
    Bit{command::category::admin, "@admin"},
    Bit{command::category::fast, "@fast"},
    Bit{command::category::slow, "@slow"},
    Bit{command::category::blocking, "@blocking"},
    Bit{command::category::dangerous, "@dangerous"},
    Bit{command::category::connection, "@connection"},
    Bit{command::category::transaction, "@transaction"},
    Bit{command::category::scripting, "@scripting"},
};

using KeyBit = std::pair<std::uint16_t, std::string_view>;

constexpr std::array key_flag_names{
    KeyBit{command::key_flag::rw, "RW"},
    KeyBit{command::key_flag::ro, "RO"},
    KeyBit{command::key_flag::ow, "OW"},
    KeyBit{command::key_flag::rm, "RM"},
    KeyBit{command::key_flag::access, "access"},
    KeyBit{command::key_flag::update, "update"},
    KeyBit{command::key_flag::insert, "insert"},
    KeyBit{command::key_flag::del, "delete"},
    KeyBit{command::key_flag::variable, "variable_flags"},
};

// With what flags imply.
std::uint32_t categories_of(const CommandInfo& info) {
    namespace category = command::category;
    std::uint32_t all = info.categories;
    if (info.has(command::flag::write)) all |= category::write;
    if (info.has(command::flag::readonly)) all |= category::read;
    if (info.has(command::flag::admin)) all |= category::admin | category::dangerous;
    if (info.has(command::flag::pubsub)) all |= category::pubsub;
    if (info.has(command::flag::blocking)) all |= category::blocking;
    return all | (info.has(command::flag::fast) ? category::fast : category::slow);
}

void write_set(Reply& reply, const Names& names) {
    reply.set(names.size());
    for (const std::string_view name : names) reply.simple(name);
}

Names words_of(std::string_view text) {
    Names words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

void write_pair(Reply& reply, std::string_view name, std::int64_t number) {
    reply.bulk(name);
    reply.integer(number);
}

void write_find_keys(Reply& reply, const KeySpec& spec) {
    reply.map(2);
    reply.bulk("type");
    if (spec.counted) {
        reply.bulk("keynum");
        reply.bulk("spec");
        reply.map(3);
        write_pair(reply, "keynumidx", 0);
        write_pair(reply, "firstkey", 1);
    } else {
        reply.bulk("range");
        reply.bulk("spec");
        reply.map(3);
        write_pair(reply, "lastkey", spec.last);
    }
    write_pair(reply, spec.counted ? "keystep" : "keystep", spec.step);
    if (!spec.counted) write_pair(reply, "limit", 0);
}

void write_key_spec(Reply& reply, const KeySpec& spec) {
    reply.map(spec.notes.empty() ? 3 : 4);
    if (!spec.notes.empty()) {
        reply.bulk("notes");
        reply.bulk(spec.notes);
    }
    reply.bulk("flags");
    write_set(reply, names_of(spec.flags, key_flag_names));
    reply.bulk("begin_search");
    reply.map(2);
    reply.bulk("type");
    reply.bulk("index");
    reply.bulk("spec");
    reply.map(1);
    write_pair(reply, "index", spec.counted ? spec.first - 1 : spec.first);
    reply.bulk("find_keys");
    write_find_keys(reply, spec);
}

std::int64_t last_key_of(const CommandInfo& info) {
    if (!info.has_keys() || info.keys.counted) return 0;
    // Negative ones count from the end, the others from the first key.
    return info.keys.last < 0 ? info.keys.last : info.keys.first + info.keys.last;
}

void write_info(Reply& reply, const CommandInfo& info) {
    const bool fixed_keys = info.has_keys() && !info.keys.counted;
    reply.array(10);
    reply.bulk(info.name);
    reply.integer(info.arity);
    write_set(reply, names_of(info.flags, flag_names));
    reply.integer(fixed_keys ? info.keys.first : 0);
    reply.integer(last_key_of(info));
    reply.integer(fixed_keys ? info.keys.step : 0);
    write_set(reply, names_of(categories_of(info), category_names));
    const Names tips = words_of(info.tips);
    reply.array(tips.size());
    for (const std::string_view tip : tips) reply.bulk(tip);
    const bool has_more = info.more_keys.first != 0;
    reply.array((info.has_keys() ? 1 : 0) + (has_more ? 1 : 0));
    if (info.has_keys()) write_key_spec(reply, info.keys);
    if (has_more) write_key_spec(reply, info.more_keys);
    reply.array(info.subcommands.size());
    for (const CommandInfo& subcommand : info.subcommands) write_info(reply, subcommand);
}

std::string_view group_name(command::Group group) {
    switch (group) {
        case command::Group::bitmap:
            return "bitmap";
        case command::Group::cluster:
            return "cluster";
        case command::Group::connection:
            return "connection";
        case command::Group::generic:
            return "generic";
        case command::Group::scripting:
            return "scripting";
        case command::Group::server:
            return "server";
        case command::Group::string:
            return "string";
        case command::Group::transactions:
            return "transactions";
    }
    return {};
}

void write_docs(Reply& reply, const CommandInfo& info) {
    reply.bulk(info.name);
    reply.map(info.subcommands.empty() ? 4 : 5);
    const auto pair = [&](std::string_view name, std::string_view text) {
        reply.bulk(name);
        reply.bulk(text);
    };
    pair("summary", info.summary);
    pair("since", info.since);
    pair("group", group_name(info.group));
    pair("complexity", info.complexity);
    if (info.subcommands.empty()) return;
    reply.bulk("subcommands");
    reply.map(info.subcommands.size());
    for (const CommandInfo& subcommand : info.subcommands) write_docs(reply, subcommand);
}

void command_all(Call& call) {
    const auto all = command::all_commands();
    call.reply.array(all.size());
    for (const CommandInfo* info : all) write_info(call.reply, *info);
}

void command_count(Call& call) {
    call.reply.integer(static_cast<std::int64_t>(command::all_commands().size()));
}

void command_info(Call& call) {
    if (call.args.size() == 2) return command_all(call);
    call.reply.array(call.args.size() - 2);
    for (const std::string_view name : call.args.subspan(2)) {
        const CommandInfo* const info = command::find_command(name);
        info == nullptr ? call.reply.null() : write_info(call.reply, *info);
    }
}

void command_docs(Call& call) {
    std::vector<const CommandInfo*> told;
    if (call.args.size() == 2) {
        const auto all = command::all_commands();
        told.assign(all.begin(), all.end());
    }
    for (const std::string_view name : call.args.subspan(2)) {
        if (const CommandInfo* info = command::find_command(name)) told.push_back(info);
    }
    call.reply.map(told.size());
    for (const CommandInfo* info : told) write_docs(call.reply, *info);
}

// Whether the filter of COMMAND LIST lets it through.
bool passes(const CommandInfo& info, std::string_view filter, std::string_view value) {
    if (is_word(filter, "PATTERN")) return command::glob_matches(value, info.name, true);
    if (is_word(filter, "MODULE")) return false;
    const Names names = names_of(categories_of(info), category_names);
    return std::ranges::any_of(
        names, [&](std::string_view name) { return is_word(name.substr(1), value); });
}

void add_listed(const CommandInfo& info, Args filter, Names& names) {
    if (filter.empty() || passes(info, filter[0], filter[1])) names.push_back(info.name);
    for (const CommandInfo& subcommand : info.subcommands) add_listed(subcommand, filter, names);
}

void command_list(Call& call) {
    Args filter;
    if (call.args.size() != 2) {
        const bool known = call.args.size() == 5 && is_word(call.args[2], "FILTERBY") &&
                           (is_word(call.args[3], "PATTERN") || is_word(call.args[3], "MODULE") ||
                            is_word(call.args[3], "ACLCAT"));
        if (!known) return call.reply.error("ERR syntax error");
        filter = call.args.subspan(3);
    }
    Names names;
    for (const CommandInfo* info : command::all_commands()) add_listed(*info, filter, names);
    call.reply.array(names.size());
    for (const std::string_view name : names) call.reply.bulk(name);
}

// The command that COMMAND GETKEYS asks about; null: the reply is the error.
const CommandInfo* asked_about(Call& call, Args args) {
    const CommandInfo* const info = command::find_command(args);
    if (info == nullptr) {
        call.reply.error("ERR Invalid command specified");
    } else if (!info->has_keys()) {
        call.reply.error("ERR The command has no key arguments");
    } else if (!command::arity_allows(*info, args.size())) {
        call.reply.error("ERR Invalid number of arguments specified for command");
    } else {
        return info;
    }
    return nullptr;
}

void command_getkeys(Call& call) {
    const Args args = call.args.subspan(2);
    const CommandInfo* const info = asked_about(call, args);
    if (info == nullptr) return;
    Names keys;
    const bool good =
        command::for_each_key(*info, args, [&](std::size_t at) { keys.push_back(args[at]); });
    if (!good || keys.empty()) {
        return call.reply.error("ERR Invalid arguments specified for command");
    }
    call.reply.array(keys.size());
    for (const std::string_view key : keys) call.reply.bulk(key);
}

void command_getkeysandflags(Call& call) {
    const Args args = call.args.subspan(2);
    const CommandInfo* const info = asked_about(call, args);
    if (info == nullptr) return;
    std::vector<std::pair<std::string_view, std::uint16_t>> keys;
    for (const KeySpec& spec : {info->keys, info->more_keys}) {
        if (spec.first == 0) continue;
        const command::KeyRange range = command::key_range(spec, args);
        if (!range.good) return call.reply.error("ERR Invalid arguments specified for command");
        for (std::size_t at = range.first; at <= range.last; at += range.step) {
            keys.emplace_back(args[at], spec.flags);
        }
    }
    call.reply.array(keys.size());
    for (const auto& [key, flags] : keys) {
        call.reply.array(2);
        call.reply.bulk(key);
        write_set(call.reply, names_of(flags, key_flag_names));
    }
}

constexpr LocalCommand commands_of_table[] = {
    {"command", command_all},
    {"command|count", command_count},
    {"command|info", command_info},
    {"command|docs", command_docs},
    {"command|list", command_list},
    {"command|getkeys", command_getkeys},
    {"command|getkeysandflags", command_getkeysandflags},
    {"command|help", write_help},
};

std::string in_capitals(std::string_view text) {
    std::string capitals(text);
    for (char& c : capitals) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return capitals;
}

}  // namespace

void write_help(Call& call) {
    const CommandInfo& info = *command::find_command(call.args[0]);
    call.reply.array(1 + 2 * info.subcommands.size());
    call.reply.simple(in_capitals(info.name) +
                      " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (const CommandInfo& subcommand : info.subcommands) {
        call.reply.simple(in_capitals(subcommand.name.substr(subcommand.name.find('|') + 1)));
        call.reply.simple("    " + std::string(subcommand.summary));
    }
}

std::span<const LocalCommand> command_commands() {
    return commands_of_table;
}

}  // namespace grapevine::resp
