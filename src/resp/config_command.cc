// CONFIG: what clients and tools ask for. Settings are those of the command line: they are told,
// and not changed.

#include <string>
#include <vector>

#include "command/glob.h"
#include "resp/local.h"

namespace grapevine::resp {

namespace {

struct Setting {
    std::string_view name;
    std::string value;
};

std::vector<Setting> all_settings(const Front& front) {
    const Facts facts = front.facts();
    return {
        {"appendfsync", "no"},
        {"appendonly", "no"},
        {"availability-zone", front.config().zone},
        {"bind", host_text(facts.address)},
        {"cluster-allow-reads-when-down", "no"},
        {"cluster-enabled", "yes"},
        {"cluster-require-full-coverage", "no"},
        {"databases", "1"},
        {"io-threads", "1"},
        {"maxclients", std::to_string(facts.connections_max)},
        {"maxmemory", std::to_string(facts.memory_max)},
        {"maxmemory-policy", "noeviction"},
        {"min-replicas-to-write", std::to_string(front.replicas())},
        {"notify-keyspace-events", ""},
        {"port", std::to_string(facts.address.port)},
        // Above, bulks are read past and answered with an error; from 512 MiB on, as at Redis by
        // default, they end the connection.
        {"proto-max-bulk-len", std::to_string(front.limits().parser.part_max)},
        {"replica-read-only", "yes"},
        {"requirepass", ""},
        {"save", ""},
        {"slave-read-only", "yes"},
        {"slowlog-log-slower-than", "-1"},
        {"slowlog-max-len", "0"},
        {"timeout", "0"},
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

// Setting what is set already is no change.
void config_set(Call& call) {
    const Args pairs = call.args.subspan(2);
    if (pairs.size() % 2 != 0) {
        return call.reply.error("ERR wrong number of arguments for 'config|set' command");
    }
    const auto settings = all_settings(call.front);
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        const Setting* found = nullptr;
        for (const Setting& setting : settings) {
            if (is_word(pairs[i], setting.name)) found = &setting;
        }
        if (found == nullptr) {
            return call.reply.error("ERR Unknown option or number of arguments for CONFIG SET - '" +
                                    std::string(pairs[i]) + "'");
        }
        if (is_word(pairs[i + 1], found->value)) continue;
        return call.reply.error("ERR CONFIG SET failed (possibly related to argument '" +
                                std::string(pairs[i]) + "') - can't set immutable config");
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
