#include <memory>

#include "bench/failover.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct FailoverOptions : BenchOptions {
    FailoverOptions() {
        keys = 10'000;
        value_size = 100;
        rate = 2000;
    }
    unsigned copies = 3;
    unsigned kills = 200;
    std::string timeline;
};

int run_failover(const FailoverOptions& options, const bench::RunFacts& facts) {
    auto setting = setting_of(options, options.copies);
    if (!setting) return bench_usage(setting.error().message);
    setting->cluster.by_hand = true;
    if (options.copies < 2) return bench_usage("--rep: a key with one copy dies with its node");
    const std::string about = describe_run(facts);
    auto csv = bench::CsvFile::open(options.csv, about, bench::kill_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    auto timeline = bench::CsvFile::open(options.timeline, about, bench::timeline_csv_head());
    if (!timeline) return bench_usage(timeline.error().message);
    bench::Session session;
    print_out("{}", about);
    const auto found = failover(session, {.setting = *setting, .kills = options.kills},
                                [&](const bench::Kill& kill) { csv->add(kill_csv_line(kill)); });
    Result<std::vector<bench::Phase>> phases;
    if (found) {
        phases = found->phases;
        for (const std::string& line : timeline_csv_lines(*found)) timeline->add(line);
    } else {
        phases = std::unexpected(found.error());
    }
    const int code = bench_end(session, phases, *csv, [&](const std::vector<bench::Phase>&) {
        return bench::failover_summary(found->kills);
    });
    if (timeline->is_whole()) return code;
    return exit_with(Exit::unknown, "bench", "the file of the timeline is not whole");
}

}  // namespace

BenchCommand add_failover(CLI::App& app) {
    auto options = std::make_shared<FailoverOptions>();
    CLI::App& command =
        *app.add_subcommand("failover", "how long keys are not served when their node is killed");
    declare_own_cluster(command, *options);
    declare_copies(command, options->copies);
    declare_keys(command, *options);
    declare_clients(command, *options);
    declare_number(command, "--kills", options->kills, "how many nodes to kill, one at a time", 1u,
                   100'000u);
    declare_number<std::uint64_t>(
        command, "--rate", options->rate,
        "operations a second of all clients together beside it; 0: none, the cluster is idle", 0,
        10'000'000);
    declare_csv(command, *options, "each kill");
    command
        .add_option("--timeline", options->timeline,
                    "write the throughput over time to this file: of the first minute, and the "
                    "mean around all kills")
        ->type_name("FILE");
    command.footer(
        "A client reads a key, the key's primary is killed with SIGKILL, the client at once reads\n"
        "the key again: \"gap_us\" is the time from the kill to the answer. \"silence_us\" comes "
        "from\n"
        "the load: the longest that no operation on any key of the dead node was answered.\n"
        "\"whole_ms\" is the time until a new node has joined and every copy is in its place; "
        "only\n"
        "then comes the next kill. Goals: median at most 300 ms, at most one of a hundred kills\n"
        "above 600 ms. Only nodes of a cluster of its own are killed.\n"
        "Example: bench failover --kills 200 --csv kills.csv --timeline timeline.csv");
    return [options](const bench::RunFacts& facts) { return run_failover(*options, facts); };
}

}  // namespace grapevine
