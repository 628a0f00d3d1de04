// CONFIG: what clients and tools ask for. Settings are those of the command line: they are told,
// and not changed.

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "command/glob.h"
#include "resp/local.h"

namespace grapevine::resp {

namespace {

// What Redis takes for it.
enum class Kind : std::uint8_t { text, number, memory, yes_no, immutable };

struct Setting {
    std::string_view name;
    std::string value;
    Kind kind = Kind::text;
};

std::vector<Setting> all_settings(const Front& front) {
    const Facts facts = front.facts();
    return {
        {"appendfsync", "no"},
        {"appendonly", "no", Kind::yes_no},
        {"bind", host_text(facts.address)},
        {"availability-zone", front.config().zone},
        {"cluster-allow-reads-when-down", "no", Kind::yes_no},
        {"cluster-enabled", "yes", Kind::immutable},
        {"cluster-require-full-coverage", "no", Kind::yes_no},
        {"databases", "1", Kind::immutable},
        {"io-threads", "1", Kind::immutable},
        {"maxclients", std::to_string(facts.connections_max), Kind::number},
        {"maxmemory", std::to_string(facts.memory_max), Kind::memory},
        {"maxmemory-policy", "noeviction"},
        // However few copies are left, what is written to all of them is acknowledged.
        {"min-replicas-to-write", "0", Kind::number},
        {"notify-keyspace-events", ""},
        {"port", std::to_string(facts.address.port), Kind::number},
        // Above, bulks are read past and answered with an error; from 512 MiB on, as at Redis by
        // default, they end the connection.
        {"proto-max-bulk-len", std::to_string(front.limits().parser.part_max), Kind::memory},
        {"replica-read-only", "yes", Kind::yes_no},
        {"requirepass", ""},
        {"save", ""},
        {"slave-read-only", "yes", Kind::yes_no},
        {"slowlog-log-slower-than", "-1", Kind::number},
        {"slowlog-max-len", "0", Kind::number},
        {"timeout", "0", Kind::number},
    };
}

void config_get(Call& call) {
    for (const std::string_view pattern : call.args.subspan(2)) {
        if (pattern.size() > command::pattern_size_max) {
            return call.reply.error(command::long_pattern);
        }
    }
    std::vector<Setting> told;
    for (Setting& setting : all_settings(call.front)) {
        for (const std::string_view pattern : call.args.subspan(2)) {
            if (!command::glob_matches(pattern, setting.name, true)) continue;
            // As it was called, as Redis does.
            if (is_word(setting.name, pattern)) setting.name = pattern;
            told.push_back(std::move(setting));
            break;
        }
    }
    call.reply.map(told.size());
    for (const Setting& setting : told) {
        call.reply.bulk(setting.name);
        call.reply.bulk(setting.value);
    }
}

constexpr std::string_view immutable = "can't set immutable config";

// What speaks against setting what is named, whatever the value; empty: nothing.
std::string_view defect_of_name(const Setting& setting, std::span<const Setting* const> before) {
    if (setting.kind == Kind::immutable) return immutable;
    const bool again = std::ranges::find(before, &setting) != before.end();
    return again ? "duplicate parameter" : "";
}

bool is_memory(std::string_view value) {
    const std::string_view digits = value.substr(0, value.find_first_not_of("0123456789"));
    constexpr std::string_view units[] = {"", "B", "K", "KB", "M", "MB", "G", "GB"};
    return !digits.empty() && std::ranges::any_of(units, [&](std::string_view unit) {
        return is_word(value.substr(digits.size()), unit);
    });
}

// What speaks against that value. Setting what is set already is no change.
std::string_view defect_of_value(const Setting& setting, std::string_view value) {
    if (is_word(value, setting.value)) return {};
    if (setting.kind == Kind::number && !to_integer(value)) {
        return "argument couldn't be parsed into an integer";
    }
    if (setting.kind == Kind::memory && !is_memory(value)) return "argument must be a memory value";
    if (setting.kind == Kind::yes_no && !is_word(value, "YES") && !is_word(value, "NO")) {
        return "argument must be 'yes' or 'no'";
    }
    return immutable;
}

void refuse(Call& call, std::string_view name, std::string_view defect) {
    call.reply.error("ERR CONFIG SET failed (possibly related to argument '" + std::string(name) +
                     "') - " + std::string(defect));
}

// All names before the first value, as Redis does: a name that is none comes before everything.
void config_set(Call& call) {
    const Args pairs = call.args.subspan(2);
    if (pairs.size() % 2 != 0) {
        return call.reply.error("ERR wrong number of arguments for 'config|set' command");
    }
    const auto settings = all_settings(call.front);
    std::vector<const Setting*> named;
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        const auto found = std::ranges::find_if(
            settings, [&](const Setting& setting) { return is_word(pairs[i], setting.name); });
        if (found == settings.end()) {
            return call.reply.error("ERR Unknown option or number of arguments for CONFIG SET - '" +
                                    std::string(pairs[i]) + "'");
        }
        named.push_back(&*found);
    }
    for (std::size_t i = 0; i < named.size(); ++i) {
        const auto defect = defect_of_name(*named[i], std::span(named).first(i));
        if (!defect.empty()) return refuse(call, pairs[2 * i], defect);
    }
    for (std::size_t i = 0; i < named.size(); ++i) {
        const auto defect = defect_of_value(*named[i], pairs[2 * i + 1]);
        if (!defect.empty()) return refuse(call, pairs[2 * i], defect);
    }
    call.reply.ok();
}

void config_resetstat(Call& call) {
    call.front.counters = {};
    call.reply.ok();
}

void config_rewrite(Call& call) {
    call.reply.error("ERR The server is running without a config file");
}

constexpr LocalCommand commands_of_config[] = {
    {"config|get", config_get},
    {"config|set", config_set},
    {"config|resetstat", config_resetstat},
    {"config|rewrite", config_rewrite},
    {"config|help", write_help},
};

}  // namespace

std::span<const LocalCommand> config_commands() {
    return commands_of_config;
}

}  // namespace grapevine::resp
