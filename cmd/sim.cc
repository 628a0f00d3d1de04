// The simulator: a whole cluster in one thread and virtual time, from one seed.
//
//     sim --kill 2                one run, told
//     sim --runs 200 --seed 1     a swarm: every run draws its own cluster, load and faults
//
// Exit codes: 0 pass, 1 a promise was broken, 2 usage, 3 no convergence; a crash aborts.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/limits.h"
#include "sim/fault.h"
#include "sim/story.h"
#include "sim/swarm.h"
#include "version.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

constexpr int exit_usage = 2;

struct Options {
    // Signed, so that a negative number is seen as one.
    std::int64_t kill = 0;
    std::int64_t nodes = 7;
    std::int64_t copies = 3;
    std::int64_t partitions = 1024;
    std::int64_t seed = 1;
    std::int64_t runs = 0;
    std::vector<std::string> faults;
    bool without_coordinator = false;
    bool verbose = false;
    std::string trace;
};

int usage(const std::string& sentence) {
    fmt::print(stderr, "sim: {}\n", sentence);
    return exit_usage;
}

// A crash names the run that it happened in.
char replay_line[512];

extern "C" void on_crash(int signal) {
    const char text[] = "sim: crashed; again with: ";
    std::fwrite(text, 1, sizeof text - 1, stderr);
    std::fwrite(replay_line, 1, std::strlen(replay_line), stderr);
    std::fwrite("\n", 1, 1, stderr);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void set_replay(const std::string& line) {
    std::snprintf(replay_line, sizeof replay_line, "%s", line.c_str());
}

int exit_code(RunResult result) {
    switch (result) {
        case RunResult::pass:
            return 0;
        case RunResult::broken:
            return 1;
        case RunResult::not_converged:
            return 3;
    }
    return 1;
}

// Empty: they are fine.
std::string complaint(const Options& options) {
    if (options.nodes < 1 || options.nodes > 100) return "--nodes is 1 to 100";
    if (options.copies < 1 || options.copies > static_cast<std::int64_t>(copies_max)) {
        return fmt::format("--rep is 1 to {}", copies_max);
    }
    if (options.kill < 0) return "--kill is how many nodes die at the same instant: 0 or more";
    if (options.kill > options.nodes) {
        return fmt::format("--kill {} is more than the {} nodes there are", options.kill,
                           options.nodes);
    }
    if (options.seed < 0) return "--seed is 0 or more";
    if (options.runs < 0) return "--runs is 0 or more";
    const bool is_power = (options.partitions & (options.partitions - 1)) == 0;
    if (options.partitions < 1 || options.partitions > 16384 || !is_power) {
        return "--partitions is a power of two up to 16384";
    }
    return {};
}

std::string replay_of(const Options& options) {
    std::string line = fmt::format("./sim --nodes {} --rep {} --seed {}", options.nodes,
                                   options.copies, options.seed);
    if (options.kill > 0) line += fmt::format(" --kill {}", options.kill);
    if (options.partitions != 1024) line += fmt::format(" --partitions {}", options.partitions);
    if (options.without_coordinator) line += " --no-coordinator";
    for (const std::string& fault : options.faults) line += " --at " + fault;
    return line;
}

void tell(const std::string& line) {
    fmt::print("{}\n", line);
}

int run_story(const Options& options) {
    StoryConfig config;
    config.world.nodes = static_cast<std::size_t>(options.nodes);
    config.world.copies = static_cast<std::uint32_t>(options.copies);
    config.world.partitions = static_cast<std::uint32_t>(options.partitions);
    config.world.seed = static_cast<std::uint64_t>(options.seed);
    config.world.coordinator = !options.without_coordinator;
    config.kill = static_cast<std::size_t>(options.kill);
    config.verbose = options.verbose;
    const World names(config.world);
    for (const std::string& text : options.faults) {
        const Result<Fault> fault = parse_fault(text);
        if (!fault) return usage(fault.error().message);
        const Result<void> known = names.check(*fault);
        if (!known) return usage(known.error().message);
        config.faults.push_back(*fault);
    }
    set_replay(replay_of(options));
    fmt::print("{}\n\n", replay_line);
    const StoryOutcome outcome = tell_story(config, tell);
    fmt::print("\n{}: {}\n", outcome.result == RunResult::pass ? "PASS" : "FAIL", outcome.reason);
    fmt::print("event log {:016x}; the same again: {}\n", outcome.hash, replay_line);
    return exit_code(outcome.result);
}

SwarmOutcome run_one(std::uint64_t seed, const Options& options) {
    std::ofstream trace;
    EventLog::Sink sink;
    if (!options.trace.empty()) {
        trace.open(options.trace);
        sink = [&trace](const std::string& line) { trace << line << '\n'; };
    }
    return run_swarm(seed, options.verbose ? Tell(tell) : Tell{}, sink);
}

int run_many(const Options& options) {
    const auto begun = std::chrono::steady_clock::now();
    int worst = 0;
    std::int64_t failures = 0;
    std::size_t operations = 0;
    Duration virtual_time{};
    for (std::int64_t i = 0; i < options.runs; ++i) {
        const auto seed = static_cast<std::uint64_t>(options.seed + i);
        set_replay(fmt::format("./sim --runs 1 --seed {}", seed));
        if (options.verbose) fmt::print("seed {}: {}\n", seed, to_string(draw_plan(seed)));
        if (i > 0 && i % 100 == 0) fmt::print(stderr, "{} of {} runs\n", i, options.runs);
        const SwarmOutcome outcome = run_one(seed, options);
        operations += outcome.operations;
        virtual_time += outcome.virtual_time;
        if (options.verbose || options.runs == 1) {
            fmt::print("seed {}: {} events, {} operations, {} answered, {} faults, hash {:016x}\n",
                       seed, outcome.events, outcome.operations, outcome.answered, outcome.faults,
                       outcome.hash);
        }
        if (outcome.result == RunResult::pass) continue;
        ++failures;
        if (worst != 1) worst = exit_code(outcome.result);
        fmt::print("FAIL seed {} ({}): {}\n     {}\n     again with: {} --verbose\n", seed,
                   outcome.result == RunResult::broken ? "broken" : "no convergence",
                   to_string(draw_plan(seed)), outcome.reason, replay_line);
        std::fflush(stdout);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    fmt::print("{}: {} of {} runs failed; {} operations, {} virtual seconds in {:.1f} s\n",
               failures == 0 ? "PASS" : "FAIL", failures, options.runs, operations,
               to_us(virtual_time) / 1'000'000, took.count());
    return worst;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Grapevine in a simulated world: breaks it, tells what happens, checks it."};
    app.add_option("--kill", options.kill, "nodes that die at the same instant");
    app.add_option("--nodes", options.nodes, "storage nodes")->capture_default_str();
    app.add_option("--rep", options.copies, "copies of every key")->capture_default_str();
    app.add_option("--partitions", options.partitions, "a power of two")->capture_default_str();
    app.add_option("--seed", options.seed, "same seed, same run")->capture_default_str();
    app.add_option("--at", options.faults,
                   "a fault and when, after the cluster is ready: 2s:kill=server3,server5 "
                   "restart= pause= resume= cut=a/b cutoneway=a/b heal break=a/b loss=20")
        ->expected(1)
        ->take_all();
    app.add_option("--runs", options.runs, "a swarm of that many runs, from --seed on");
    app.add_option("--trace", options.trace, "file for the event log of a swarm run");
    app.add_flag("--no-coordinator", options.without_coordinator, "server1 founds the cluster");
    app.add_flag("--verbose", options.verbose, "tell what every process says, too");
    app.set_version_flag("--version",
                         fmt::format("grapevine {}, protocol {}, commit {}", GRAPEVINE_RELEASE,
                                     protocol_version, GRAPEVINE_COMMIT));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        return usage(fmt::format("{}; see sim --help", error.what()));
    }
    const std::string wrong = complaint(options);
    if (!wrong.empty()) return usage(wrong);
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, on_crash);
    return options.runs > 0 ? run_many(options) : run_story(options);
}
