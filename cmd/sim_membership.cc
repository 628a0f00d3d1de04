// sim membership --nodes 1000 --loss 20
//
// Runs each seed in one of several processes (--jobs), so that a run that crashes costs itself
// only, and both cores work. Same options, same numbers, however many processes there are.

#include "sim_membership.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sim/membership.h"
#include "sim/membership_report.h"
#include "version.h"

// Named, not anonymous: sim.cc, which may be compiled together with this, has an Options too.
namespace grapevine::sim::membership_command_line {

constexpr int exit_broken = 1;
constexpr int exit_usage = 2;
constexpr int exit_not_converged = 3;
constexpr int exit_crashed = 4;

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
    fmt::print(stderr, "sim membership: {}\n", sentence);
    return exit_usage;
}

std::string complaint(const Options& options) {
    const auto outside = [](std::int64_t value, std::int64_t low, std::int64_t high) {
        return value < low || value > high;
    };
    if (outside(options.nodes, 3, 20'000)) return "--nodes is 3 to 20000";
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

// A child that runs every so-manieth seed and writes a line for each.
struct Worker {
    pid_t pid = 0;
    int pipe = -1;
    std::string unread;
};

// Another process's end of the pipe is full or gone: nothing to be done about it here.
void write_all(int pipe, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(pipe, text.data(), text.size());
        if (written <= 0) _exit(exit_broken);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

Worker fork_worker(const Options& options, std::int64_t first, std::int64_t step) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid != 0) {
        close(ends[1]);
        return {pid, ends[0], {}};
    }
    close(ends[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody reads any more
    for (std::int64_t i = first; i < options.seeds; i += step) {
        const auto seed = static_cast<std::uint64_t>(options.seed + i);
        write_all(ends[1], to_csv(run_membership(config_of(options), seed)) + "\n");
    }
    _exit(0);
}

class Progress {
public:
    explicit Progress(std::int64_t total) : total_(total) {}

    void show(std::size_t done) {
        if (isatty(STDERR_FILENO) == 0) return;
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun_;
        fmt::print(stderr, "\r{} of {} runs", done, total_);
        if (done > 0) {
            const double left = spent.count() / static_cast<double>(done) *
                                static_cast<double>(total_ - std::int64_t(done));
            fmt::print(stderr, ", {:.0f} s left   ", left);
        }
        if (std::int64_t(done) == total_) fmt::print(stderr, "\r{:40}\r", "");
    }
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    }

private:
    std::int64_t total_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// Whole lines that have come in; false: the worker has ended.
bool read_lines(Worker& worker, std::map<std::uint64_t, MembershipResult>& results,
                std::ofstream& csv) {
    char bytes[4096];
    const ssize_t count = read(worker.pipe, bytes, sizeof bytes);
    if (count <= 0) return false;
    worker.unread.append(bytes, static_cast<std::size_t>(count));
    for (;;) {
        const std::size_t end = worker.unread.find('\n');
        if (end == std::string::npos) return true;
        const auto result = parse_csv(std::string_view(worker.unread).substr(0, end));
        if (result) results[result->seed] = *result;
        if (result && csv.is_open()) csv << to_csv(*result) << std::endl;
        worker.unread.erase(0, end + 1);
    }
}

// By seed; those of a worker that crashed are missing.
std::map<std::uint64_t, MembershipResult> run_all(const Options& options) {
    std::int64_t jobs = options.jobs;
    if (jobs == 0) jobs = std::max(1U, std::thread::hardware_concurrency());
    jobs = std::min(jobs, options.seeds);
    std::vector<Worker> workers;
    for (std::int64_t i = 0; i < jobs; ++i) workers.push_back(fork_worker(options, i, jobs));
    std::map<std::uint64_t, MembershipResult> results;
    // As they come, so that who interrupts a long measurement has what was measured until then; in
    // the order of the seeds at the end.
    std::ofstream csv;
    if (!options.csv.empty()) {
        csv.open(options.csv);
        csv << csv_header() << std::endl;
    }
    Progress progress(options.seeds);
    for (std::size_t open = workers.size(); open > 0;) {
        std::vector<pollfd> polled;
        for (const Worker& worker : workers) polled.push_back({worker.pipe, POLLIN, 0});
        if (poll(polled.data(), polled.size(), 1000) < 0) break;
        for (std::size_t i = 0; i < workers.size(); ++i) {
            if (workers[i].pipe < 0 || polled[i].revents == 0) continue;
            if (read_lines(workers[i], results, csv)) continue;
            close(std::exchange(workers[i].pipe, -1));
            --open;
        }
        progress.show(results.size());
    }
    for (const Worker& worker : workers) waitpid(worker.pid, nullptr, 0);
    return results;
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
        if (!std::getline(file, line) || line != csv_header()) {
            return usage(fmt::format("{} does not begin as a file of --csv does", path));
        }
        while (std::getline(file, line)) {
            const auto result = parse_csv(line);
            if (!result) return usage(fmt::format("{}: {}", path, result.error().message));
            results.push_back(*result);
        }
    }
    fmt::print("{}", table_of(results));
    return 0;
}

int tell_one(const Options& options) {
    const auto seed = static_cast<std::uint64_t>(options.seed);
    const MembershipResult result = run_membership(
        config_of(options), seed, [](const std::string& line) { fmt::print("{}\n", line); });
    fmt::print("\n{}", table_of({result}));
    if (!result.failure.empty()) fmt::print("FAIL seed {}: {}\n", seed, result.failure);
    return result.failure.empty() ? 0 : exit_not_converged;
}

int run(const Options& options) {
    if (options.verbose) return tell_one(options);
    const Progress clock(options.seeds);
    const auto by_seed = run_all(options);
    std::vector<MembershipResult> results;
    int worst = 0;
    for (std::int64_t i = 0; i < options.seeds; ++i) {
        const auto seed = static_cast<std::uint64_t>(options.seed + i);
        const auto found = by_seed.find(seed);
        const std::string failure =
            found == by_seed.end() ? "its process ended without a result" : found->second.failure;
        if (found != by_seed.end()) results.push_back(found->second);
        if (failure.empty()) continue;
        worst = found == by_seed.end() ? exit_crashed : std::max(worst, exit_not_converged);
        fmt::print("FAIL seed {}: {}\n     again with: {}\n", seed, failure,
                   replay_of(options, seed));
    }
    fmt::print("{} nodes and a coordinator, {} % loss, {} seeds from {}, {:.0f} s\n\n{}",
               options.nodes, options.loss, options.seeds, options.seed, clock.seconds(),
               table_of(results));
    if (!options.csv.empty() && !write_csv(options.csv, results)) {
        return usage(fmt::format("{} cannot be written", options.csv));
    }
    return worst;
}

int parse_and_run(int argc, char** argv) {
    Options options;
    CLI::App app{"Failure detection and ring agreement alone, at scale.", "sim membership"};
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
    app.add_option("--pause", options.pause_ms, "meanwhile members pause, for up to so many ms");
    app.add_option("--pause-min", options.pause_min_ms, "and for at least so many");
    app.add_option("--pause-gap", options.pause_gap_ms, "up to so many ms between two pauses")
        ->capture_default_str();
    app.add_option("--pausing", options.pausing, "members that pause at a time")
        ->capture_default_str();
    app.add_flag("--bootstrap", options.bootstrap, "begin with nodes that join, not with a ring");
    app.add_flag("--fast", options.fast, "members take no time for a message: none is overrun");
    app.add_option("--jobs", options.jobs, "processes; 0: one for each core");
    app.add_option("--csv", options.csv, "file for the numbers of each run");
    app.add_option("--table", options.tables, "no runs: the table of these files of --csv");
    app.add_flag("--verbose", options.verbose, "the first seed alone, told");
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
