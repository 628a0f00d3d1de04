// Which fills are begun, and that proposers do not undo each other's.
#include <catch2/catch.hpp>
#include <initializer_list>

#include "sim/fault.h"
#include "sim/run.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

// What becomes of a cluster that suffers these faults.
RunOutcome run_story(PlanChoice choice, std::initializer_list<const char*> faults) {
    choice.is_story = true;
    choice.script.emplace();
    for (const char* fault : faults) choice.script->push_back(parse_fault(fault).value());
    return run(draw_plan(1, choice));
}

}  // namespace

// All but one of the links hang in the middle of what a death and a return ask for: what could be
// begun at once was begun one by one, each in a ring.
TEST_CASE("what is wanted of a newcomer is begun in a few rings", "[scenario]") {
    const RunOutcome outcome = run_story(
        {.nodes = 5, .copies = 3, .partitions = 1024},
        {"2s:kill=server3", "2012ms:hang=server1/server2", "2012ms:hang=server1/server4",
         "2012ms:hang=server1/server5", "2012ms:hang=server2/server4",
         "2012ms:hang=server2/server5", "2012ms:hang=server4/server5", "2016ms:restart=server3",
         "2369ms:hang=server3/server1", "2369ms:hang=server3/server2",
         "2369ms:hang=server3/server4", "2369ms:hang=server3/server5", "3150ms:heal"});
    INFO(outcome.reason);
    CHECK(outcome.result == RunResult::pass);
}

// Deaths and returns while members leave: the placement of each ring takes 180 ms to be known, and
// the fills of those that plan with it are ended by those that do not, or the other way round. As
// long as rings follow each other fills have to be reported all the same.
TEST_CASE("proposers that know different placements do not undo each other's fills", "[scenario]") {
    const RunOutcome outcome =
        run_story({.nodes = 11, .partitions = 2048},
                  {"2s:kill=server3", "2300ms:kill=server5", "2600ms:restart=server3",
                   "2700ms:leave=server1", "2900ms:kill=server7", "3s:restart=server5",
                   "3200ms:kill=coordinator", "3300ms:leave=server2", "3500ms:restart=server7",
                   "3800ms:kill=server4", "4500ms:restart=server4", "5500ms:kill=server9"});
    INFO(outcome.reason);
    CHECK(outcome.result == RunResult::pass);
}
