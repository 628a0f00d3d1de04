// sim membership --nodes 1000 --loss 20
//
// Same options, same numbers, however many processes there are at once (--jobs).

#include "sim_membership.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/print.h"
#include "client/messages.h"
#include "progress/progress.h"
#include "sim/membership.h"
#include "sim/membership_report.h"
#include "sim/workers.h"
#include "version.h"

// Named, not anonymous: sim.cc, which may be compiled together with this, has an Options too.
namespace grapevine::sim::membership_command_line {

constexpr int exit_usage = 2;
constexpr int exit_interrupted = 130;

struct Options {
    // Signed, so that a negative number is seen as one.
    std::int64_t nodes = 7;
    std::int64_t loss = 0;
    std::int64_t seeds = 20;
    std::int64_t seed = 1;
    std::int64_t crash = 1;
    std::int64_t cut = 1;
    bool stop = false;
    std::int64_t pause_ms = 0;
    std::int64_t pause_min_ms = 0;
    std::int64_t pause_gap_ms = 1000;
    std::int64_t pausing = 1;
    std::int64_t quiet_ms = 1000;
    bool bootstrap = false;
    bool fast = false;
    std::int64_t jobs = 0;
    std::string csv;
    std::vector<std::string> tables;
    bool verbose = false;
};

int usage(const std::string& sentence) {
    print_err("sim membership: {}\n", sentence);
    return exit_usage;
}

std::string complaint(const Options& options) {
    const auto outside = [](std::int64_t value, std::int64_t low, std::int64_t high) {
        return value < low || value > high;
    };
    if (outside(options.nodes, 3, 20'000)) return "--nodes is 3 to 20000";
    if (options.bootstrap && outside(options.nodes, 3, members_waiting_max)) {
        return fmt::format("--bootstrap is for 3 to {} nodes: more cannot join at once",
                           members_waiting_max);
    }
    if (options.stop && options.cut == 0) return "--stop is about those of --cut, which is 0";
    if (outside(options.loss, 0, 100)) return "--loss is 0 to 100 percent";
    if (outside(options.seeds, 1, 1'000'000)) return "--seeds is 1 to 1000000";
    if (outside(options.seed, 0, 1LL << 62)) return "--seed is 0 or more";
    if (outside(options.crash, 0, options.nodes - 1)) return "--crash is 0 to less than --nodes";
    if (outside(options.cut, 0, options.nodes - 1)) return "--cut is 0 to less than --nodes";
    if (outside(options.pause_ms, 0, 3'600'000)) return "--pause is 0 to 3600000 ms";
    if (outside(options.pause_min_ms, 0, options.pause_ms)) return "--pause-min is 0 to --pause";
    if (outside(options.pause_gap_ms, 1, 3'600'000)) return "--pause-gap is 1 to 3600000 ms";
    if (outside(options.pausing, 1, options.nodes)) return "--pausing is 1 to --nodes";
    if (outside(options.quiet_ms, 1, 86'400'000)) return "--quiet is 1 to 86400000 ms";
    if (outside(options.jobs, 0, 256)) return "--jobs is 0 to 256";
    return {};
}

MembershipConfig config_of(const Options& options) {
    MembershipConfig config;
    config.nodes = static_cast<std::size_t>(options.nodes);
    config.bootstrap = options.bootstrap;
    config.quiet = std::chrono::milliseconds(options.quiet_ms);
    config.crash = static_cast<std::size_t>(options.crash);
    config.cut = static_cast<std::size_t>(options.cut);
    config.stop = options.stop;
    config.fast = options.fast;
    config.pause_min = std::chrono::milliseconds(options.pause_min_ms);
    config.pause_max = std::chrono::milliseconds(options.pause_ms);
    config.pause_gap_max = std::chrono::milliseconds(options.pause_gap_ms);
    config.pausing = static_cast<std::size_t>(options.pausing);
    config.network.loss_percent = static_cast<std::uint32_t>(options.loss);
    return config;
}

std::string replay_of(const Options& options, std::uint64_t seed) {
    std::string line = fmt::format(
        "./sim membership --nodes {} --loss {} --crash {} --cut {} "
        "--quiet {}",
        options.nodes, options.loss, options.crash, options.cut, options.quiet_ms);
    if (options.stop) line += " --stop";
    if (options.fast) line += " --fast";
    if (options.bootstrap) line += " --bootstrap";
    if (options.pause_ms > 0) {
        line +=
            fmt::format(" --pause {} --pause-min {} --pause-gap {} --pausing {}", options.pause_ms,
                        options.pause_min_ms, options.pause_gap_ms, options.pausing);
    }
    return line + fmt::format(" --seeds 1 --seed {}", seed);
}

// A process that runs one seed, however long that takes.
WorkersConfig workers_of(const Options& options) {
    const std::int64_t cores = std::max(1U, std::thread::hardware_concurrency());
    return {.at_once = static_cast<std::size_t>(options.jobs > 0 ? options.jobs : cores),
            .limit = std::chrono::hours(24)};
}

// What a seed's process left behind.
struct Measured {
    RunResult result = RunResult::crashed;
    std::string failure;                  // empty: none
    std::optional<MembershipResult> run;  // nothing: it crashed
};

Measured measured(const JobEnd& end) {
    if (!end.crash.empty()) return {.failure = end.reason};
    Result<MembershipResult> run = parse_csv(end.text);
    if (!run) return {.failure = "no result: " + run.error().message};
    return {.result = result_of(*run), .failure = run->failure, .run = *run};
}

// By seed. False: interrupted; those that were done by then are there.
bool run_all(const Options& options, std::map<std::uint64_t, Measured>& all) {
    // As they come, so that who interrupts a long measurement has what was measured until then; in
    // the order of the seeds at the end.
    std::ofstream csv;
    const auto keep = [&](const MembershipResult& result) {
        if (options.csv.empty()) return;
        if (!csv.is_open()) {
            csv.open(options.csv);
            csv << csv_header() << '\n';
        }
        csv << to_csv(result) << std::endl;
    };
    Progress progress("runs", static_cast<std::size_t>(options.seeds));
    Workers workers(workers_of(options));
    workers.on_wait([&] { progress.draw(); });
    const auto seed_of = [&](std::size_t job) {
        return static_cast<std::uint64_t>(options.seed) + job;
    };
    std::size_t failed = 0;
    return workers.run_text(
        static_cast<std::size_t>(options.seeds),
        [&](std::size_t job, const Workers::Report&) {
            return to_csv(run_membership(config_of(options), seed_of(job)));
        },
        [&](std::size_t job, const JobEnd& end) {
            const Measured& one = all[seed_of(job)] = measured(end);
            if (one.run) keep(*one.run);
            if (one.result != RunResult::pass) ++failed;
            progress.set(all.size(), failed);
            return true;
        });
}

bool write_csv(const std::string& path, const std::vector<MembershipResult>& results) {
    std::ofstream file(path);
    file << csv_header() << '\n';
    for (const MembershipResult& result : results) file << to_csv(result) << '\n';
    return static_cast<bool>(file.flush());
}

// The table of runs that were written with --csv.
int show_tables(const Options& options) {
    std::vector<MembershipResult> results;
    for (const std::string& path : options.tables) {
        std::ifstream file(path);
        std::string line;
        if (!file) return usage(fmt::format("{} cannot be read", path));
        if (!std::getline(file, line) || line != csv_header()) {
            return usage(fmt::format("{} does not begin as a file of --csv does", path));
        }
        while (std::getline(file, line)) {
            const auto result = parse_csv(line);
            if (!result) return usage(fmt::format("{}: {}", path, result.error().message));
            results.push_back(*result);
        }
    }
    print_out("{}", table_of(results));
    return 0;
}

void print_failure(const Options& options, std::uint64_t seed, const Measured& one) {
    print_out("FAIL seed {} ({}): {}\n     again with: {}\n", seed, to_string(one.result),
              one.failure, replay_of(options, seed));
}

int tell_one(const Options& options) {
    const auto seed = static_cast<std::uint64_t>(options.seed);
    Measured one;
    Workers workers(workers_of(options));
    const bool all = workers.run_text(
        1,
        [&](std::size_t, const Workers::Report&) {
            return to_csv(run_membership(config_of(options), seed,
                                         [](const std::string& line) { print_out("{}\n", line); }));
        },
        [&](std::size_t, const JobEnd& end) {
            one = measured(end);
            return true;
        });
    if (!all) return exit_interrupted;
    if (one.run) print_out("\n{}", table_of({*one.run}));
    if (one.result != RunResult::pass) print_failure(options, seed, one);
    return exit_code(one.result);
}

int run(const Options& options) {
    if (options.verbose) return tell_one(options);
    const auto begun = std::chrono::steady_clock::now();
    std::map<std::uint64_t, Measured> by_seed;
    const bool all = run_all(options, by_seed);
    std::vector<MembershipResult> results;
    RunResult worst = RunResult::pass;
    for (const auto& [seed, one] : by_seed) {
        if (one.run) results.push_back(*one.run);
        if (one.result == RunResult::pass) continue;
        worst = worse_of(worst, one.result);
        print_failure(options, seed, one);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    print_out("{}{} nodes and a coordinator, {} % loss, {} seeds from {}, {:.0f} s\n\n{}",
              all ? "" : "interrupted; ", options.nodes, options.loss, by_seed.size(), options.seed,
              took.count(), table_of(results));
    if (!options.csv.empty() && !results.empty() && !write_csv(options.csv, results)) {
        return usage(fmt::format("{} cannot be written", options.csv));
    }
    return !all && worst == RunResult::pass ? exit_interrupted : exit_code(worst);
}

int parse_and_run(int argc, char** argv) {
    Options options;
    CLI::App app{"Failure detection and ring agreement alone, at scale.", "sim membership"};
    app.footer("Exit codes: as those of sim; 3: a step did not end within its limit.");
    app.add_option("--nodes", options.nodes, "storage nodes; a coordinator comes on top")
        ->capture_default_str();
    app.add_option("--loss", options.loss, "percent of all datagrams")->capture_default_str();
    app.add_option("--seeds", options.seeds, "how many runs")->capture_default_str();
    app.add_option("--seed", options.seed, "of the first; same seed, same run")
        ->capture_default_str();
    app.add_option("--crash", options.crash, "nodes killed at the same instant; 0: none")
        ->capture_default_str();
    app.add_option("--cut", options.cut, "nodes cut off at the same instant, later; 0: none")
        ->capture_default_str();
    app.add_flag("--stop", options.stop, "stop them (SIGSTOP) in place of cutting them off");
    app.add_option("--quiet", options.quiet_ms,
                   "ms before that in which load and false evictions are counted")
        ->capture_default_str();
    auto* pause = app.add_option("--pause", options.pause_ms,
                                 "meanwhile members pause, for up to so many ms");
    app.add_option("--pause-min", options.pause_min_ms, "and for at least so many")->needs(pause);
    app.add_option("--pause-gap", options.pause_gap_ms, "up to so many ms between two pauses")
        ->capture_default_str()
        ->needs(pause);
    app.add_option("--pausing", options.pausing, "members that pause at a time")
        ->capture_default_str()
        ->needs(pause);
    app.add_flag("--bootstrap", options.bootstrap, "begin with nodes that join, not with a ring");
    app.add_flag("--fast", options.fast, "members take no time for a message: none is overrun");
    app.add_option("--jobs", options.jobs, "processes; 0: one for each core");
    auto* csv = app.add_option("--csv", options.csv, "file for the numbers of each run");
    app.add_option("--table", options.tables, "no runs: the table of these files of --csv");
    app.add_flag("--verbose", options.verbose, "the first seed alone, told")->excludes(csv);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        return usage(fmt::format("{}; see sim membership --help", error.what()));
    }
    if (!options.tables.empty()) return show_tables(options);
    const std::string wrong = complaint(options);
    if (!wrong.empty()) return usage(wrong);
    // Before an hour of work.
    if (!options.csv.empty() && !std::ofstream(options.csv, std::ios::app)) {
        return usage(fmt::format("{} cannot be written", options.csv));
    }
    return run(options);
}

}  // namespace grapevine::sim::membership_command_line

int membership_command(int argc, char** argv) {
    return grapevine::sim::membership_command_line::parse_and_run(argc, argv);
}
