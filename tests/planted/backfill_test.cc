// Bugs in how a member that lacks a partition gets it.
#include <algorithm>

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

// A write is acknowledged and its primary dies before the two other copies know that it is
// committed. These do not hear each other, so whoever takes over cannot gather what is unfinished,
// while a fourth member waits to be filled. As soon as that one counts as a copy, the two die.
Finding unheard(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 4, 3);
    plan.world.partitions = 1;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    sim::Names copies = cluster.copies_of("k");
    sim::Names rest = cluster.members();
    std::erase_if(rest, [&](const std::string& name) { return std::ranges::count(copies, name); });
    cluster.put("k", "old");
    cluster.run_for(1s);
    cluster.put("k", "new");
    cluster.cut({copies.at(1)}, {copies.at(2)});
    cluster.kill({copies.at(0)});
    copies.erase(copies.begin());
    const auto is_filled = [&] { return std::ranges::count(cluster.copies_of("k"), rest.at(0)); };
    if (!cluster.run_until(is_filled, 10s)) return {Oracle::convergence, "not filled"};
    cluster.kill(copies);
    cluster.get("k");
    return conclude(cluster, nullptr);
}

}  // namespace

TEST_CASE("an orphan with a higher version survives backfill", "[planted]") {
    check_found("orphan_survives", Bug::orphan_survives, 30, evictions);
}

TEST_CASE("a fill takes what it held before for what the primary has", "[planted]") {
    check_found("compare_blindly", Bug::compare_blindly, 20, evictions);
}

TEST_CASE("backfill goes without the remembered ids", "[planted]") {
    check_found("fill_without_ids", Bug::fill_without_ids, 3, seldom_heard);
}

TEST_CASE("a fill discards an acknowledged write within its session", "[planted]") {
    check_found("discard_in_session", Bug::discard_in_session, 8, replacements);
}

TEST_CASE("a fill is reported before its primary has gathered", "[planted]") {
    check_found("report_before_active", Bug::report_before_active, 3, unheard);
}
