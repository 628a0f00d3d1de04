#pragma once
// Looks for a smaller run that fails in the same way: fewer faults, fewer clients and operations,
// fewer nodes and partitions, a shorter time. Each try is a whole run, in a process of its own.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sim/run_plan.h"
#include "sim/workers.h"

namespace grapevine::sim {

struct ShrinkConfig {
    std::uint64_t seed = 1;
    PlanChoice choice;  // the failing run
    WorkersConfig workers;
    std::size_t tries_max = 400;  // runs
};

struct Shrunk {
    PlanChoice choice;
    RunOutcome outcome;
    std::size_t tries = 0;
    bool interrupted = false;  // before the end: smaller ones may exist
};

// `failure`: how the run ends. Nothing: its faults played from a list do not make it fail alike.
// `tell` hears of every step that helped.
std::optional<Shrunk> shrink(const ShrinkConfig& config, const RunOutcome& failure,
                             const std::function<void(const std::string& line)>& tell);

}  // namespace grapevine::sim
