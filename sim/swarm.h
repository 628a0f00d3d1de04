#pragma once
// Many runs, each with a seed of its own, on several processor cores.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sim/run.h"
#include "sim/run_plan.h"
#include "sim/workers.h"

namespace grapevine::sim {

// Tells the faults of a run as they happen.
class FaultReporter final : public RunWatcher {
public:
    explicit FaultReporter(const Workers::Report& report) : report_(report) {}
    [[nodiscard]] bool wants_all() const override { return false; }
    void fault(Cluster&, const Fault& fault) override { report_(early_fault(to_string(fault))); }

private:
    const Workers::Report& report_;
};

// One run in a process of its own, with nobody looking on.
RunOutcome run_plain(const RunPlan& plan, const Workers::Report& report);

struct SwarmConfig {
    std::uint64_t first_seed = 1;
    std::size_t runs = 1;
    PlanChoice choice;
    WorkersConfig workers;
    bool verbose = false;  // a line for each run
};

struct SwarmOutcome {
    std::size_t done = 0;
    std::size_t failed = 0;
    RunResult worst = RunResult::pass;
    std::uint64_t operations = 0;
    std::uint64_t faults = 0;
    std::uint64_t evicted_alive = 0;
    std::uint64_t foundings = 0;
    std::uint64_t given_up = 0;  // partitions
    Duration virtual_time{};
    Duration longest_outage{};
    std::uint64_t looks = 0;  // see RunOutcome
    std::uint64_t armed_looks = 0;
    // The lowest that failed, whichever worker was done first; and its outcome.
    std::optional<std::uint64_t> failed_seed;
    RunOutcome failure;
    bool interrupted = false;
};

// `tell` hears of each failing run, and how to replay it.
SwarmOutcome run_swarm(const SwarmConfig& config,
                       const std::function<void(const std::string& line)>& tell);

// "FAIL seed 7 (broken invariant, one server): ...", with the plan and the line that replays it.
std::string failure_text(std::uint64_t seed, const PlanChoice& choice, const RunOutcome& outcome);

// "./sim --faults all --seed 7".
std::string replay_line(std::uint64_t seed, const PlanChoice& choice);

}  // namespace grapevine::sim
