#include <algorithm>

#include "bench_commands.h"
#include "runtime/process.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

void declare_cluster(CLI::App& command, BenchOptions& options) {
    auto* running =
        command
            .add_option("--coordinator", options.coordinator,
                        "measure this cluster: host:port[,host:port...], its coordinator or any "
                        "members; keys bench0 ... are written and deleted again (default: a "
                        "cluster of its own, on free ports of 127.0.0.1)")
            ->type_name("HOST:PORT");
    command
        .add_option("--nodes", options.nodes,
                    fmt::format("nodes to start (default {})", options.nodes))
        ->type_name("N")
        ->check(CLI::Range(1, 1000))
        ->excludes(running);
    command
        .add_option("--partitions", options.partitions, "a power of two up to 16384 (default 1024)")
        ->type_name("N")
        ->check(CLI::Range(1, 16384))
        ->excludes(running);
}

void declare_load(CLI::App& command, BenchOptions& options) {
    const auto number = [&](const char* name, auto& value, const std::string& help, auto min,
                            auto max) {
        return command.add_option(name, value, fmt::format("{} (default {})", help, value))
            ->type_name("N")
            ->check(CLI::Range(min, max));
    };
    number("--keys", options.keys, "keys in the cluster", 1, 100'000'000);
    number("--value-size", options.value_size, "bytes of each value", std::size_t{0},
           value_size_max);
    number("--clients", options.clients, "clients, each with a connection to every node", 1, 1000);
    auto* depth =
        number("--depth", options.depth,
               "operations in flight of each client: the next follows an answer", 1, 4096);
    command
        .add_option("--rate", options.rate,
                    "operations a second of all clients, answered or not; latency counts from when "
                    "they are due (default: as fast as answers come)")
        ->type_name("OPS/S")
        ->check(CLI::Range(1, 10'000'000))
        ->excludes(depth);
    number("--gets", options.gets_percent, "percent of the operations that are gets", 0, 100);
}

}  // namespace

void declare_common(CLI::App& command, BenchOptions& options) {
    declare_cluster(command, options);
    declare_load(command, options);
    command
        .add_option("--rounds", options.rounds,
                    fmt::format("how often (default {})", options.rounds))
        ->type_name("N")
        ->check(CLI::Range(1, 1000));
    command.add_option("--csv", options.csv, "write each phase to this file")->type_name("FILE");
}

Result<bench::Setting> setting_of(const BenchOptions& options) {
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
    setting.cluster.partitions = options.partitions;
    setting.cluster.backfill_rate = options.backfill_rate;
    setting.load = {.clients = options.clients, .depth = options.depth, .rate = options.rate};
    setting.workload.keys = options.keys;
    setting.workload.value_size = options.value_size;
    setting.workload.gets_percent = options.gets_percent;
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
    return bench_end(session, bench::phase_table(*phases) + "\n" + summary(*phases), csv, all);
}

}  // namespace grapevine
