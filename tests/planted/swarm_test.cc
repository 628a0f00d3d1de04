// The swarm itself is awake: runs as ./sim draws them, with their own weather, find bugs too. Which
// ones are found seldom is said in README.md; that the right code passes is what "sim: 300 seeds"
// shows.
#include <catch2/catch.hpp>

#include "planted/found.h"
#include "sim/run.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// As ./sim --faults all --seed, with a bug; it does not matter which oracle of the run it is.
Finding drawn(std::uint64_t seed, PlantedBugs bugs) {
    sim::RunPlan plan = sim::draw_plan(seed);
    plan.world.node.bugs = bugs;
    const sim::RunOutcome outcome = sim::run(plan);
    switch (outcome.result) {
        case sim::RunResult::pass:
            return {};
        case sim::RunResult::not_converged:
            return {Oracle::convergence, outcome.reason};
        case sim::RunResult::crashed:
            return {Oracle::crash, outcome.reason};
        case sim::RunResult::broken:
            return {outcome.rule == "linearizable" ? Oracle::history : Oracle::rules,
                    outcome.reason};
    }
    return {};
}

}  // namespace

TEST_CASE("the swarm finds bugs of writes, fills and returns", "[planted]") {
    find_bug("answer_before_last_ack", Bug::answer_before_last_ack, 4, drawn);
    find_bug("fill_without_ids", Bug::fill_without_ids, 4, drawn);
    find_bug("drop_own_unfinished", Bug::drop_own_unfinished, 6, drawn);
    find_bug("distrust_returned_copy", Bug::distrust_returned_copy, 12, drawn);
}
