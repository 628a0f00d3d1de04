// INFO, ROLE, TIME, WAIT, and what monitors ask for.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "resp/local.h"

namespace grapevine::resp {

namespace {

template <class... T>
void line(std::string& text, fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(text), format, std::forward<T>(values)...);
    text += "\r\n";
}

std::string human(std::uint64_t bytes) {
    constexpr std::array units{"B", "K", "M", "G", "T"};
    std::size_t unit = 0;
    std::uint64_t hundredths = bytes * 100;
    for (; hundredths >= 102'400 && unit + 1 < units.size(); ++unit) hundredths /= 1024;
    return fmt::format("{}.{:02}{}", hundredths / 100, hundredths % 100, units[unit]);
}

void about_server(std::string& text, const Front& front, const Facts& facts) {
    line(text, "redis_version:{}", redis_version);
    line(text, "redis_mode:cluster");
    line(text, "server_name:grapevine");
    line(text, "grapevine_version:{}", facts.version);
    line(text, "grapevine_node:{}", facts.name);
    line(text, "availability_zone:{}", front.config().zone);  // as Valkey calls it
    line(text, "os:Linux");
    line(text, "arch_bits:{}", 8 * sizeof(void*));
    line(text, "multiplexing_api:epoll");
    line(text, "process_id:{}", facts.pid);
    line(text, "run_id:{}", front.config().run_id);
    line(text, "tcp_port:{}", facts.address.port);
    line(text, "server_time_usec:{}", facts.unix_us);
    line(text, "uptime_in_seconds:{}", facts.uptime_s);
    line(text, "uptime_in_days:{}", facts.uptime_s / 86'400);
}

void about_clients(std::string& text, const Front& front, const Facts& facts) {
    line(text, "connected_clients:{}", front.sessions.size());
    line(text, "maxclients:{}", facts.connections_max);
    line(text, "blocked_clients:0");
}

void about_memory(std::string& text, const Front&, const Facts& facts) {
    line(text, "used_memory:{}", facts.used_memory);
    line(text, "used_memory_human:{}", human(facts.used_memory));
    line(text, "used_memory_rss:{}", facts.rss);
    line(text, "used_memory_rss_human:{}", human(facts.rss));
    line(text, "maxmemory:{}", facts.memory_max);
    line(text, "maxmemory_human:{}", human(facts.memory_max));
    line(text, "maxmemory_policy:noeviction");
    // Of keys and values alone it would be thousands where there are few; alerts are at 1.5.
    const std::uint64_t accounted = facts.used_memory + facts.rss_at_start;
    const std::uint64_t hundredths = facts.rss * 100 / std::max<std::uint64_t>(accounted, 1);
    line(text, "mem_fragmentation_ratio:{}.{:02}", hundredths / 100, hundredths % 100);
    line(text, "mem_allocator:libc");
}

// There are no files.
void about_persistence(std::string& text, const Front& front, const Facts&) {
    line(text, "loading:{}", front.ring() != nullptr && front.ring()->genesis ? 0 : 1);
    line(text, "rdb_bgsave_in_progress:0");
    line(text, "aof_enabled:0");
    line(text, "aof_rewrite_in_progress:0");
}

void about_stats(std::string& text, const Front& front, const Facts&) {
    const Counters& counters = front.counters;
    line(text, "total_connections_received:{}", counters.connections);
    line(text, "total_commands_processed:{}", counters.commands);
    line(text, "total_net_input_bytes:{}", counters.input_bytes);
    line(text, "total_net_output_bytes:{}", counters.output_bytes);
    line(text, "total_error_replies:{}", counters.errors);
    line(text, "instantaneous_ops_per_sec:{}", front.rates.commands.per_second());
    line(text, "instantaneous_input_kbps:{}", front.rates.input_bytes.per_second() / 1024);
    line(text, "instantaneous_output_kbps:{}", front.rates.output_bytes.per_second() / 1024);
    line(text, "evicted_keys:0");
    line(text, "grapevine_moved_replies:{}", counters.moved);
    line(text, "grapevine_programs:{}", counters.programs);
}

void about_replication(std::string& text, const Front& front, const Facts&) {
    line(text, "role:master");
    line(text, "connected_slaves:0");
    line(text, "master_replid:{}", node_name(front.config().self));
    line(text, "master_repl_offset:0");
    line(text, "grapevine_copies:{}", front.copies());
    line(text, "grapevine_epoch:{}", front.ring() ? front.ring()->epoch : Epoch{});
}

void about_cpu(std::string& text, const Front&, const Facts& facts) {
    line(text, "used_cpu_sys:{}.{:06}", facts.cpu_system_us / 1'000'000,
         facts.cpu_system_us % 1'000'000);
    line(text, "used_cpu_user:{}.{:06}", facts.cpu_user_us / 1'000'000,
         facts.cpu_user_us % 1'000'000);
}

void about_cluster(std::string& text, const Front&, const Facts&) {
    line(text, "cluster_enabled:1");
}

// Of the partitions that this node is primary of.
void about_keyspace(std::string& text, const Front&, const Facts& facts) {
    if (facts.keys > 0) {
        line(text, "db0:keys={},expires={},avg_ttl=0", facts.keys, facts.keys_expiring);
    }
}

// There are no modules; commands, their errors and times are counted together (Stats), not each.
void about_nothing(std::string&, const Front&, const Facts&) {}

struct Section {
    std::string_view title;
    void (*write)(std::string&, const Front&, const Facts&);
    bool by_default = true;
};

constexpr Section info_sections[] = {
    {"Server", about_server},
    {"Clients", about_clients},
    {"Memory", about_memory},
    {"Persistence", about_persistence},
    {"Stats", about_stats},
    {"Replication", about_replication},
    {"CPU", about_cpu},
    {"Modules", about_nothing},
    {"Commandstats", about_nothing, false},
    {"Errorstats", about_nothing},
    {"Latencystats", about_nothing, false},
    {"Cluster", about_cluster},
    {"Keyspace", about_keyspace},
};

bool is_wanted(const Section& section, Args names) {
    if (names.empty()) return section.by_default;
    return std::ranges::any_of(names, [&](std::string_view name) {
        return is_word(name, section.title) || is_word(name, "ALL") ||
               is_word(name, "EVERYTHING") || (section.by_default && is_word(name, "DEFAULT"));
    });
}

void info(Call& call) {
    const Facts facts = call.front.facts();
    call.front.look_at_rates(call.now);
    std::string text;
    for (const Section& section : info_sections) {
        if (!is_wanted(section, call.args.subspan(1))) continue;
        if (!text.empty()) text += "\r\n";
        line(text, "# {}", section.title);
        section.write(text, call.front, facts);
    }
    call.reply.verbatim(text);
}

void role(Call& call) {
    call.reply.array(3);
    call.reply.bulk("master");
    call.reply.integer(0);
    call.reply.array(0);
}

void time_of_day(Call& call) {
    const std::int64_t now_us = call.front.facts().unix_us;
    call.reply.array(2);
    call.reply.bulk(std::to_string(now_us / 1'000'000));
    call.reply.bulk(std::to_string(now_us % 1'000'000));
}

constexpr std::string_view no_number = "ERR value is not an integer or out of range";

// False: the reply is the error.
bool takes_timeout(Call& call, std::size_t at) {
    const auto timeout = to_integer(call.args[at]);
    if (!timeout) {
        call.reply.error("ERR timeout is not an integer or out of range");
    } else if (*timeout < 0) {
        call.reply.error("ERR timeout is negative");
    }
    return timeout && *timeout >= 0;
}

// The writes before it on this connection were answered when all copies had them: there is nothing
// to wait for, and where there are fewer now than are asked for, as after a death, it says so.
void wait(Call& call) {
    if (!to_integer(call.args[1])) return call.reply.error(no_number);
    if (!takes_timeout(call, 2)) return;
    call.reply.integer(static_cast<std::int64_t>(call.front.replicas()));
}

// Nothing is on any disk.
void waitaof(Call& call) {
    const auto local = to_integer(call.args[1]);
    if (!local || *local < 0 || *local > 1) {
        return call.reply.error("ERR value is out of range, must be between 0 and 1");
    }
    const auto replicas = to_integer(call.args[2]);
    if (!replicas || *replicas < 0) {
        return call.reply.error("ERR value is out of range, must be positive");
    }
    if (!takes_timeout(call, 3)) return;
    if (*local > 0) {
        return call.reply.error(
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
    }
    call.reply.array(2);
    call.reply.integer(0);
    call.reply.integer(0);
}

// SLOWLOG GET [count]
void slowlog_get(Call& call) {
    const auto count = call.args.size() > 2 ? to_integer(call.args[2]) : 0;
    if (!count || *count < -1) {
        return call.reply.error("ERR count should be greater than or equal to -1");
    }
    call.reply.array(0);
}

// FUNCTION FLUSH [how]: there are none.
void function_flush(Call& call) {
    const bool good = call.args.size() == 2 ||
                      (call.args.size() == 3 &&
                       (is_word(call.args[2], "SYNC") || is_word(call.args[2], "ASYNC")));
    if (good) return call.reply.ok();
    call.reply.error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
}

// SCRIPT EXISTS digest ...: there are none.
void script_exists(Call& call) {
    const std::size_t asked = call.args.size() - 2;
    call.reply.array(asked);
    for (std::size_t i = 0; i < asked; ++i) call.reply.integer(0);
}

// There is one user.
void acl_whoami(Call& call) {
    call.reply.bulk("default");
}

void lolwut(Call& call) {
    call.reply.verbatim("Grapevine ver. " + call.front.facts().version + "\n");
}

void nothing_kept(Call& call) {
    call.reply.array(0);
}

void none_kept(Call& call) {
    call.reply.integer(0);
}

void done(Call& call) {
    call.reply.ok();
}

void histogram(Call& call) {
    call.reply.map(0);
}

void latency_doctor(Call& call) {
    call.reply.verbatim("Latencies are not recorded here; the logs tell of stalls.\n");
}

void memory_doctor(Call& call) {
    const Facts facts = call.front.facts();
    const bool full = facts.memory_max > 0 && facts.used_memory >= facts.memory_max;
    call.reply.verbatim(full ? "The memory that keys and values may take is used up.\n"
                             : "There is memory left for keys and values.\n");
}

void memory_stats(Call& call) {
    const Facts facts = call.front.facts();
    const auto number = [&](std::string_view name, std::uint64_t value) {
        call.reply.bulk(name);
        call.reply.integer(static_cast<std::int64_t>(value));
    };
    call.reply.map(4);
    number("total.allocated", facts.used_memory);
    number("keys.count", facts.keys_held);
    number("keys.bytes-per-key", facts.keys_held == 0 ? 0 : facts.used_memory / facts.keys_held);
    number("allocator.resident", facts.rss);
}

constexpr LocalCommand commands_of_servers[] = {
    {"acl|help", write_help},
    {"acl|whoami", acl_whoami},
    {"info", info},
    {"role", role},
    {"time", time_of_day},
    {"wait", wait},
    {"waitaof", waitaof},
    {"lolwut", lolwut},
    {"function|flush", function_flush},
    {"function|help", write_help},
    {"latency|doctor", latency_doctor},
    {"latency|help", write_help},
    {"latency|histogram", histogram},
    {"latency|history", nothing_kept},
    {"latency|latest", nothing_kept},
    {"latency|reset", none_kept},
    {"memory|doctor", memory_doctor},
    {"memory|help", write_help},
    {"memory|purge", done},
    {"memory|stats", memory_stats},
    {"module|help", write_help},
    {"module|list", nothing_kept},
    {"object|help", write_help},
    {"script|exists", script_exists},
    {"script|help", write_help},
    {"slowlog|get", slowlog_get},
    {"slowlog|help", write_help},
    {"slowlog|len", none_kept},
    {"slowlog|reset", done},
};

}  // namespace

std::span<const LocalCommand> server_commands() {
    return commands_of_servers;
}

}  // namespace grapevine::resp
