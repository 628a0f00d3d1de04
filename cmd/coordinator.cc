// coordinator: launches nodes, serves the ring, has votes in it. Reads and writes go on when it
// dies.

#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/rng.h"
#include "options.h"
#include "resp/front.h"
#include "runtime/clock.h"
#include "runtime/coordinator_host.h"
#include "runtime/listen.h"
#include "runtime/logger.h"
#include "runtime/process.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

struct Options {
    std::size_t nodes = 0;
    std::string seed;
    unsigned copies = 3;
    unsigned partitions = 1024;
    ListenOptions listen{.port = {}, .advertise = {}, .default_port = coordinator_port};
    std::string kvnode;
    std::string log_dir;
    std::string data_dir;
    std::string backfill_rate;  // empty: no bound
    std::string max_memory;     // of each node; empty: default_memory_max()
    std::string redirect;       // of each node; empty: its default
    bool advertise_replicas = false;
    bool respawn = false;
    std::string log_level;  // empty: not given
    std::string wait_deadline = "30";
};

// What launched nodes are given, and how they are kept. Without `nodes` there are none.
void declare_for_nodes(CLI::App& app, CLI::Option* nodes, Options& options) {
    app.add_option("--kvnode", options.kvnode, "the program to launch (default: beside this one)")
        ->type_name("FILE")
        ->needs(nodes);
    app.add_option("--log-dir", options.log_dir,
                   "folder for the logs of the nodes (default: a new one, its path is printed)")
        ->type_name("FOLDER");
    app.add_option("--wait-deadline", options.wait_deadline,
                   "seconds in which all launched nodes must be in the ring (default 30)")
        ->type_name("SECONDS")
        ->needs(nodes);
    app.add_option("--backfill-rate", options.backfill_rate,
                   "MB/s that each launched node sends to fill copies, at most (default: no bound)")
        ->type_name("MB/S")
        ->needs(nodes);
    app.add_option(
           "--max-memory", options.max_memory,
           "what keys and values of each launched node may take, such as 600M or 2G: above, "
           "what would add to it is refused (default: 60 % of the memory of this machine or "
           "control group, shared among them)")
        ->type_name("SIZE")
        ->needs(nodes);
    app.add_option("--redirect", options.redirect,
                   "of each launched node, for Redis clients: auto, moved or proxy, see kvnode "
                   "--help (default auto)")
        ->type_name("HOW")
        ->needs(nodes);
    app.add_flag("--advertise-replicas", options.advertise_replicas,
                 "of each launched node: CLUSTER SLOTS and SHARDS tell of all copies of a key")
        ->needs(nodes);
    app.add_flag("--respawn", options.respawn,
                 "start a node that it launched and that died again, under its name, unless it was "
                 "told to end; pauses grow from 0.5 to 30 s (default: the cluster goes on without "
                 "it)")
        ->needs(nodes);
}

void declare(CLI::App& app, Options& options) {
    add_version(app);
    auto* seed = app.add_option("--seed", options.seed,
                                "join the cluster of these members, host:port[,host:port...], in "
                                "place of a coordinator that is gone (default: found a cluster)")
                     ->type_name("HOST:PORT");
    auto* nodes =
        app.add_option(
               "--nodes", options.nodes,
               "nodes to launch, server1 ... serverN (default: none, peers come by themselves)")
            ->type_name("N")
            ->check(CLI::Range(1, 1000))
            ->excludes(seed);
    app.add_option("--rep", options.copies, "copies of every key (default 3)")
        ->type_name("K")
        ->check(CLI::Range(1, static_cast<int>(copies_max)))
        ->excludes(seed);
    app.add_option("--partitions", options.partitions, "a power of two up to 16384 (default 1024)")
        ->type_name("N")
        ->check(CLI::Range(1, 16384))
        ->excludes(seed);
    app.add_option("--port", options.listen.port, "UDP and TCP (default 7000)")
        ->type_name("PORT")
        ->check(CLI::Range(1, 65535));
    app.add_option("--listen", options.listen.listen,
                   "host[:port] to listen on, for the nodes too (default 127.0.0.1)")
        ->type_name("HOST");
    app.add_option("--advertise", options.listen.advertise,
                   "host[:port] that others use (default: as --listen)")
        ->type_name("HOST");
    app.add_option(
           "--data-dir", options.data_dir,
           "folder for its promises: started again with it, it is the same voter, and "
           "launches nothing, unless the cluster was stopped (default: none, it is a new member "
           "each time)")
        ->type_name("FOLDER");
    declare_for_nodes(app, nodes, options);
    app.add_option("--log-level", options.log_level,
                   "of this program and the nodes: debug, info, warning or error (default: warning "
                   "of this program, info of the nodes)")
        ->type_name("LEVEL");
    app.footer(
        "Examples:\n"
        "  coordinator --nodes 5 --rep 3         a cluster of five on this machine\n"
        "  coordinator --rep 3                   waits for peers: kvnode --seed 127.0.0.1:7000\n"
        "  coordinator --seed 127.0.0.1:7001     takes the place of one that died\n"
        "  coordinator --rep 3 --data-dir data   goes on as the voter that it was, if it was\n"
        "SIGINT and SIGTERM stop everything that it launched.\n"
        "Exit codes: 0 stopped, 2 usage, 3 cannot start, the ring did not form, or a cluster "
        "lives\n"
        "that knows this address.");
}

static_assert(status_ended_early == static_cast<int>(Exit::unknown));

NodeConfig node_config(const Options& options, const std::vector<Address>& seeds, Address address) {
    Rng rng(random_u64());
    NodeConfig config;
    config.self.id = rng.draw<NodeId>();
    config.self.name = "coordinator";
    config.self.address = address;
    config.self.pid = static_cast<std::uint32_t>(getpid());
    config.self.role = Role::coordinator;
    config.found = seeds.empty();
    config.seeds = seeds;
    config.cluster = config.found ? rng.draw<ClusterId>() : ClusterId{};
    config.listen = founding_silence;
    config.copies_wanted = options.copies;
    config.partitions = options.partitions;
    config.genesis_members = std::max<std::size_t>(options.nodes, 1);
    return config;
}

std::vector<std::string> node_command(const Options& options, Address address) {
    const std::string host = options.listen.listen.substr(0, options.listen.listen.find(':'));
    std::vector<std::string> command = {
        options.kvnode.empty() ? beside_this_program("kvnode") : options.kvnode,
        "--seed",
        fmt::format("{}", address),
        "--listen",
        host,
        "--log-level",
        options.log_level.empty() ? "info" : options.log_level};
    if (!options.listen.advertise.empty()) {
        const std::string& others = options.listen.advertise;
        command.insert(command.end(), {"--advertise", others.substr(0, others.find(':'))});
    }
    command.insert(command.end(),
                   {"--max-memory", options.max_memory.empty()
                                        ? fmt::format("{}", default_memory_max(options.nodes))
                                        : options.max_memory});
    if (!options.backfill_rate.empty()) {
        command.insert(command.end(), {"--backfill-rate", options.backfill_rate});
    }
    if (!options.redirect.empty()) {
        command.insert(command.end(), {"--redirect", options.redirect});
    }
    if (options.advertise_replicas) command.emplace_back("--advertise-replicas");
    return command;
}

// What an earlier process left in --data-dir, if it fits.
Result<std::optional<SavedState>> saved_state(const Vault* vault, Address address) {
    if (vault == nullptr) return std::optional<SavedState>();
    auto saved = vault->load();
    if (!saved || !*saved) return saved;
    const Member* self = (*saved)->ring->member((*saved)->id);
    if (self != nullptr && self->address != address) {
        return fail(
            "the ring knows the coordinator of this --data-dir at {}, not at {}: start it "
            "there, or without its data",
            self->address, address);
    }
    return saved;
}

void go_on(NodeConfig& config, const SavedState& saved) {
    config.self.id = saved.id;
    config.found = false;
    config.cluster = {};
    config.resume = saved;
}

Result<std::string> log_folder(const Options& options) {
    if (options.nodes == 0) return std::string();
    return options.log_dir.empty() ? make_log_folder() : use_log_folder(options.log_dir);
}

// What the options say, understood.
struct Meaning {
    LogLevel level{};
    Duration deadline{};
    std::vector<Address> seeds;
    ListenPlan plan;
};

Result<Meaning> understand(const Options& options) {
    const auto level = parse_log_level(options.log_level.empty() ? "warning" : options.log_level);
    if (!level) return std::unexpected(level.error());
    const auto deadline = of_option("--wait-deadline", parse_seconds(options.wait_deadline, 3600s));
    if (!deadline) return std::unexpected(deadline.error());
    if (!std::has_single_bit(options.partitions)) {
        return fail("--partitions must be a power of two");
    }
    // The nodes are told the words, so that these stand in their command lines.
    if (!options.backfill_rate.empty()) {
        const auto rate = of_option("--backfill-rate", parse_rate(options.backfill_rate));
        if (!rate) return std::unexpected(rate.error());
    }
    if (!options.redirect.empty()) {
        const auto redirect = of_option("--redirect", resp::parse_redirect(options.redirect));
        if (!redirect) return std::unexpected(redirect.error());
    }
    if (!options.max_memory.empty()) {
        const auto size = of_option("--max-memory", parse_memory_max(options.max_memory));
        if (!size) return std::unexpected(size.error());
    }
    // A name without a folder is looked for where the shell does.
    const bool is_path = options.kvnode.find('/') != std::string::npos;
    if (is_path && access(options.kvnode.c_str(), X_OK) != 0) {
        return fail("--kvnode: {} cannot be executed: {}", options.kvnode, std::strerror(errno));
    }
    Meaning meaning{.level = *level, .deadline = *deadline, .seeds = {}, .plan = {}};
    if (!options.seed.empty()) {
        auto seeds = resolve_list(options.seed, coordinator_port);
        if (!seeds) return std::unexpected(seeds.error());
        meaning.seeds = *std::move(seeds);
    }
    auto plan = plan_listening(options.listen, meaning.seeds);
    if (!plan) return std::unexpected(plan.error());
    meaning.plan = *std::move(plan);
    if (meaning.plan.where.port + options.nodes > 65535) {
        return fail("{} nodes find no ports after {}; choose a lower --port", options.nodes,
                    meaning.plan.where.port);
    }
    return meaning;
}

int main(int argc, const char* const* argv) {
    prepare_process();
    Options options;
    CLI::App app("Grapevine's coordinator.", "coordinator");
    declare(app, options);
    if (const auto code = parse_options(app, argc, argv)) return *code;
    const auto refuse = [](Exit code, const Error& error) {
        return exit_with(code, "coordinator", error.message);
    };
    const auto meaning = understand(options);
    if (!meaning) return refuse(Exit::usage, meaning.error());
    const ListenPlan& plan = meaning->plan;

    Logger log(meaning->level);
    log.set_name("coordinator");
    if (!plan.warning.empty()) log.write(LogLevel::warning, plan.warning);
    if (!options.log_dir.empty() && options.nodes == 0) {
        log.write(LogLevel::warning,
                  "--log-dir is of no use without --nodes: nodes that it does not launch log to "
                  "their stderr");
    }
    std::unique_ptr<Vault> vault;
    if (!options.data_dir.empty()) {
        auto opened = Vault::open(options.data_dir);
        if (!opened) return refuse(Exit::unchanged, opened.error());
        vault = *std::move(opened);
    }
    Loop loop;
    auto endpoint = Endpoint::open(loop, plan.where);
    if (!endpoint) return refuse(Exit::unchanged, endpoint.error());
    const Address address = advertised_address(plan, (*endpoint)->address());
    NodeConfig config = node_config(options, meaning->seeds, address);
    const auto saved = saved_state(vault.get(), address);
    if (!saved) return refuse(Exit::unchanged, saved.error());
    if (*saved) {
        go_on(config, **saved);
        options.nodes = 0;
    }
    const auto folder = log_folder(options);
    if (!folder) return refuse(Exit::unchanged, folder.error());
    CoordinatorHost host(loop, std::move(*endpoint), config,
                         {.launch = {.nodes = options.nodes,
                                     .deadline = meaning->deadline,
                                     .respawn = options.respawn},
                          .log_folder = *folder,
                          .node_command = node_command(options, address),
                          .vault = std::move(vault)},
                         log);
    const bool done = host.run();
    // Nothing was started: no log was written.
    if (std::error_code error; options.log_dir.empty() && !folder->empty()) {
        std::filesystem::remove(*folder, error);  // an empty folder, no other
    }
    if (const auto member = host.occupied_by()) {
        return refuse(Exit::unchanged, {no_second_cluster(address, *member)});
    }
    return static_cast<int>(done ? Exit::done : Exit::unchanged);
}

}  // namespace

}  // namespace grapevine

int main(int argc, char** argv) {
    return grapevine::end_output("coordinator", grapevine::main(argc, argv),
                                 static_cast<int>(grapevine::Exit::unchanged));
}
