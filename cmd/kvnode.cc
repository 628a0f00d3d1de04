// kvnode: one storage peer.

#include <unistd.h>

#include <bit>
#include <csignal>
#include <optional>

#include "base/limits.h"
#include "base/print.h"
#include "base/rng.h"
#include "options.h"
#include "runtime/clock.h"
#include "runtime/drain.h"
#include "runtime/listen.h"
#include "runtime/logger.h"
#include "runtime/node_host.h"
#include "runtime/process.h"
#include "runtime/socket_address.h"
#include "store/memory_store.h"

namespace grapevine {

namespace {

struct Options {
    std::string seed;
    bool bootstrap = false;
    unsigned copies = 3;
    unsigned partitions = 1024;
    std::string name;
    ListenOptions listen{.port = {}, .advertise = {}, .search_from = first_member_port};
    std::string zone;
    std::string weight = "1";
    std::string backfill_rate;  // empty: no bound
    std::string max_memory;     // empty: default_memory_max()
    std::string drain_timeout = "30";
    std::string redirect = "auto";
    bool advertise_replicas = false;
    std::string log_level = "info";
};

void declare_redis(CLI::App& app, Options& options) {
    app.add_option("--redirect", options.redirect,
                   "how Redis clients are answered that ask for a key of another node: moved, as "
                   "Redis Cluster does; proxy: it is asked for them; auto: moved for clients that "
                   "show that they know clusters, proxy for the others (default auto)")
        ->type_name("HOW");
    app.add_flag("--advertise-replicas", options.advertise_replicas,
                 "CLUSTER SLOTS and SHARDS tell of all copies of a key, not of primaries alone");
}

void declare(CLI::App& app, Options& options) {
    add_version(app);
    auto* seed = app.add_option("--seed", options.seed,
                                "the coordinator or any members, host:port[,host:port...] "
                                "(default 127.0.0.1:7000)")
                     ->type_name("HOST:PORT");
    auto* bootstrap =
        app.add_flag("--bootstrap", options.bootstrap, "start a cluster without a coordinator");
    bootstrap->excludes(seed);
    app.add_option("--rep", options.copies, "with --bootstrap: copies of every key (default 3)")
        ->type_name("K")
        ->check(CLI::Range(1, static_cast<int>(copies_max)))
        ->needs(bootstrap);
    app.add_option("--partitions", options.partitions,
                   "with --bootstrap: a power of two up to 16384 (default 1024)")
        ->type_name("N")
        ->check(CLI::Range(1, 16384))
        ->needs(bootstrap);
    app.add_option("--name", options.name,
                   "the member's name (default: serverN, given by the ring)")
        ->type_name("NAME");
    app.add_option("--port", options.listen.port, "UDP and TCP (default: a free one from 7001 on)")
        ->type_name("PORT")
        ->check(CLI::Range(1, 65535));
    app.add_option("--first-port", options.listen.search_from,
                   "where the search for a free port begins (default 7001)")
        ->type_name("PORT")
        ->check(CLI::Range(1, 65535));
    app.add_option("--listen", options.listen.listen,
                   "host[:port] to listen on (default 127.0.0.1)")
        ->type_name("HOST");
    app.add_option("--advertise", options.listen.advertise,
                   "host[:port] that others use (default: as --listen)")
        ->type_name("HOST");
    app.add_option("--zone", options.zone,
                   "where it stands, such as a rack: no two copies of a key are in one zone while "
                   "there are zones enough (default: a zone of its own)")
        ->type_name("ZONE");
    app.add_option("--weight", options.weight,
                   "its share of the keys, beside 1 of others: 0.001 to 1000 (default 1)")
        ->type_name("N");
    app.add_option("--backfill-rate", options.backfill_rate,
                   "MB/s that this node sends to fill copies, at most (default: no bound)")
        ->type_name("MB/S");
    app.add_option(
           "--max-memory", options.max_memory,
           "what keys and values may take, such as 600M or 2G: above, "
           "what would add to it is refused (default: 60 % of the memory of this machine or "
           "control group)")
        ->type_name("SIZE");
    app.add_option(
           "--drain-timeout", options.drain_timeout,
           "on SIGTERM: after so many seconds in which nothing of what it holds has arrived at "
           "others it ends all the same (default 30; with --backfill-rate longer, by what a value "
           "of 16 MiB takes at that rate)")
        ->type_name("SECONDS");
    declare_redis(app, options);
    app.add_option("--log-level", options.log_level, "debug, info, warning or error (default info)")
        ->type_name("LEVEL");
    app.footer(
        "Examples:\n"
        "  kvnode                                joins the cluster at 127.0.0.1:7000\n"
        "  kvnode --seed 127.0.0.1:7003 --port 7050\n"
        "  kvnode --bootstrap --rep 3            a new cluster; others join with --seed\n"
        "SIGTERM, as client --leave: what it holds moves to others, meanwhile it serves; then it\n"
        "goes. A second SIGTERM, SIGINT and client --stop: at once.\n"
        "Exit codes: 0 it left, or was stopped at once, 2 usage, 3 cannot start, or a member that\n"
        "is up has the name, 4 told to leave, it ended before what it held had moved.");
}

Result<std::uint64_t> backfill_rate_of(const Options& options) {
    return options.backfill_rate.empty() ? 0 : parse_rate(options.backfill_rate);
}

Result<std::uint64_t> memory_max_of(const Options& options) {
    return options.max_memory.empty() ? default_memory_max(1)
                                      : parse_memory_max(options.max_memory);
}

NodeConfig node_config(const Options& options, const std::vector<Address>& seeds, Address address,
                       std::uint32_t weight, std::uint64_t backfill_rate,
                       std::uint64_t memory_max) {
    Rng rng(random_u64());
    NodeConfig config;
    config.self.id = rng.draw<NodeId>();
    config.self.name = options.name;
    config.self.address = address;
    config.self.pid = static_cast<std::uint32_t>(getpid());
    config.self.zone = options.zone;
    config.self.weight = weight;
    config.backfill_rate = backfill_rate;
    config.memory_max = memory_max;
    config.found = options.bootstrap;
    config.cluster = options.bootstrap ? rng.draw<ClusterId>() : ClusterId{};
    config.copies_wanted = options.copies;
    config.partitions = options.partitions;
    config.listen = founding_silence;
    if (!options.bootstrap) config.seeds = seeds;
    return config;
}

// Nothing arrives for as long as the rate spaces two values of the largest size.
Duration drain_patience(Duration timeout, std::uint64_t backfill_rate) {
    if (backfill_rate == 0) return timeout;
    return timeout + std::chrono::milliseconds(value_size_max * 1000 / backfill_rate);
}

// Says once that this member is in the ring.
class Announcement {
public:
    void look(const Ring& ring, NodeId self) {
        const Member* member = ring.member(self);
        if (said_ || member == nullptr || !member->is_up()) return;
        said_ = true;
        print_out("{} at {}, pid {}\n", member->name, member->address, member->pid);
    }

private:
    bool said_ = false;
};

Exit run(Loop& loop, std::unique_ptr<Endpoint> endpoint, const NodeConfig& config,
         Duration drain_timeout, const NodeHost::Redis& redis, Logger& log) {
    Exit code = Exit::done;
    MemoryStore store(random_u64());
    Announcement announcement;
    NodeHost host(loop, std::move(endpoint), config, &store, log,
                  {.ring = [&](const RingPtr& ring) { announcement.look(*ring, config.self.id); },
                   .stop = [&] { loop.stop(); },
                   .left =
                       [&] {
                           code = Exit::done;
                           loop.stop();
                       },
                   .occupied =
                       [&](Address member) {
                           print_err("kvnode: {}\n",
                                     no_second_cluster(config.self.address, member));
                           code = Exit::unchanged;
                           loop.stop();
                       },
                   .name_held =
                       [&](const Member& holder) {
                           print_err(
                               "kvnode: {} at {} (pid {}) is up and has the name: this node "
                               "was not admitted; choose another --name, or leave it out\n",
                               holder.name, holder.address, holder.pid);
                           code = Exit::unchanged;
                           loop.stop();
                       }},
                  redis);
    const SignalWatch interrupted(loop, SIGINT, [&] { loop.stop(); });
    std::optional<Drain> drain;
    const auto give_up = [&](const std::string& why) {
        print_err("kvnode: it ends before it could leave: {}\n", why);
        code = Exit::unknown;
        loop.stop();
    };
    const SignalWatch terminated(loop, SIGTERM, [&] {
        if (drain) return give_up("told to again");
        drain.emplace(loop, host, log, drain_patience(drain_timeout, config.backfill_rate),
                      give_up);
    });
    loop.run();
    return code;
}

int main(int argc, const char* const* argv) {
    prepare_process();
    Options options;
    CLI::App app("Grapevine's storage peer.", "kvnode");
    declare(app, options);
    if (const auto code = parse_options(app, argc, argv)) return *code;
    const auto level = parse_log_level(options.log_level);
    if (!level) return exit_with(Exit::usage, "kvnode", level.error().message);
    if (!std::has_single_bit(options.partitions)) {
        return exit_with(Exit::usage, "kvnode", "--partitions must be a power of two");
    }
    const std::string seed = options.seed.empty() ? "127.0.0.1" : options.seed;
    const auto seeds = resolve_list(seed, coordinator_port);
    if (!seeds) return exit_with(Exit::usage, "kvnode", seeds.error().message);
    const auto plan = plan_listening(options.listen, *seeds);
    if (!plan) return exit_with(Exit::usage, "kvnode", plan.error().message);
    const auto name = of_option("--name", parse_name(options.name));
    if (!name) return exit_with(Exit::usage, "kvnode", name.error().message);
    const auto weight = of_option("--weight", parse_weight(options.weight));
    if (!weight) return exit_with(Exit::usage, "kvnode", weight.error().message);
    const auto backfill_rate = of_option("--backfill-rate", backfill_rate_of(options));
    if (!backfill_rate) return exit_with(Exit::usage, "kvnode", backfill_rate.error().message);
    const auto memory_max = of_option("--max-memory", memory_max_of(options));
    if (!memory_max) return exit_with(Exit::usage, "kvnode", memory_max.error().message);
    const auto drain_timeout =
        of_option("--drain-timeout", parse_seconds(options.drain_timeout, 86'400s));
    if (!drain_timeout) return exit_with(Exit::usage, "kvnode", drain_timeout.error().message);
    const auto redirect = of_option("--redirect", resp::parse_redirect(options.redirect));
    if (!redirect) return exit_with(Exit::usage, "kvnode", redirect.error().message);

    Logger log(*level);
    log.set_name(options.name.empty() ? "kvnode" : options.name);
    if (!plan->warning.empty()) log.write(LogLevel::warning, plan->warning);
    Loop loop;
    auto endpoint = Endpoint::open(loop, plan->where);
    if (!endpoint) return exit_with(Exit::unchanged, "kvnode", endpoint.error().message);
    const Address address = advertised_address(*plan, (*endpoint)->address());
    const NodeConfig config =
        node_config(options, *seeds, address, *weight, *backfill_rate, *memory_max);
    if (!member_defect(config.self).empty()) {
        return exit_with(
            Exit::usage, "kvnode",
            fmt::format("--name and --zone have at most {} bytes and no control characters",
                        name_size_max));
    }
    if (options.name == "coordinator") {
        return exit_with(Exit::usage, "kvnode", "--name coordinator is the coordinator's");
    }
    log.log(LogLevel::info, "listening on {}", (*endpoint)->address());
    const NodeHost::Redis redis{.redirect = *redirect,
                                .advertise_replicas = options.advertise_replicas,
                                .version = GRAPEVINE_RELEASE};
    return static_cast<int>(run(loop, std::move(*endpoint), config, *drain_timeout, redis, log));
}

}  // namespace

}  // namespace grapevine

int main(int argc, char** argv) {
    return grapevine::end_output("kvnode", grapevine::main(argc, argv),
                                 static_cast<int>(grapevine::Exit::unchanged));
}
