// Bugs in how a member that lacks a partition gets it.
#include "planted/found.h"
#include "planted/plans.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Deaths and joins one after the other: fills are always under way.
Finding replacements(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 3);
    plan.world.partitions = 4;
    plan.load.clients = 8;
    plan.load.think_max = 2ms;
    plan.storm = {.kill = 1, .hasty = true, .restart = 2, .gap_max = 150ms, .lasts = 6s};
    return weather(plan);
}

// Clients that come seldom, so that what is remembered of them is what a fill was told.
Finding seldom_heard(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 2);
    plan.load.clients = 10;
    plan.load.keys = 100;
    plan.load.think_max = 300ms;
    plan.storm = {.kill = 2, .restart = 3, .gap_max = 300ms, .lasts = 5s};
    return weather(plan);
}

}  // namespace

TEST_CASE("an orphan with a higher version survives backfill", "[planted]") {
    check_found("orphan_survives", Bug::orphan_survives, 10, evictions);
}

TEST_CASE("backfill goes without the remembered ids", "[planted]") {
    check_found("fill_without_ids", Bug::fill_without_ids, 3, seldom_heard);
}

TEST_CASE("a fill discards an acknowledged write within its session", "[planted]") {
    check_found("discard_in_session", Bug::discard_in_session, 3, replacements);
}
