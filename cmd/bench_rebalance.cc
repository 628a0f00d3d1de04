#include <memory>

#include "bench/rebalance.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct RebalanceOptions : BenchOptions {
    RebalanceOptions() {
        keys = 100'000;
        value_size = 1000;
    }
    unsigned copies = 3;
    std::string steady = "5";
};

int run_rebalance(const RebalanceOptions& options, const bench::RunFacts& facts) {
    auto setting = setting_of(options, options.copies);
    if (!setting) return bench_usage(setting.error().message);
    const auto steady = of_option("--seconds", parse_seconds(options.steady, 3600s));
    if (!steady) return bench_usage(steady.error().message);
    const std::string about =
        describe_run(facts) +
        (options.backfill_rate.empty()
             ? "no bound on the backfill\n"
             : fmt::format("backfill: {} MB/s of each node started here\n", options.backfill_rate));
    auto csv = bench::CsvFile::open(options.csv, about, bench::phase_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    bench::Session session;
    print_out("{}", about);
    const auto phases =
        rebalance(session, {.setting = *setting, .rounds = options.rounds, .steady = *steady},
                  [&](const bench::Phase& phase) { csv->add(phase_csv_line(phase)); });
    return bench_end(session, phases, *csv, bench::rebalance_summary);
}

}  // namespace

BenchCommand add_rebalance(CLI::App& app) {
    auto options = std::make_shared<RebalanceOptions>();
    CLI::App& command = *app.add_subcommand(
        "rebalance",
        "what a load feels of a node that joins and is filled, and of one that leaves");
    declare_common(command, *options);
    declare_copies(command, options->copies);
    command
        .add_option("--backfill-rate", options->backfill_rate,
                    "MB/s that each node that is started sends to fill copies, at most (default: "
                    "no bound)")
        ->type_name("MB/S");
    declare_seconds(command, options->steady, "of each stretch in which nothing moves");
    command.footer(
        "Each round: a node joins, peace, it leaves, peace. Joins and leaves are compared with "
        "the\n"
        "peace before and after them.");
    return [options](const bench::RunFacts& facts) { return run_rebalance(*options, facts); };
}

}  // namespace grapevine
