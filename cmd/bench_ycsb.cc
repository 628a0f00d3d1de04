#include <memory>

#include "bench/ycsb.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct YcsbOptions : BenchOptions {
    YcsbOptions() {
        keys = 100'000;
        value_size = 1000;
    }
    unsigned copies = 3;
    std::vector<std::string> workloads = {"a", "b", "c", "d", "f"};
    std::uint64_t operations = 100'000;
};

int run_ycsb(const YcsbOptions& options, const bench::RunFacts& facts) {
    auto setting = setting_of(options, options.copies);
    if (!setting) return bench_usage(setting.error().message);
    const bench::YcsbChoice workloads = bench::ycsb_choice(options.workloads);
    for (const std::string& name : workloads.names) {
        const auto mix = of_option("--workload", bench::ycsb_mix(name));
        if (!mix) return bench_usage(mix.error().message);
    }
    const std::string about = describe_run(facts) + workloads.note;
    auto csv = bench::CsvFile::open(options.csv, about, bench::phase_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    bench::Session session;
    print_out("{}", about);
    const auto phases = ycsb(session,
                             {.setting = *setting,
                              .workloads = workloads.names,
                              .operations = options.operations,
                              .rounds = options.rounds},
                             [&](const bench::Phase& phase) { csv->add(phase_csv_line(phase)); });
    return bench_end(session, phases, *csv, bench::ycsb_summary);
}

}  // namespace

BenchCommand add_ycsb(CLI::App& app) {
    auto options = std::make_shared<YcsbOptions>();
    CLI::App& command = *app.add_subcommand(
        "ycsb", "the core workloads of YCSB: a to d and f, of which few keys are most popular");
    declare_cluster(command, *options);
    declare_copies(command, options->copies);
    declare_keys(command, *options);
    command
        .add_option("--workload", options->workloads,
                    "which, one after the other on one cluster, as in a,c or a-f, which "
                    "leaves out e (default a,b,c,d,f)")
        ->type_name("W[,W...]")
        ->delimiter(',');
    declare_number<std::uint64_t>(command, "--ops", options->operations, "operations of each round",
                                  4, 1'000'000'000);
    declare_number<std::size_t>(command, "--clients", options->clients,
                                "clients, each with a connection to every node", 1, 1000);
    declare_depth(command, *options);
    declare_rounds(command, *options);
    declare_csv(command, *options, "each round");
    command.footer(
        "  a  50 % reads, 50 % updates\n"
        "  b  95 % reads, 5 % updates\n"
        "  c  reads\n"
        "  d  95 % reads, 5 % inserts; what was inserted last is read most\n"
        "  f  50 % reads, 50 % reads of a key that is then written\n"
        "Keys are drawn by Zipf's distribution with exponent 0.99, scrambled. e, short scans, is\n"
        "not offered: the store has no order of keys. Records have no fields: an update writes\n"
        "all of one. A read-modify-write counts as one operation, a write, from its read to the\n"
        "answer to its write. A quarter of --ops warms each workload up.\n"
        "Example: bench ycsb --workload a,b,c --keys 1000000 --csv ycsb.csv");
    return [options](const bench::RunFacts& facts) { return run_ycsb(*options, facts); };
}

}  // namespace grapevine
