#include <algorithm>

#include "bench_commands.h"
#include "runtime/process.h"
#include "runtime/socket_address.h"

namespace grapevine {

void declare_own_cluster(CLI::App& command, BenchOptions& options) {
    declare_number<std::size_t>(command, "--nodes", options.nodes, "nodes to start", 1, 1000);
    declare_number(command, "--partitions", options.partitions, "a power of two up to 16384", 1u,
                   16384u);
}

void declare_cluster(CLI::App& command, BenchOptions& options) {
    declare_own_cluster(command, options);
    command
        .add_option("--coordinator", options.coordinator,
                    "measure this cluster: host:port[,host:port...], its coordinator or any "
                    "members; keys that begin with bench are written and deleted again (default: a "
                    "cluster of its own, on free ports of 127.0.0.1)")
        ->type_name("HOST:PORT")
        ->excludes(command.get_option("--nodes"))
        ->excludes(command.get_option("--partitions"));
}

void declare_keys(CLI::App& command, BenchOptions& options) {
    declare_number<std::uint64_t>(command, "--keys", options.keys, "keys in the cluster", 1,
                                  100'000'000);
    declare_number<std::size_t>(command, "--value-size", options.value_size, "bytes of each value",
                                0, value_size_max);
}

void declare_csv(CLI::App& command, BenchOptions& options, const std::string& what) {
    command.add_option("--csv", options.csv, fmt::format("write {} to this file", what))
        ->type_name("FILE");
}

void declare_copies(CLI::App& command, unsigned& copies) {
    auto* rep = declare_number(command, "--rep", copies, "copies of every key", 1u,
                               static_cast<unsigned>(copies_max))
                    ->type_name("K");
    if (auto* running = command.get_option_no_throw("--coordinator")) rep->excludes(running);
}

void declare_clients(CLI::App& command, BenchOptions& options) {
    declare_number<std::size_t>(command, "--clients", options.clients,
                                "clients, each with a connection to every node", 1, 1000);
    declare_number(command, "--gets", options.gets_percent,
                   "percent of the operations that are gets", 0u, 100u);
}

CLI::Option* declare_depth(CLI::App& command, BenchOptions& options) {
    return declare_number<std::size_t>(
        command, "--depth", options.depth,
        "operations in flight of each client: the next follows an answer", 1, 4096);
}

void declare_seconds(CLI::App& command, std::string& seconds, const std::string& what) {
    command.add_option("--seconds", seconds, fmt::format("{} (default {})", what, seconds))
        ->type_name("SECONDS");
}

void declare_rounds(CLI::App& command, BenchOptions& options) {
    declare_number(command, "--rounds", options.rounds, "how often", 1u, 1000u);
}

void declare_common(CLI::App& command, BenchOptions& options) {
    declare_cluster(command, options);
    declare_keys(command, options);
    declare_clients(command, options);
    auto* depth = declare_depth(command, options);
    command
        .add_option("--rate", options.rate,
                    "operations a second of all clients, answered or not; latency counts from when "
                    "they are due (default: as fast as answers come)")
        ->type_name("OPS/S")
        ->check(CLI::Range(1, 10'000'000))
        ->excludes(depth);
    declare_rounds(command, options);
    declare_csv(command, options, "each phase");
}

Result<bench::Setting> setting_of(const BenchOptions& options, unsigned copies) {
    bench::Setting setting;
    if (!options.coordinator.empty()) {
        auto running =
            of_option("--coordinator", resolve_list(options.coordinator, coordinator_port));
        if (!running) return std::unexpected(running.error());
        setting.cluster.running = *std::move(running);
    }
    if (!options.backfill_rate.empty()) {
        // The nodes are told the words, so that these stand in their command lines.
        const auto rate = of_option("--backfill-rate", parse_rate(options.backfill_rate));
        if (!rate) return std::unexpected(rate.error());
    }
    setting.cluster.nodes = options.nodes;
    setting.cluster.copies = copies;
    setting.cluster.partitions = options.partitions;
    setting.cluster.backfill_rate = options.backfill_rate;
    setting.load = {.clients = options.clients, .depth = options.depth, .rate = options.rate};
    setting.workload.keys = options.keys;
    setting.workload.value_size = options.value_size;
    setting.workload.gets_percent = options.gets_percent;
    if (const std::string defect = defect_of(setting, usable_memory()); !defect.empty()) {
        return fail("{}", defect);
    }
    return setting;
}

int bench_usage(const std::string& sentence) {
    return exit_with(Exit::usage, "bench", sentence);
}

int bench_end(const bench::Session& session, const Result<std::string>& report, bench::CsvFile& csv,
              const bench::Tally& all) {
    if (session.interrupted()) {
        print_err("bench: interrupted\n");
        return exit_interrupted;
    }
    if (!report) return exit_with(Exit::unchanged, "bench", report.error().message);
    print_out("{}", *report);
    if (!csv.is_whole()) return exit_with(Exit::unknown, "bench", "the CSV file is not whole");
    if (all.failed == 0) return static_cast<int>(Exit::done);
    return exit_with(
        Exit::negative, "bench",
        fmt::format("{} operations failed; the first: {}", all.failed, all.first_failure));
}

int bench_end(const bench::Session& session, const Result<std::vector<bench::Phase>>& phases,
              bench::CsvFile& csv,
              const std::function<std::string(const std::vector<bench::Phase>&)>& summary) {
    if (!phases) return bench_end(session, std::unexpected(phases.error()), csv, bench::Tally{});
    bench::Tally all;
    for (const bench::Phase& phase : *phases) all.add(phase.tally);
    const std::string table = phases->empty() ? "" : bench::phase_table(*phases) + "\n";
    return bench_end(session, table + summary(*phases), csv, all);
}

}  // namespace grapevine
