#include <sys/resource.h>

#include <memory>
#include <utility>

#include "bench/scale.h"
#include "bench/throughput.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct ScaleOptions : BenchOptions {
    ScaleOptions() {
        keys = 100'000;
        value_size = 100;
    }
    unsigned copies = 3;
    std::vector<std::string> dimensions = bench::scale_dimensions();
    std::string seconds = "2";
    bool shorter = false;
};

// The limit is at its highest (prepare_process).
std::uint64_t files_allowed() {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

int run_scale(const ScaleOptions& options, const bench::RunFacts& facts) {
    auto setting = setting_of(options, options.copies);
    if (!setting) return bench_usage(setting.error().message);
    const auto span = of_option("--seconds", parse_seconds(options.seconds, 3600s));
    if (!span) return bench_usage(span.error().message);
    const auto points = scale_points(*setting, options.dimensions, options.shorter,
                                     {.memory = usable_memory() / 4, .files = files_allowed()});
    const std::string about = describe_run(facts) + scale_notes(points);
    auto csv = bench::CsvFile::open(options.csv, about, bench::scale_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    bench::Session session;
    print_out("{}", about);
    std::string failures;
    const auto round = [&](const bench::ScalePoint& point, const bench::Phase& phase) {
        csv->add(scale_csv_line(point, phase));
    };
    const auto failed = [&](const std::string& why) {
        csv->add("# not measured to its end: " + why);
        failures += (failures.empty() ? "" : "; ") + why;
    };
    std::vector<std::pair<bench::ScalePoint, double>> streams;
    const auto stream = [&](const bench::ScalePoint& point, double carried) {
        streams.emplace_back(point, carried);
    };
    const auto phases = scale(session, {.points = points, .rounds = options.rounds, .span = *span},
                              {.round = round, .failed = failed, .stream = stream});
    std::string beside;
    for (const auto& [point, carried] : streams) {
        if (phases) beside += stream_text(point, *phases, carried);
    }
    if (!beside.empty()) csv->add("# " + beside.substr(0, beside.size() - 1));
    const int code =
        bench_end(session, phases, *csv, [&](const std::vector<bench::Phase>& measured) {
            return bench::throughput_summary(measured) + beside;
        });
    if (code != 0 || failures.empty()) return code;
    return exit_with(Exit::negative, "bench", "not measured to its end: " + failures);
}

}  // namespace

BenchCommand add_scale(CLI::App& app) {
    auto options = std::make_shared<ScaleOptions>();
    CLI::App& command = *app.add_subcommand(
        "scale", "throughput and latency over nodes, clients, the size of values, and keys");
    command
        .add_option("--vary", options->dimensions,
                    "what to vary, one after the other (default nodes,clients,value-size,keys)")
        ->type_name("D[,D...]")
        ->delimiter(',')
        ->check(CLI::IsMember(bench::scale_dimensions()));
    command.add_flag("--short", options->shorter,
                     "two or three points of each, and no more than 100,000 keys");
    declare_own_cluster(command, *options);
    declare_copies(command, options->copies);
    declare_keys(command, *options);
    declare_clients(command, *options);
    declare_depth(command, *options);
    declare_seconds(command, options->seconds, "of each round");
    declare_rounds(command, *options);
    declare_csv(command, *options, "each round");
    command.footer(
        "Varies one thing at a time: nodes from 1 to 14, clients from 1 to 1,000, values from 16\n"
        "bytes to 1 MB, keys from ten thousand to ten million. The options above say what the\n"
        "others are meanwhile. A quarter of the memory is used at most: large values get fewer\n"
        "keys, and what does not fit is left out, which is said at the beginning. A single node\n"
        "has one copy of each key. Each point has a cluster of its own, and a second of warm-up.\n"
        "Beside values of 1 MB a raw TCP stream over loopback is measured, for three seconds, and\n"
        "what part of that they came to is told.\n"
        "All of it takes a quarter of an hour, --short --seconds 0.5 a minute or two.\n"
        "Example: bench scale --vary nodes,clients --csv scale.csv");
    return [options](const bench::RunFacts& facts) { return run_scale(*options, facts); };
}

}  // namespace grapevine
