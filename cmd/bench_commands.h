#pragma once
// The commands of bench. Each is declared in a file of its own (bench_NAME.cc); what they do is in
// src/bench.

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/experiment.h"
#include "bench/record.h"
#include "bench/session.h"
#include "options.h"

namespace grapevine {

// As sim's.
inline constexpr int exit_interrupted = 130;

// Runs what the command line asked for; the exit code.
using BenchCommand = std::function<int(const bench::RunFacts&)>;

// Each adds a subcommand and its options to `app`; what is returned is called where it was chosen.
BenchCommand add_balance(CLI::App& app);
BenchCommand add_compare(CLI::App& app);
BenchCommand add_failover(CLI::App& app);
BenchCommand add_latency(CLI::App& app);
BenchCommand add_rebalance(CLI::App& app);
BenchCommand add_scale(CLI::App& app);
BenchCommand add_throughput(CLI::App& app);
BenchCommand add_ycsb(CLI::App& app);

// What most commands have in common, as it was typed.
struct BenchOptions {
    std::string coordinator;  // empty: a cluster is started
    std::size_t nodes = 7;
    unsigned partitions = 1024;
    std::string backfill_rate;
    std::uint64_t keys = 0;
    std::size_t value_size = 0;
    std::size_t clients = 10;
    std::size_t depth = 16;
    std::uint64_t rate = 0;
    unsigned gets_percent = 50;
    unsigned rounds = 5;
    std::string csv;
};
// The defaults are those that `options` has.
void declare_own_cluster(CLI::App& command, BenchOptions& options);
void declare_cluster(CLI::App& command, BenchOptions& options);  // its own, or a running one
void declare_keys(CLI::App& command, BenchOptions& options);     // and the size of values
void declare_clients(CLI::App& command, BenchOptions& options);  // and how many gets
CLI::Option* declare_depth(CLI::App& command, BenchOptions& options);
// `seconds` is what it is without the option. `what` they are of.
void declare_seconds(CLI::App& command, std::string& seconds, const std::string& what);
void declare_rounds(CLI::App& command, BenchOptions& options);
void declare_csv(CLI::App& command, BenchOptions& options, const std::string& what);
// --rep, one number.
void declare_copies(CLI::App& command, unsigned& copies);
// A whole number from min to max, its default told.
template <class T>
CLI::Option* declare_number(CLI::App& command, const std::string& name, T& value,
                            const std::string& help, T min, T max) {
    return command.add_option(name, value, fmt::format("{} (default {})", help, value))
        ->type_name("N")
        ->check(CLI::Range(min, max));
}
// The load, how often, and --csv with the above.
void declare_common(CLI::App& command, BenchOptions& options);
// What was asked for, if it goes together and fits into memory.
Result<bench::Setting> setting_of(const BenchOptions& options, unsigned copies);

int bench_usage(const std::string& sentence);
// What became of a command: what it has to say, or why it could not be measured; and all of its
// operations.
int bench_end(const bench::Session& session, const Result<std::string>& report, bench::CsvFile& csv,
              const bench::Tally& all);
// The same: its phases are told with `summary`, a failure in a sentence.
int bench_end(const bench::Session& session, const Result<std::vector<bench::Phase>>& phases,
              bench::CsvFile& csv,
              const std::function<std::string(const std::vector<bench::Phase>&)>& summary);

}  // namespace grapevine
