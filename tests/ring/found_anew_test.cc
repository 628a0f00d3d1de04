#include "ring/found_anew.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "ring_fixture.h"

using namespace grapevine;

namespace {

constexpr ClusterId new_cluster{99};

// Of six votes and the coordinator's one: four members have four, the coordinator one.
Founding founding_from(const Ring& ring, Ids survivors) {
    return {.epoch = ring.epoch, .ballot = {1, new_cluster}, .survivors = std::move(survivors)};
}

std::string why_not(const Ring& ring, const Founding& founding) {
    const auto made = found_anew(ring, founding);
    return made ? "" : made.error().message;
}

}  // namespace

TEST_CASE("a ring of survivors keeps what they hold, and restarts the rest empty", "[ring]") {
    const Ring ring = arranged(small_ring(), {{p0, {a, b}, {c}}});
    const auto made = found_anew(ring, founding_from(ring, {a, c}));
    REQUIRE(made);
    CHECK(ring_defect(*made).empty());
    CHECK(made->cluster == new_cluster);
    CHECK(made->ancestors == Ancestors{{ring.cluster, ring.epoch}});
    CHECK(made->parent() == ring.cluster);
    CHECK(made->epoch.value == ring.epoch.value + epochs_skipped + 1);
    CHECK(founded_from(*made) == ring.epoch);
    CHECK_FALSE(founded_from(ring));
    CHECK(made->members.size() == 2);
    CHECK(made->voters == voters_for(made->members));
    // c was being filled: that is no copy.
    CHECK(made->table[0].copies == Ids{a});
    CHECK(made->table[0].fills.empty());
    CHECK(made->table[1].copies == Ids{a});
    CHECK(made->table[2].copies == Ids{c});
    // Only d held it.
    CHECK(made->table[3].copies.size() == 2);
    CHECK(made->table[3].generation.value == ring.table[3].generation.value + 1);
    for (const Entry& entry : made->table) {
        CHECK(entry.tenure == made->epoch);
        CHECK(entry.since == made->epoch);
        // Nobody skips the wait for leases of the old cluster.
        CHECK(entry.tenure != made->genesis);
    }
    for (int i = 0; i < 3; ++i) CHECK(made->table[i].generation == ring.table[i].generation);

    const Survival counts = survival(ring, {a, c});
    CHECK(counts.restarted == 1);
    CHECK(counts.fewer == 3);
    CHECK(counts.kept == 0);
    CHECK(counts.votes == 2);
}

TEST_CASE("who was down or leaving and survives is up in the new cluster", "[ring]") {
    Ring ring = small_ring();
    RingChange leaves = change_to(ring);
    leaves.leaving = {a};
    ring = evicted(applied(ring, leaves), {d});
    REQUIRE(ring.is_down(ring.table[3]));
    const auto made = found_anew(ring, founding_from(ring, {a, d}));
    REQUIRE(made);
    for (const Member& member : made->members) CHECK(member.state == MemberState::up);
    CHECK(made->table[3].copies == Ids{d});
    CHECK(made->table[3].generation == ring.table[3].generation);
}

TEST_CASE("a cluster is not founded anew without need or by strangers", "[ring]") {
    const Ring ring = small_ring();
    CHECK(why_not(ring, founding_from(ring, {a, b, c})).find("majority") != std::string::npos);
    CHECK_FALSE(why_not(ring, founding_from(ring, {})).empty());
    CHECK_FALSE(why_not(ring, founding_from(ring, {coordinator_id})).empty());
    CHECK_FALSE(why_not(ring, founding_from(ring, {b, a})).empty());
    CHECK_FALSE(why_not(ring, founding_from(ring, {a, a})).empty());
    CHECK_FALSE(why_not(ring, founding_from(ring, {a, NodeId{55}})).empty());
    Founding founding = founding_from(ring, {a, b});
    CHECK(why_not(ring, founding).empty());
    founding.epoch = next(ring.epoch);
    CHECK_FALSE(why_not(ring, founding).empty());
    founding = founding_from(ring, {a, b});
    founding.ballot.cluster = ring.cluster;
    CHECK_FALSE(why_not(ring, founding).empty());
    const Ring before_genesis = empty_ring(2, 4);
    CHECK_FALSE(why_not(before_genesis, founding_from(before_genesis, {coordinator_id})).empty());
}

TEST_CASE("a second member of a name or place does not survive beside the first", "[ring]") {
    // d went down and waits; another process has its name and place.
    const Ring ring = joined(evicted(small_ring(), {d}), {reborn(4)});
    CHECK_FALSE(why_not(ring, founding_from(ring, {d, NodeId{104}})).empty());
    CHECK(why_not(ring, founding_from(ring, {a, d})).empty());
}

TEST_CASE("a cluster that is founded again and again knows whom it comes from", "[ring]") {
    Ring ring = small_ring();
    Ancestors all;
    for (std::uint64_t i = 0; i < ancestors_max + 3; ++i) {
        all.insert(all.begin(), {ring.cluster, ring.epoch});
        Founding founding = founding_from(ring, {ring.members.front().id});
        founding.ballot.cluster = ClusterId{1000 + i};
        const auto made = found_anew(ring, founding);
        REQUIRE(made);
        CHECK(made->parent() == ring.cluster);
        // Others join, so that one alone is no majority.
        ring = joined(*made, {reborn(2), reborn(3)});
    }
    const Ancestor forgotten = all[ancestors_max];
    all.resize(ancestors_max);
    CHECK(ring.ancestors == all);
    ring.ancestors.push_back(forgotten);
    CHECK(ring_defect(ring).find("are more than") != std::string::npos);
}
