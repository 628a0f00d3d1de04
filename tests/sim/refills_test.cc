// Fills that are begun again and again, and proposers that do not undo each other.
#include "sim/refills.h"

#include <catch2/catch.hpp>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "sim/fault.h"
#include "sim/run.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

// A ring in which the member begins to be filled with the only partition.
RingPtr filling(std::uint64_t epoch, NodeId member, std::uint64_t other_member = 1) {
    Ring ring;
    ring.epoch = Epoch{epoch};
    ring.members = {{.id = NodeId{1000 + other_member}}};
    ring.table.resize(1);
    // Every other ring has another copy, too.
    ring.table[0].copies = {NodeId{100 + epoch % 2}};
    ring.table[0].fills = {{.id = member, .opened = ring.epoch}};
    return std::make_shared<const Ring>(std::move(ring));
}

std::string nameless(NodeId) {
    return "somebody";
}

// The first of the rings, one after the other, that is one too many; 0: none.
std::uint64_t first_found(Duration gap, const std::function<RingPtr(std::uint64_t)>& ring) {
    Refills refills;
    for (std::uint64_t epoch = 1; epoch < 100; ++epoch) {
        const Time now = Time{} + 10s + gap * epoch;
        if (!refills.saw(now, ring(epoch), nameless).empty()) return epoch;
    }
    return 0;
}

// What becomes of a cluster that suffers these faults.
RunOutcome run_story(PlanChoice choice, std::initializer_list<const char*> faults) {
    choice.is_story = true;
    choice.script.emplace();
    for (const char* fault : faults) choice.script->push_back(parse_fault(fault).value());
    return run(draw_plan(1, choice));
}

}  // namespace

TEST_CASE("a fill that is begun again and again is found", "[sim]") {
    const auto of = [](std::uint64_t members) {
        return [=](std::uint64_t epoch) { return filling(epoch, NodeId{1 + epoch % members}); };
    };
    CHECK(first_found(20ms, of(1)) == refills_max + 1);
    CHECK(first_found(20ms, of(2)) > refills_max + 1);
    CHECK(first_found(refills_window / refills_max, of(1)) == refills_max + 1);
    CHECK(first_found(refills_window, of(1)) == 0);
    // Whoever comes or goes is a reason, but not for any number.
    const auto churning = [](std::uint64_t fills_per_change) {
        return [=](std::uint64_t epoch) {
            return filling(epoch, NodeId{1}, epoch / fills_per_change);
        };
    };
    CHECK(first_found(20ms, churning(refills_per_change)) == 0);
    CHECK(first_found(20ms, churning(2 * refills_per_change)) ==
          refills_max + refills_per_change + 1);
}

TEST_CASE("rings that only begin and end fills, one after the other, are found", "[sim]") {
    const auto same_copies = [](std::uint64_t epoch) {
        Ring ring = *filling(epoch, NodeId{epoch});
        ring.table[0].copies = {NodeId{100}};
        return std::make_shared<const Ring>(std::move(ring));
    };
    CHECK(first_found(20ms, same_copies) == refills_max + 2);
    CHECK(first_found(refills_window, same_copies) == 0);
    CHECK(first_found(20ms, [&](std::uint64_t epoch) {
              // Now and then a copy comes.
              return epoch % refills_max == 0 ? filling(epoch | 1, NodeId{epoch})
                                              : same_copies(epoch);
          }) == 0);
}

// All but one of the links hang in the middle of what a death and a return ask for: what could be
// begun at once was begun one by one, each in a ring.
TEST_CASE("what is wanted of a newcomer is begun in a few rings", "[sim]") {
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
TEST_CASE("proposers that know different placements do not undo each other's fills", "[sim]") {
    const RunOutcome outcome =
        run_story({.nodes = 11, .partitions = 2048},
                  {"2s:kill=server3", "2300ms:kill=server5", "2600ms:restart=server3",
                   "2700ms:leave=server1", "2900ms:kill=server7", "3s:restart=server5",
                   "3200ms:kill=coordinator", "3300ms:leave=server2", "3500ms:restart=server7",
                   "3800ms:kill=server4", "4500ms:restart=server4", "5500ms:kill=server9"});
    INFO(outcome.reason);
    CHECK(outcome.result == RunResult::pass);
}
