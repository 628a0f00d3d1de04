#include <memory>

#include "bench/latency.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct LatencyOptions : BenchOptions {
    LatencyOptions() {
        keys = 100'000;
        value_size = 100;
    }
    unsigned copies = 3;
    std::vector<std::uint64_t> rates = {2000, 5000, 10'000};
    std::string seconds = "5";
    std::string percentiles;
};

int run_latency(const LatencyOptions& options, const bench::RunFacts& facts) {
    auto setting = setting_of(options, options.copies);
    if (!setting) return bench_usage(setting.error().message);
    const auto span = of_option("--seconds", parse_seconds(options.seconds, 3600s));
    if (!span) return bench_usage(span.error().message);
    const std::string about = describe_run(facts);
    auto csv = bench::CsvFile::open(options.csv, about, bench::phase_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    auto points = bench::CsvFile::open(options.percentiles, about, bench::percentile_csv_head());
    if (!points) return bench_usage(points.error().message);
    bench::Session session;
    print_out("{}", about);
    const auto phases = latency(
        session,
        {.setting = *setting, .rates = options.rates, .rounds = options.rounds, .span = *span},
        [&](const bench::Phase& phase) { csv->add(phase_csv_line(phase)); });
    if (phases) {
        for (const std::string& line : percentile_csv_lines(*phases)) points->add(line);
    }
    const int code = bench_end(session, phases, *csv, [&](const std::vector<bench::Phase>& all) {
        return bench::latency_summary(options.rates, all);
    });
    if (points->is_whole()) return code;
    return exit_with(Exit::unknown, "bench", "the file of percentiles is not whole");
}

}  // namespace

BenchCommand add_latency(CLI::App& app) {
    auto options = std::make_shared<LatencyOptions>();
    CLI::App& command =
        *app.add_subcommand("latency", "how long operations take at fixed rates, stalls included");
    declare_cluster(command, *options);
    declare_copies(command, options->copies);
    declare_keys(command, *options);
    declare_clients(command, *options);
    command
        .add_option("--rate", options->rates,
                    "operations a second of all clients together, one rate after the other "
                    "(default 2000,5000,10000)")
        ->type_name("OPS/S[,OPS/S...]")
        ->delimiter(',')
        ->check(CLI::Range(1, 10'000'000));
    declare_seconds(command, options->seconds, "of each round");
    declare_rounds(command, *options);
    declare_csv(command, *options, "each round");
    command
        .add_option("--percentiles", options->percentiles,
                    "write the distribution of latencies of each rate, all rounds together, to "
                    "this file")
        ->type_name("FILE");
    command.footer(
        "Operations are due at even intervals, whether or not earlier ones were answered, and\n"
        "their latency counts from when they were due: what waits behind a stall is counted with\n"
        "it (no coordinated omission), also what is due before the end and answered after it. "
        "What\n"
        "fails counts with the time until that was known, and in a column of its own. Values are\n"
        "kept to within 1/128. \"submitted late\" is the part of it that the load generator "
        "itself\n"
        "was late: where it is not far below the latency, this machine was too busy to measure "
        "it.\n"
        "Two seconds warm each rate up.\n"
        "Example: bench latency --rate 5000,20000 --csv latency.csv --percentiles points.csv");
    return [options](const bench::RunFacts& facts) { return run_latency(*options, facts); };
}

}  // namespace grapevine
