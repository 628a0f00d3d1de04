// Fills that are begun again and again.
#include "sim/refills.h"

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

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
