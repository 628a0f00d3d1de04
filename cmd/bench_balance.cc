#include <memory>

#include "bench/balance.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct BalanceOptions : BenchOptions {
    BalanceOptions() {
        keys = 100'000;
        value_size = 10;
    }
    unsigned copies = 1;
};

int run_balance(const BalanceOptions& options, const bench::RunFacts& facts) {
    auto setting = setting_of(options, options.copies);
    if (!setting) return bench_usage(setting.error().message);
    const std::string about = describe_run(facts);
    auto csv = bench::CsvFile::open(options.csv, about, bench::share_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    bench::Session session;
    print_out("{}", about);
    const auto found = balance(
        session, *setting, [&](const bench::NodeShare& share) { csv->add(share_csv_line(share)); });
    Result<std::vector<bench::Phase>> phases;
    if (found) {
        phases = found->phases;
    } else {
        phases = std::unexpected(found.error());
    }
    return bench_end(session, phases, *csv, [&](const std::vector<bench::Phase>&) {
        return bench::balance_text(found->shares);
    });
}

}  // namespace

BenchCommand add_balance(CLI::App& app) {
    auto options = std::make_shared<BalanceOptions>();
    CLI::App& command =
        *app.add_subcommand("balance", "how evenly keys fall on nodes, against chance");
    declare_cluster(command, *options);
    declare_copies(command, options->copies);
    declare_keys(command, *options);
    declare_csv(command, *options, "the keys of each node");
    command.footer(
        "Puts key0, key1, ... and then as many random keys (sixteen hexadecimal digits), each set\n"
        "into a cluster of its own (in a running cluster all begin with bench), and counts for\n"
        "each node the keys that it took as their primary. Beside it stands what chance would "
        "give\n"
        "a node of its share of the partitions: the mean of the binomial distribution and two of\n"
        "its standard deviations, within which random keys are for 95 of 100 nodes. The result\n"
        "does not depend on time, so there are no rounds.\n"
        "Example: bench balance --nodes 7 --rep 1 --keys 100000 --csv balance.csv");
    return [options](const bench::RunFacts& facts) { return run_balance(*options, facts); };
}

}  // namespace grapevine
