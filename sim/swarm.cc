#include "sim/swarm.h"

#include <fmt/format.h>

#include <algorithm>

#include "progress/progress.h"

namespace grapevine::sim {

namespace {

void add(SwarmOutcome& sum, std::uint64_t seed, const RunOutcome& outcome) {
    ++sum.done;
    sum.operations += outcome.operations;
    sum.faults += outcome.faults.size();
    sum.evicted_alive += outcome.evicted_alive;
    sum.foundings += outcome.foundings;
    sum.given_up += outcome.given_up;
    sum.virtual_time += outcome.virtual_time;
    sum.longest_outage = std::max(sum.longest_outage, outcome.longest_outage);
    sum.looks += outcome.looks;
    sum.armed_looks += outcome.armed_looks;
    sum.worst = worse_of(sum.worst, outcome.result);
    if (outcome.result == RunResult::pass) return;
    ++sum.failed;
    if (sum.failed_seed && *sum.failed_seed < seed) return;
    sum.failed_seed = seed;
    sum.failure = outcome;
}

std::string run_text(std::uint64_t seed, const RunOutcome& outcome) {
    return fmt::format(
        "seed {}: {} events, {} operations, {} answered, {} faults, {} alive evicted, {} "
        "foundings, {} partitions given up, longest "
        "outage {} ms, watched for {} % of the time, {} virtual ms, hash {:016x}",
        seed, outcome.events, outcome.operations, outcome.answered, outcome.faults.size(),
        outcome.evicted_alive, outcome.foundings, outcome.given_up, to_ms(outcome.longest_outage),
        armed_percent(outcome.looks, outcome.armed_looks), to_ms(outcome.virtual_time),
        outcome.hash);
}

}  // namespace

RunOutcome run_plain(const RunPlan& plan, const Workers::Report& report) {
    FaultReporter reporter(report);
    return run(plan, {&reporter});
}

std::string replay_line(std::uint64_t seed, const PlanChoice& choice) {
    return "./sim " + replay_options(seed, choice);
}

std::string failure_text(std::uint64_t seed, const PlanChoice& choice, const RunOutcome& outcome) {
    const bool has_log = outcome.result != RunResult::crashed;
    return fmt::format(
        "FAIL seed {} ({}: {}): {}\n     {}\n     {}again with: {}", seed,
        to_string(outcome.result), outcome.rule, outcome.reason, to_string(draw_plan(seed, choice)),
        has_log ? fmt::format("event log {:016x}; ", outcome.hash) : "", replay_line(seed, choice));
}

SwarmOutcome run_swarm(const SwarmConfig& config,
                       const std::function<void(const std::string&)>& tell) {
    SwarmOutcome sum;
    Progress progress("runs", config.runs);
    Workers workers(config.workers);
    workers.on_wait([&] { progress.draw(); });
    const auto seed_of = [&](std::size_t job) { return config.first_seed + job; };
    const auto work = [&](std::size_t job, const Workers::Report& report) {
        return run_plain(draw_plan(seed_of(job), config.choice), report);
    };
    const auto done = [&](std::size_t job, const RunOutcome& outcome) {
        const std::uint64_t seed = seed_of(job);
        add(sum, seed, outcome);
        progress.set(sum.done, sum.failed);
        const bool is_failure = outcome.result != RunResult::pass;
        if (!is_failure && !config.verbose) return true;
        progress.clear();
        if (config.verbose) tell(run_text(seed, outcome));
        if (is_failure) tell(failure_text(seed, config.choice, outcome));
        return true;
    };
    sum.interrupted = !workers.run(config.runs, work, done);
    return sum;
}

}  // namespace grapevine::sim
