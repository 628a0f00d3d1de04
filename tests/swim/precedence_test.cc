#include "swim/precedence.h"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace grapevine;

namespace {

Rumor rumor(std::uint32_t incarnation, Liveness liveness) {
    return {.member = NodeId{1},
            .liveness = liveness,
            .evidence = Evidence::silence,
            .incarnation = Incarnation{incarnation},
            .observer = liveness == Liveness::alive ? NodeId{1} : NodeId{2}};
}

}  // namespace

TEST_CASE("the higher incarnation wins, then dead over suspect over alive", "[swim]") {
    const std::vector<Rumor> rising = {rumor(0, Liveness::alive),   rumor(0, Liveness::suspect),
                                       rumor(0, Liveness::dead),    rumor(1, Liveness::alive),
                                       rumor(1, Liveness::suspect), rumor(1, Liveness::dead)};
    for (std::size_t i = 0; i < rising.size(); ++i) {
        for (std::size_t j = 0; j < rising.size(); ++j) {
            INFO(i << " over " << j);
            CHECK(supersedes(rising[i], rising[j]) == (i > j));
        }
    }
}

TEST_CASE("rumors that nobody can rightly have started are malformed", "[swim]") {
    CHECK(well_formed(rumor(3, Liveness::alive)));
    CHECK(well_formed(rumor(3, Liveness::dead)));
    Rumor hearsay = rumor(3, Liveness::alive);
    hearsay.observer = NodeId{2};
    CHECK_FALSE(well_formed(hearsay));
    Rumor self_accusation = rumor(3, Liveness::suspect);
    self_accusation.observer = NodeId{1};
    CHECK_FALSE(well_formed(self_accusation));
    CHECK_FALSE(well_formed(rumor(std::numeric_limits<std::uint32_t>::max(), Liveness::suspect)));
}
