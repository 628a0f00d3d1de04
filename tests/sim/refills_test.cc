// Fills that are begun again and again, and proposers that do not undo each other.
#include "sim/refills.h"

#include <catch2/catch.hpp>

#include "sim/fault.h"
#include "sim/run.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

// A ring in which the member begins to be filled with the only partition.
Ring filling(std::uint64_t epoch, NodeId member) {
    Ring ring;
    ring.epoch = Epoch{epoch};
    ring.table.resize(1);
    ring.table[0].fills = {{.id = member, .opened = ring.epoch}};
    return ring;
}

}  // namespace

TEST_CASE("a fill that is begun again and again is found, one that goes on is not", "[sim]") {
    const Time start = Time{} + 10s;
    Refills refills;
    Ring same = filling(1, NodeId{1});
    for (std::uint64_t epoch = 1; epoch < 100; ++epoch) {
        same.epoch = Epoch{epoch};
        CHECK_FALSE(refills.saw(start + 10ms * epoch, same));
    }
    const auto first_found = [&](Duration gap, std::uint64_t members) {
        Refills seen;
        for (std::uint64_t epoch = 1; epoch < 100; ++epoch) {
            const NodeId member{1 + epoch % members};
            if (seen.saw(start + gap * epoch, filling(epoch, member))) return epoch;
        }
        return std::uint64_t{0};
    };
    CHECK(first_found(20ms, 1) == refills_max + 1);
    CHECK(first_found(20ms, 2) > refills_max + 1);
    CHECK(first_found(refills_window / refills_max, 1) == refills_max + 1);
    CHECK(first_found(refills_window, 1) == 0);
    // Whoever comes or goes is a reason.
    Refills churning;
    for (std::uint64_t epoch = 1; epoch < 100; ++epoch) {
        Ring ring = filling(epoch, NodeId{1});
        ring.members = {{.id = NodeId{1 + epoch / 4}}};
        CHECK_FALSE(churning.saw(start + 20ms * epoch, ring));
    }
}

// Deaths and returns while members leave: the placement of each ring takes 180 ms to be known, and
// the fills of those that plan with it are ended by those that do not, or the other way round. As
// long as rings follow each other fills have to be reported all the same.
TEST_CASE("proposers that know different placements do not undo each other's fills", "[sim]") {
    PlanChoice choice;
    choice.is_story = true;
    choice.nodes = 11;
    choice.partitions = 2048;
    choice.script.emplace();
    for (const char* line :
         {"2s:kill=server3", "2300ms:kill=server5", "2600ms:restart=server3",
          "2700ms:leave=server1", "2900ms:kill=server7", "3s:restart=server5",
          "3200ms:kill=coordinator", "3300ms:leave=server2", "3500ms:restart=server7",
          "3800ms:kill=server4", "4500ms:restart=server4", "5500ms:kill=server9"}) {
        choice.script->push_back(parse_fault(line).value());
    }
    const RunOutcome outcome = run(draw_plan(1, choice));
    INFO(outcome.reason);
    CHECK(outcome.result == RunResult::pass);
}
