// Bugs in how rings are agreed on and made.
#include "planted/found.h"
#include "planted/plans.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Last copies fall out of the ring and return with their state.
Finding last_copies(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 4, 1);
    plan.storm = {
        .pause = 1, .gap_max = 1s, .length_min = 500ms, .length_max = 1500ms, .lasts = 4s};
    return weather(plan);
}

// A process dies and the next one listens on its port at the same instant.
Finding successors(std::uint64_t seed, PlantedBugs bugs) {
    const Plan plan = small_plan(seed, bugs, 4, 2);
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_ready()) return {Oracle::convergence, "never ready"};
    sim::Load load(cluster.world(), plan.load, seed);
    load.start();
    cluster.run_for(300ms);
    const sim::Names victim = {sim::server_name(1 + seed % 4)};
    cluster.kill(victim);
    cluster.restart(victim);
    return conclude(cluster, &load);
}

}  // namespace

TEST_CASE("a last copy that returns with its state is not believed", "[planted]") {
    check_found("distrust_returned_copy", Bug::distrust_returned_copy, 3, last_copies);
}

TEST_CASE("a new process answers for its predecessor", "[planted]") {
    check_found("answer_for_predecessor", Bug::answer_for_predecessor, 2, successors);
}
