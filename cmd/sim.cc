// The simulator: a whole cluster in one thread and virtual time, from one seed. What it can do:
// ./sim --help. Each run happens in a process of its own, so that a crash is a verdict too.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/print.h"
#include "progress/progress.h"
#include "sim/explain.h"
#include "sim/shrink.h"
#include "sim/story.h"
#include "sim/swarm.h"
#include "sim_membership.h"
#include "sim_options.h"
#include "version.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

constexpr int exit_usage = 2;
constexpr int exit_interrupted = 130;

void tell(const std::string& line) {
    print_out("{}\n", line);
}

// How far a long run is, beside what it tells.
class Meter final : public RunWatcher {
public:
    [[nodiscard]] bool wants_all() const override { return false; }
    void passed(Duration over, Duration whole) override {
        if (!progress_) progress_.emplace("virtual milliseconds", to_size(whole));
        progress_->set(to_size(over), 0);
        progress_->draw();
        if (over >= whole) progress_.reset();
    }
    void tell(const std::string& line) {
        if (progress_) progress_->clear();
        ::tell(line);
    }

private:
    static std::size_t to_size(Duration span) { return static_cast<std::size_t>(to_ms(span)); }

    std::optional<Progress> progress_;
};

WorkersConfig workers_of(const SimOptions& options) {
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    return {.at_once = options.jobs > 0 ? options.jobs : cores,
            .limit = std::chrono::seconds(options.limit_s)};
}

// The run itself, in the worker: the parent speaks the verdict.
RunOutcome run_told(const SimOptions& options, const Workers::Report& report) {
    const RunPlan plan = draw_plan(options.seed, options.choice);
    std::vector<std::unique_ptr<RunWatcher>> watchers;
    auto meter = std::make_unique<Meter>();
    const auto say = [meter = meter.get()](const std::string& line) { meter->tell(line); };
    const Explain* explain = nullptr;
    if (options.explain.empty()) {
        watchers.push_back(std::make_unique<Story>(plan, say, options.verbose));
    } else {
        auto watcher = std::make_unique<Explain>(options.explain, say);
        explain = watcher.get();
        watchers.push_back(std::move(watcher));
    }
    watchers.push_back(std::move(meter));
    watchers.push_back(std::make_unique<FaultReporter>(report));
    std::vector<RunWatcher*> all;
    for (const auto& watcher : watchers) all.push_back(watcher.get());
    std::ofstream trace;
    EventLog::Sink sink;
    if (!options.trace.empty()) {
        trace.open(options.trace);
        // Line by line, so that nothing is missing where the run crashes.
        sink = [&trace](const std::string& line) { trace << line << std::endl; };
    }
    RunOutcome outcome = run(plan, all, sink);
    if (explain) outcome.complaint = explain->complaint();
    if (trace.is_open() && !trace) {
        outcome.complaint = fmt::format("{} cannot be written to its end", options.trace);
    }
    return outcome;
}

int shrink_it(const SimOptions& options, std::uint64_t seed, const RunOutcome& failure) {
    tell("\nlooking for a smaller run that fails in the same way:");
    const ShrinkConfig config{
        .seed = seed, .choice = options.choice, .workers = workers_of(options)};
    const std::optional<Shrunk> shrunk = shrink(config, failure, tell);
    if (!shrunk) {
        tell("none was found: its faults, played from a list, do not make it fail alike");
        return exit_code(failure.result);
    }
    tell(failure_text(seed, shrunk->choice, shrunk->outcome));
    if (!options.save.empty()) {
        PlanChoice rest = shrunk->choice;
        rest.script.reset();
        const std::string replay =
            fmt::format("{} --script {}", replay_line(seed, rest), options.save);
        std::ofstream file(options.save);
        file << "# " << replay << "  (commit " << GRAPEVINE_COMMIT << ")\n";
        for (const Fault& fault : *shrunk->choice.script) file << to_string(fault) << '\n';
        if (!file.flush()) {
            print_err("sim: {} could not be written\n", options.save);
        } else {
            tell("     or: " + replay);
        }
    }
    return shrunk->interrupted ? exit_interrupted : exit_code(failure.result);
}

int run_one(const SimOptions& options) {
    const std::string replay = replay_line(options.seed, options.choice);
    tell(fmt::format("{}\n{}\n", replay, to_string(draw_plan(options.seed, options.choice))));
    bool interrupted = false;
    const RunOutcome outcome = run_apart(
        workers_of(options),
        [&](std::size_t, const Workers::Report& report) { return run_told(options, report); },
        interrupted);
    if (interrupted) {
        tell("interrupted");
        return exit_interrupted;
    }
    const bool passed = outcome.result == RunResult::pass;
    tell(fmt::format(
        "\n{}: {}",
        passed ? "PASS" : fmt::format("FAIL ({}: {})", to_string(outcome.result), outcome.rule),
        outcome.reason));
    tell(fmt::format("event log {:016x}; the same again: {}", outcome.hash, replay));
    if (!outcome.complaint.empty()) print_err("sim: {}\n", outcome.complaint);
    if (passed && !outcome.complaint.empty()) return exit_usage;
    if (passed && options.shrink) tell("nothing to shrink: it passed");
    if (passed || !options.shrink) return exit_code(outcome.result);
    return shrink_it(options, options.seed, outcome);
}

int run_many(const SimOptions& options) {
    const auto begun = std::chrono::steady_clock::now();
    const SwarmConfig config{.first_seed = options.seed,
                             .runs = options.runs,
                             .choice = options.choice,
                             .workers = workers_of(options),
                             .verbose = options.verbose};
    const SwarmOutcome sum = run_swarm(config, tell);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    tell(fmt::format(
        "{}{}: {} of {} runs failed; {} operations, {} faults, {} foundings, {} partitions given "
        "up, {} virtual seconds in {:.1f} s; longest outage {} ms, watched for {} % of the time",
        sum.interrupted ? fmt::format("interrupted after {} runs; ", sum.done) : "",
        sum.failed > 0 ? "FAIL"
        : sum.done > 0 ? "PASS"
                       : "nothing ran to its end",
        sum.failed, sum.done, sum.operations, sum.faults, sum.foundings, sum.given_up,
        to_us(sum.virtual_time) / 1'000'000, took.count(), to_ms(sum.longest_outage),
        armed_percent(sum.looks, sum.armed_looks)));
    if (options.shrink && sum.failed == 0) tell("nothing to shrink: no run failed");
    if (sum.failed_seed && options.shrink && !sum.interrupted) {
        shrink_it(options, *sum.failed_seed, sum.failure);
    }
    if (sum.interrupted && sum.failed == 0) return exit_interrupted;
    return exit_code(sum.worst);
}

int carry_out(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "membership") {
        return membership_command(argc - 1, argv + 1);
    }
    const Result<SimOptions> options = parse_sim_options(argc, argv);
    if (!options) {
        print_err("sim: {}\n", options.error().message);
        return exit_usage;
    }
    if (options->exit) return *options->exit;
    for (const std::string& path : {options->trace, options->save}) {
        // Before an hour of work, and without emptying what may not be written over.
        if (path.empty() || std::ofstream(path, std::ios::app)) continue;
        print_err("sim: {} cannot be written\n", path);
        return exit_usage;
    }
    return options->runs > 1 ? run_many(*options) : run_one(*options);
}

}  // namespace

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // told at once, also where it is no terminal
    return end_output("sim", carry_out(argc, argv), exit_usage);
}
