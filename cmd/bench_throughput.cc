#include <memory>

#include "bench/throughput.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct ThroughputOptions : BenchOptions {
    ThroughputOptions() {
        keys = 100'000;
        value_size = 100;
    }
    std::vector<unsigned> copies = {1, 3, 5};
    std::uint64_t operations = 200'000;
};

int run_throughput(const ThroughputOptions& options, const bench::RunFacts& facts) {
    Result<bench::Setting> setting;
    for (const unsigned copies : options.copies) {
        setting = setting_of(options, copies);
        if (!setting) return bench_usage(setting.error().message);
    }
    const std::string about = describe_run(facts);
    auto csv = bench::CsvFile::open(options.csv, about, bench::phase_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    bench::Session session;
    print_out("{}", about);
    const bench::ThroughputConfig config{
        .setting = *setting,
        .copies = options.copies,
        .operations = options.operations,
        .rounds = options.rounds,
        .warm_up = std::max<std::uint64_t>(options.operations / 4, 1)};
    const auto phases = throughput(
        session, config, [&](const bench::Phase& phase) { csv->add(phase_csv_line(phase)); });
    return bench_end(session, phases, *csv, bench::throughput_summary);
}

}  // namespace

BenchCommand add_throughput(CLI::App& app) {
    auto options = std::make_shared<ThroughputOptions>();
    CLI::App& command =
        *app.add_subcommand("throughput", "operations a second, for so many copies of every key");
    declare_common(command, *options);
    command
        .add_option("--rep", options->copies,
                    "copies of every key, a cluster for each (default 1,3,5)")
        ->type_name("K[,K...]")
        ->delimiter(',')
        ->check(CLI::Range(1, static_cast<int>(copies_max)))
        ->excludes(command.get_option("--coordinator"));
    command.add_option("--ops", options->operations, "operations of each round (default 200000)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000'000));
    command.footer("A quarter of --ops warms each cluster up.");
    return [options](const bench::RunFacts& facts) { return run_throughput(*options, facts); };
}

}  // namespace grapevine
