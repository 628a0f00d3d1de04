#include "command/describe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <vector>

#include "base/assert.h"
#include "command/call.h"
#include "command/glob.h"
#include "command/handlers.h"
#include "command/syntax.h"

namespace grapevine::command {

namespace {

struct Named {
    std::uint32_t bit;
    std::string_view name;
};

// In the order in which Redis tells them.
constexpr Named flag_names[] = {
    {flag::write, "write"},
    {flag::readonly, "readonly"},
    {flag::denyoom, "denyoom"},
    {flag::admin, "admin"},
    {flag::pubsub, "pubsub"},
    {flag::noscript, "noscript"},
    {flag::blocking, "blocking"},
    {flag::loading, "loading"},
    {flag::stale, "stale"},
    {flag::skip_monitor, "skip_monitor"},
    {flag::skip_slowlog, "skip_slowlog"},
    {flag::asking, "asking"},
    {flag::fast, "fast"},
    {flag::no_auth, "no_auth"},
    {flag::may_replicate, "may_replicate"},
    {flag::no_async_loading, "no_async_loading"},
    {flag::no_multi, "no_multi"},
    {flag::movablekeys, "movablekeys"},
    {flag::allow_busy, "allow_busy"},
};

constexpr Named category_names[] = {
    {category::keyspace, "keyspace"},
    {category::read, "read"},
    {category::write, "write"},
    {category::string, "string"},
    {category::bitmap, "bitmap"},
    {category::pubsub, "pubsub"},
    {category::admin, "admin"},
    {category::fast, "fast"},
    {category::slow, "slow"},
    {category::blocking, "blocking"},
    {category::dangerous, "dangerous"},
    {category::connection, "connection"},
    {category::transaction, "transaction"},
    {category::scripting, "scripting"},
};

constexpr Named key_flag_names[] = {
    {key_flag::ro, "RO"},
    {key_flag::rw, "RW"},
    {key_flag::ow, "OW"},
    {key_flag::rm, "RM"},
    {key_flag::access, "access"},
    {key_flag::update, "update"},
    {key_flag::insert, "insert"},
    {key_flag::del, "delete"},
    {key_flag::variable, "variable_flags"},
};

std::string_view group_name(Group group) {
    switch (group) {
        case Group::bitmap:
            return "bitmap";
        case Group::cluster:
            return "cluster";
        case Group::connection:
            return "connection";
        case Group::generic:
            return "generic";
        case Group::scripting:
            return "scripting";
        case Group::server:
            return "server";
        case Group::string:
            return "string";
        case Group::transactions:
            return "transactions";
    }
    return "generic";
}

std::uint32_t categories_of(const CommandInfo& info) {
    std::uint32_t categories = info.categories;
    if (info.has(flag::write)) categories |= category::write;
    if (info.has(flag::readonly)) categories |= category::read;
    categories |= info.has(flag::fast) ? category::fast : category::slow;
    if (info.has(flag::admin)) categories |= category::admin | category::dangerous;
    if (info.has(flag::pubsub)) categories |= category::pubsub;
    if (info.has(flag::blocking)) categories |= category::blocking;
    return categories;
}

// The names of the bits as a set of simple strings, each behind `prefix`.
void reply_names(Reply& reply, std::span<const Named> names, std::uint32_t bits,
                 std::string_view prefix = "") {
    reply.set(static_cast<std::size_t>(std::popcount(bits)));
    for (const Named& named : names) {
        if ((bits & named.bit) != 0) reply.simple(std::string(prefix).append(named.name));
    }
}

// Positions of the first and the last key and the step, as far as three numbers can say it.
std::array<int, 3> key_positions(const CommandInfo& info) {
    if (!info.has_keys() || info.keys.counted) return {0, 0, 0};
    const KeySpec& end = info.more_keys.first != 0 ? info.more_keys : info.keys;
    return {info.keys.first, end.last < 0 ? end.last : end.first + end.last, end.step};
}

void reply_word_pair(Reply& reply, std::string_view name, std::string_view value) {
    reply.bulk(name);
    reply.bulk(value);
}

void reply_number_pair(Reply& reply, std::string_view name, int value) {
    reply.bulk(name);
    reply.integer(value);
}

void reply_find_keys(Reply& reply, const KeySpec& spec) {
    reply.bulk("find_keys");
    reply.map(2);
    reply_word_pair(reply, "type", spec.counted ? "keynum" : "range");
    reply.bulk("spec");
    reply.map(3);
    if (spec.counted) {
        reply_number_pair(reply, "keynumidx", 0);
        reply_number_pair(reply, "firstkey", 1);
        reply_number_pair(reply, "keystep", spec.step);
    } else {
        reply_number_pair(reply, "lastkey", spec.last);
        reply_number_pair(reply, "keystep", spec.step);
        reply_number_pair(reply, "limit", 0);
    }
}

void reply_key_spec(Reply& reply, const KeySpec& spec) {
    reply.map(spec.notes.empty() ? 3 : 4);
    if (!spec.notes.empty()) reply_word_pair(reply, "notes", spec.notes);
    reply.bulk("flags");
    reply_names(reply, key_flag_names, spec.flags);
    reply.bulk("begin_search");
    reply.map(2);
    reply_word_pair(reply, "type", "index");
    reply.bulk("spec");
    reply.map(1);
    reply_number_pair(reply, "index", spec.counted ? spec.first - 1 : spec.first);
    reply_find_keys(reply, spec);
}

void reply_key_specs(Reply& reply, const CommandInfo& info) {
    const bool more = info.more_keys.first != 0;
    reply.set((info.has_keys() ? 1U : 0U) + (more ? 1U : 0U));
    if (info.has_keys()) reply_key_spec(reply, info.keys);
    if (more) reply_key_spec(reply, info.more_keys);
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t size = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, size));
        text.remove_prefix(std::min(size + 1, text.size()));
    }
    return words;
}

void reply_info(Reply& reply, const CommandInfo& info) {
    reply.array(10);
    reply.bulk(info.name);
    reply.integer(info.arity);
    reply_names(reply, flag_names, info.flags);
    for (const int position : key_positions(info)) reply.integer(position);
    reply_names(reply, category_names, categories_of(info), "@");
    const auto tips = words_of(info.tips);
    reply.set(tips.size());
    for (const std::string_view tip : tips) reply.bulk(tip);
    reply_key_specs(reply, info);
    reply.set(info.subcommands.size());
    for (const CommandInfo& subcommand : info.subcommands) reply_info(reply, subcommand);
}

void reply_syntax(Reply& reply, std::string_view syntax) {
    const auto parameters = parse_syntax(syntax);
    ASSERT(parameters, "{}", syntax);
    reply.bulk("arguments");
    reply_parameters(reply, *parameters);
}

void reply_docs(Reply& reply, const CommandInfo& info) {
    const bool deprecated = !info.deprecated_since.empty();
    const bool has_subcommands = !info.subcommands.empty();
    reply.bulk(info.name);
    reply.map(4 + (deprecated ? 3U : 0U) + (info.syntax.empty() ? 0U : 1U) +
              (has_subcommands ? 1U : 0U));
    reply_word_pair(reply, "summary", info.summary);
    reply_word_pair(reply, "since", info.since);
    reply_word_pair(reply, "group", group_name(info.group));
    reply_word_pair(reply, "complexity", info.complexity);
    if (deprecated) {
        reply.bulk("doc_flags");
        reply.set(1);
        reply.simple("deprecated");
        reply_word_pair(reply, "deprecated_since", info.deprecated_since);
        reply_word_pair(reply, "replaced_by", info.replaced_by);
    }
    if (!info.syntax.empty()) reply_syntax(reply, info.syntax);
    if (!has_subcommands) return;
    reply.bulk("subcommands");
    reply.map(info.subcommands.size());
    for (const CommandInfo& subcommand : info.subcommands) reply_docs(reply, subcommand);
}

void reply_all_infos(Reply& reply) {
    reply.array(all_commands().size());
    for (const CommandInfo* info : all_commands()) reply_info(reply, *info);
}

void command_info(Arguments names, Reply& reply) {
    if (names.empty()) return reply_all_infos(reply);
    reply.array(names.size());
    for (const std::string_view name : names) {
        const CommandInfo* info = find_command(name);
        info == nullptr ? reply.null() : reply_info(reply, *info);
    }
}

void command_docs(Arguments names, Reply& reply) {
    std::vector<const CommandInfo*> infos;
    if (names.empty()) infos.assign(all_commands().begin(), all_commands().end());
    std::set<const CommandInfo*> named;
    for (const std::string_view name : names) {
        const CommandInfo* info = find_command(name);
        // Once each: then a request of many names costs no more than one for all commands does.
        if (info != nullptr && named.insert(info).second) infos.push_back(info);
    }
    reply.map(infos.size());
    for (const CommandInfo* info : infos) reply_docs(reply, *info);
}

// What COMMAND LIST FILTERBY asks of a command.
bool passes(const CommandInfo& info, std::string_view filter, std::string_view value) {
    if (is_word(filter, "PATTERN")) return glob_matches(value, info.name, true);
    if (!is_word(filter, "ACLCAT")) return false;
    return std::ranges::any_of(category_names, [&](const Named& named) {
        return named.name == value && (categories_of(info) & named.bit) != 0;
    });
}

void command_list(Arguments filter, Reply& reply) {
    const bool filters = filter.size() == 3 && is_word(filter[0], "FILTERBY") &&
                         (is_word(filter[1], "PATTERN") || is_word(filter[1], "ACLCAT") ||
                          is_word(filter[1], "MODULE"));
    if (!filter.empty() && !filters) return reply.error(text::syntax);
    if (filters && filter[2].size() > pattern_size_max) return reply.error(long_pattern);
    std::vector<std::string_view> names;
    const auto add = [&](const CommandInfo& info) {
        if (filter.empty() || passes(info, filter[1], filter[2])) names.push_back(info.name);
    };
    for (const CommandInfo* info : all_commands()) {
        add(*info);
        for (const CommandInfo& subcommand : info->subcommands) add(subcommand);
    }
    // What Redis sends.
    filter.empty() ? reply.set(names.size()) : reply.array(names.size());
    for (const std::string_view name : names) reply.bulk(name);
}

// What a command does to its keys, where that depends on its arguments.
std::uint32_t key_flags_of(const CommandInfo& info, const KeySpec& spec, Arguments args) {
    if ((spec.flags & key_flag::variable) == 0) return spec.flags;
    constexpr std::uint32_t both = key_flag::rw | key_flag::access | key_flag::update;
    if (info.handler == bitfield) {
        return bitfield_reads(args) ? key_flag::ro | key_flag::access : both;
    }
    const bool gets = std::ranges::any_of(args.subspan(std::min<std::size_t>(3, args.size())),
                                          [](std::string_view arg) { return is_word(arg, "GET"); });
    return gets ? both : key_flag::ow | key_flag::update;
}

struct FoundKey {
    std::string_view key;
    std::uint32_t flags;
};

// Nothing: the reply is the error.
std::optional<std::vector<FoundKey>> keys_of(Arguments args, Reply& reply) {
    const auto refused = [&](std::string_view error) {
        reply.error(error);
        return std::nullopt;
    };
    const CommandInfo* info = find_command(args);
    if (info == nullptr) return refused("ERR Invalid command specified");
    if (!info->has_keys()) return refused("ERR The command has no key arguments");
    if (!arity_allows(*info, args.size())) {
        return refused("ERR Invalid number of arguments specified for command");
    }
    std::vector<FoundKey> keys;
    for (const KeySpec& spec : {info->keys, info->more_keys}) {
        if (spec.first == 0) break;
        const KeyRange range = key_range(spec, args);
        if (!range.good) return refused("ERR Invalid arguments specified for command");
        for (std::size_t at = range.first; at <= range.last; at += range.step) {
            keys.push_back({args[at], key_flags_of(*info, spec, args)});
        }
    }
    return keys;
}

void command_getkeys(Arguments args, bool with_flags, Reply& reply) {
    const auto keys = keys_of(args, reply);
    if (!keys) return;
    reply.array(keys->size());
    for (const FoundKey& found : *keys) {
        if (with_flags) reply.array(2);
        reply.bulk(found.key);
        if (with_flags) reply_names(reply, key_flag_names, found.flags);
    }
}

std::string upper(std::string_view text) {
    std::string capitals(text);
    for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return capitals;
}

}  // namespace

void describe_commands(Arguments args, Reply& reply) {
    if (args.size() == 1) return reply_all_infos(reply);
    const std::string_view what = args[1];
    const Arguments rest = args.subspan(2);
    if (is_word(what, "COUNT")) {
        return reply.integer(static_cast<std::int64_t>(all_commands().size()));
    }
    if (is_word(what, "INFO")) return command_info(rest, reply);
    if (is_word(what, "DOCS")) return command_docs(rest, reply);
    if (is_word(what, "LIST")) return command_list(rest, reply);
    if (is_word(what, "GETKEYS")) return command_getkeys(rest, false, reply);
    if (is_word(what, "GETKEYSANDFLAGS")) return command_getkeys(rest, true, reply);
    describe_help(*find_command("command"), reply);
}

void describe_help(const CommandInfo& parent, Reply& reply) {
    reply.array(1 + 2 * parent.subcommands.size());
    reply.simple(upper(parent.name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (const CommandInfo& subcommand : parent.subcommands) {
        reply.simple(upper(subcommand.name.substr(parent.name.size() + 1)));
        reply.simple("    " + std::string(subcommand.summary));
    }
}

}  // namespace grapevine::command
