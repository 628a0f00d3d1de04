// Bugs in programs and expiry.
#include "planted/found.h"
#include "planted/plans.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Clients lose patience long before an answer can be there, and send their programs again.
Finding impatient_programs(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 3);
    plan.world.network.delay_max = 25ms;
    plan.world.client.attempt_timeout = 5ms;
    plan.load.clients = 6;
    plan.load.programs_percent = 100;
    plan.load.groups = 2;
    plan.storm = {.break_links = 1, .gap_max = 500ms, .lasts = 2s};
    return weather(plan);
}

// Several keys at once, and primaries that die.
Finding batches(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 3);
    plan.load.programs_percent = 100;
    plan.load.groups = 2;
    plan.storm = {.kill = 1, .restart = 2, .gap_max = 500ms, .lasts = 3s};
    return weather(plan);
}

// Keys live for some milliseconds, and are read all the while.
Finding brief_keys(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 2);
    plan.load.keys = 60;
    plan.load.clients = 6;
    plan.load.reads_percent = 70;
    plan.load.disguised_percent = 50;
    plan.load.brief_percent = 100;
    plan.load.ttl_max = 100ms;
    plan.storm = {.break_links = 1, .gap_max = 500ms, .lasts = 2s};
    return weather(plan);
}

// Deaths and joins one after the other, and keys that live for longer than the run.
Finding filled_with_brief_keys(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 2);
    plan.load.keys = 300;
    plan.load.think_max = 50ms;
    plan.load.disguised_percent = 100;
    plan.load.brief_percent = 100;
    plan.load.ttl_max = 300s;
    plan.storm = {.kill = 2, .restart = 3, .gap_max = 300ms, .lasts = 5s};
    return weather(plan);
}

// A partition is emptied, and its primaries change all the while.
Finding flushes(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 3);
    plan.load.clients = 1;
    plan.load.flushes = true;
    plan.storm = {.kill = 1, .restart = 2, .gap_max = 300ms, .lasts = 5s};
    return weather(plan);
}

}  // namespace

TEST_CASE("a program that comes twice is executed twice", "[planted]") {
    check_found("duplicate_runs_again", Bug::duplicate_runs_again, 3, impatient_programs);
}

TEST_CASE("what a program answered is not remembered", "[planted]") {
    check_found("reply_forgotten", Bug::reply_forgotten, 3, impatient_programs);
}

TEST_CASE("a copy makes a part of a batch", "[planted]") {
    check_found("batch_in_part", Bug::batch_in_part, 3, batches);
}

TEST_CASE("a part of FLUSHALL goes on where another primary's order would", "[planted]") {
    check_found("foreign_cursor", Bug::foreign_cursor, 20, flushes);
}

TEST_CASE("a key is read whose time has come", "[planted]") {
    check_found("expired_is_read", Bug::expired_is_read, 3, brief_keys);
}

TEST_CASE("a fill does not know when keys expire", "[planted]") {
    check_found("fill_without_expiry", Bug::fill_without_expiry, 3, filled_with_brief_keys);
}
