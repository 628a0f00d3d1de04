#pragma once
// Small clusters with hot keys, to begin a tuned plan from.

#include "planted/trial.h"

namespace grapevine::testing {

inline Plan small_plan(std::uint64_t seed, PlantedBugs bugs, std::size_t nodes,
                       std::uint32_t copies) {
    Plan plan;
    plan.world.nodes = nodes;
    plan.world.copies = copies;
    plan.world.seed = seed;
    plan.world.partitions = 16;
    plan.world.node.bugs = bugs;
    plan.load.clients = 4;
    plan.load.keys = 6;
    plan.load.think_max = 5ms;
    return plan;
}

}  // namespace grapevine::testing
