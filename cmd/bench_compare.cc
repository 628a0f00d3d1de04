#include <memory>

#include "bench/compare.h"
#include "bench_commands.h"
#include "runtime/process.h"

namespace grapevine {

namespace {

struct CompareOptions {
    bench::CompareConfig config;
    std::string seconds = "3";
    std::string csv;
};

bench::CompareConfig default_config() {
    bench::CompareConfig config;
    config.workload.keys = 100'000;
    config.workload.value_size = 100;
    return config;
}

int run_compare(CompareOptions options, const bench::RunFacts& facts) {
    const auto span = of_option("--seconds", parse_seconds(options.seconds, 3600s));
    if (!span) return bench_usage(span.error().message);
    const bool is_counted = options.config.round.operations > 0;
    options.config.round.span = is_counted ? Duration{} : *span;
    if (const auto defect = defect_of(options.config, usable_memory()); !defect.empty()) {
        return bench_usage(defect);
    }
    const std::string about = describe_run(facts);
    auto csv = bench::CsvFile::open(options.csv, about, bench::bout_csv_head());
    if (!csv) return bench_usage(csv.error().message);
    bench::Session session;
    print_out("{}", about);
    bench::Tally all;
    const bench::CompareEvents events{.round =
                                          [&](const bench::Bout& bout, const bench::Phase& phase) {
                                              csv->add(bout_csv_line(bout, phase));
                                              all.add(phase.tally);
                                          },
                                      .note =
                                          [&](const std::string& sentence) {
                                              session.clear_progress();
                                              print_out("{}\n", sentence);
                                              csv->add("# " + sentence);
                                          }};
    const auto bouts = compare(session, options.config, events);
    return bench_end(
        session,
        bouts ? Result<std::string>(bench::bout_tables(*bouts)) : std::unexpected(bouts.error()),
        *csv, all);
}

void declare_rivals(CLI::App& command, bench::CompareConfig& config) {
    command
        .add_option("--against", config.against,
                    "redis: Redis Cluster, without copies for --rep 1, and for more with as many "
                    "replicas, asynchronous and with a WAIT for all of them after each put; etcd: "
                    "for --rep 3 and --depth 1, 3 servers on either side, with a tenth of --ops "
                    "where that is given (default redis,etcd)")
        ->type_name("NAME[,NAME]")
        ->delimiter(',')
        ->check(CLI::IsMember({"redis", "etcd"}));
    command.add_option("--rep", config.copies, "copies of every key (default 1,3,5)")
        ->type_name("K[,K...]")
        ->delimiter(',')
        ->check(CLI::Range(1, static_cast<int>(copies_max)));
    command
        .add_option("--depth", config.depths,
                    "operations in flight on each connection (default 1,16,64)")
        ->type_name("N[,N...]")
        ->delimiter(',')
        ->check(CLI::Range(1, 4096));
    command
        .add_option("--rate", config.rates,
                    "operations a second of either system, due at even intervals and counted from "
                    "then, stalls included: compares latency instead of throughput; --depth is "
                    "what may be in flight (then 1024 by default)")
        ->type_name("N[,N...]")
        ->delimiter(',')
        ->check(CLI::Range(1, 10'000'000));
}

void declare_numbers(CLI::App& command, bench::CompareConfig& config) {
    const auto number = [&](const char* name, auto& value, const std::string& help, auto min,
                            auto max) {
        command.add_option(name, value, fmt::format("{} (default {})", help, value))
            ->type_name("N")
            ->check(CLI::Range(min, max));
    };
    number("--nodes", config.nodes, "nodes of Grapevine, and masters of Redis", 1, 100);
    number("--connections", config.connections, "connections, spread over the nodes", 1, 1000);
    number("--keys", config.workload.keys, "keys in each cluster", 1, 100'000'000);
    number("--value-size", config.workload.value_size, "bytes of each value", std::size_t{0},
           value_size_max);
    number("--gets", config.workload.gets_percent, "percent of the operations that are gets", 0,
           100);
    number("--rounds", config.rounds, "how often each is loaded", 1, 1000);
}

void declare_length(CLI::App& command, CompareOptions& options) {
    declare_seconds(command, options.seconds, "of each round of each system");
    command
        .add_option("--ops", options.config.round.operations,
                    "operations of each round, instead of --seconds")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000'000))
        ->excludes(command.get_option("--seconds"));
}

}  // namespace

BenchCommand add_compare(CLI::App& app) {
    auto options = std::make_shared<CompareOptions>();
    options->config = default_config();
    CLI::App& command = *app.add_subcommand(
        "compare", "the same load on Grapevine and on other systems, started beside it");
    declare_rivals(command, options->config);
    declare_numbers(command, options->config);
    declare_length(command, *options);
    command.add_option("--csv", options->csv, "write each round to this file")->type_name("FILE");
    command.footer(
        "Both clusters stand on free ports of 127.0.0.1 and are loaded in turn; a quarter of\n"
        "--seconds, and a second at least, warms each up. Each connection is bound to one node "
        "and\n"
        "asks for keys of that node. What is not installed is left out.\n"
        "Examples:\n"
        "  bench compare --against redis --rep 1 --depth 64\n"
        "  bench compare --against etcd --rep 3 --depth 1 --seconds 10\n"
        "  bench compare --against redis --rep 1,3 --rate 20000,50000\n"
        "  bench compare --rep 1,3,5 --rounds 7 --csv compare.csv");
    return [options, &command](const bench::RunFacts& facts) {
        const bool is_depth_given = command.get_option("--depth")->count() > 0;
        if (!options->config.rates.empty() && !is_depth_given) options->config.depths = {1024};
        return run_compare(*options, facts);
    };
}

}  // namespace grapevine
