// bench: measures a cluster of real processes under load. Each command is in a file of its own.

#include <map>

#include "bench_commands.h"

namespace grapevine {

namespace {

std::string command_line(int argc, const char* const* argv) {
    std::string line = "bench";
    for (int i = 1; i < argc; ++i) line += std::string(" ") + argv[i];
    return line;
}

int main(int argc, const char* const* argv) {
    prepare_process();
    CLI::App app("Measures a Grapevine cluster under load.", "bench");
    add_version(app);
    app.require_subcommand(0, 1);  // otherwise an unknown one would be told as none
    app.footer(
        "bench COMMAND --help tells more.\n"
        "Examples:\n"
        "  bench throughput --nodes 7 --rep 1,3,5 --ops 200000 --csv throughput.csv\n"
        "  bench balance --nodes 7 --rep 1 --keys 100000\n"
        "  bench latency --rate 5000,10000\n"
        "  bench failover --kills 200\n"
        "  bench rebalance --nodes 7 --rep 3\n"
        "  bench ycsb --workload a,b,c,d,f\n"
        "  bench scale --short --seconds 0.5\n"
        "  bench compare --against redis,etcd --csv compare.csv\n"
        "results/charts/chart.sh draws the CSV files; ./run bench does all of it.\n"
        "SIGINT and SIGTERM stop everything that it started.\n"
        "Exit codes: 0 measured, 1 measured, but operations or parts failed, 2 usage, 3 it could\n"
        "not be measured, 4 the CSV file is not whole, 130 interrupted.");
    const std::map<std::string, BenchCommand> commands = {
        {"balance", add_balance(app)},       {"compare", add_compare(app)},
        {"failover", add_failover(app)},     {"latency", add_latency(app)},
        {"rebalance", add_rebalance(app)},   {"scale", add_scale(app)},
        {"throughput", add_throughput(app)}, {"ycsb", add_ycsb(app)},
    };
    if (const auto code = parse_options(app, argc, argv)) return *code;
    if (app.get_subcommands().empty()) {
        return exit_with(Exit::usage, "bench", "a command is required; see bench --help");
    }
    const bench::RunFacts facts{.commit = GRAPEVINE_COMMIT, .command = command_line(argc, argv)};
    return commands.at(app.get_subcommands().front()->get_name())(facts);
}

}  // namespace

}  // namespace grapevine

int main(int argc, char** argv) {
    return grapevine::end_output("bench", grapevine::main(argc, argv),
                                 static_cast<int>(grapevine::Exit::unknown));
}
