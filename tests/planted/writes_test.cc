// Bugs in how writes are ordered, replicated and taken over.
#include "planted/found.h"
#include "planted/plans.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Primaries die under load, and others take over what they left unfinished.
Finding deaths(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 3);
    plan.storm = {.kill = 3, .restart = 3, .gap_max = 300ms, .lasts = 8s};
    return weather(plan);
}

// Links end with what was under way on them.
Finding broken_links(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 3);
    plan.world.network.delay_max = 3ms;
    plan.storm = {.break_links = 1, .gap_max = 50ms, .lasts = 3s};
    return weather(plan);
}

// Primaries that are asked by their own processes die.
Finding at_once(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 3);
    plan.load.programs_percent = 50;
    plan.load.disguised_percent = 100;
    plan.load.at_once_percent = 70;
    plan.storm = {.kill = 3, .restart = 3, .gap_max = 300ms, .lasts = 8s};
    return weather(plan);
}

}  // namespace

TEST_CASE("a command is executed at once although others hold copies", "[planted]") {
    check_found("told_before_copied", Bug::told_before_copied, 3, at_once);
}

TEST_CASE("a write is answered before the last acknowledgement", "[planted]") {
    check_found("answer_before_last_ack", Bug::answer_before_last_ack, 3, deaths);
}

TEST_CASE("a new primary does not re-send its own unfinished writes", "[planted]") {
    check_found("drop_own_unfinished", Bug::drop_own_unfinished, 3, deaths);
}

TEST_CASE("a write is lost in a reconnect while a later one arrives", "[planted]") {
    check_found("gap_unnoticed", Bug::gap_unnoticed, 3, broken_links);
}

TEST_CASE("a returned node's unfinished write comes back", "[planted]") {
    check_found("keep_stale_unfinished", Bug::keep_stale_unfinished, 3, evictions);
}
