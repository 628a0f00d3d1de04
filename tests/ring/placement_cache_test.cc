// What is planned while the placement of new members is not known yet, and what is kept of those
// that are.
#include "ring/placement_cache.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "ring/planner.h"
#include "ring_fixture.h"

using namespace grapevine;

TEST_CASE("the cache changes nothing but the time", "[ring]") {
    const Ring ring = ring_of(5, 3, 64);
    PlacementCache cache;
    for (const std::uint64_t dead : {1, 1, 2, 9, 1}) {
        const Observations seen = dying({NodeId{dead}});
        CHECK(plan(ring, seen, PlannerConfig{}, cache) == plan(ring, seen, PlannerConfig{}));
    }
}

TEST_CASE("where no placement is known yet, a change is about who is in alone", "[ring]") {
    PlacementCache cache(0);
    CHECK_FALSE(plan(empty_ring(2, 64), joining(servers(1, 3)), PlannerConfig{}, cache));
    cache = PlacementCache(0);
    const auto planned = [&](const Ring& ring, const Observations& seen) {
        return plan(ring, seen, PlannerConfig{}, cache);
    };
    const auto learn = [&] {
        const auto task = cache.take_wanted();
        REQUIRE(task);
        cache.learn(*task, desired_placement(*task));
    };
    const Ring ring = ring_of(5, 3, 64);
    const Observations death = dying({NodeId{2}});
    const auto without = planned(ring, death);
    REQUIRE(without);
    CHECK(without->evicted == std::vector<NodeId>{NodeId{2}});
    CHECK(without->arrangements.empty());
    CHECK(*without == plan_members(ring, death, PlannerConfig{}));
    learn();
    CHECK(planned(ring, death) == plan(ring, death, PlannerConfig{}));
    // What is arranged in the next ring, when that is known, is what would have been in this one.
    const Ring evicted = applied(ring, *without);
    CHECK(planned(evicted, {}) == plan(evicted, {}, PlannerConfig{}));
    CHECK_FALSE(cache.wants());

    const Ring founded = empty_ring(2, 64);
    cache.desired(applied(founded, plan(founded, joining(servers(1, 3)), PlannerConfig{}).value()));
    learn();
    CHECK(planned(founded, joining(servers(1, 3))) ==
          plan(founded, joining(servers(1, 3)), PlannerConfig{}));

    const Ring lossy = applied(small_ring(), {.epoch = next(small_ring().epoch), .evicted = {d}});
    Observations seen;
    seen.losses = {PartitionId{3}};
    CHECK_FALSE(planned(lossy, seen));
    learn();
    CHECK(planned(lossy, seen)->losses == seen.losses);
}

TEST_CASE("until the placement is known, what is missing follows the one before", "[ring]") {
    PlacementCache cache(0);
    const auto learn = [&](const Ring& ring) {
        cache.learn(placement_task(ring), desired_placement(placement_task(ring)));
    };
    const Ring ring = ring_of(5, 3, 64);
    learn(ring);
    const Ring alone = applied(ring, plan_members(ring, dying({NodeId{2}}), PlannerConfig{}));
    // What is known is the placement of those that are left; then another one dies.
    learn(alone);
    const auto change = plan(alone, dying({NodeId{3}}), PlannerConfig{}, cache);
    REQUIRE(change);
    const Ring after = applied(alone, *change);
    const Placement known = desired_placement(placement_task(alone));
    std::size_t fills = 0;
    for (std::uint32_t i = 0; i < after.partitions(); ++i) {
        INFO(i);
        const Entry& entry = after.table[i];
        fills += entry.fills.size();
        for (const Fill& fill : entry.fills)
            CHECK(std::ranges::find(known[i], fill.id) != known[i].end());
        // Nobody leaves, and whoever led goes on.
        for (const NodeId id : alone.table[i].copies) {
            CHECK((id == NodeId{3} || entry.is_copy(id)));
        }
        if (alone.table[i].primary() != NodeId{3}) {
            CHECK(entry.primary() == alone.table[i].primary());
        }
    }
    CHECK(fills > 0);
    // What others ended is not begun again: it is not known why they did.
    Observations informed = dying({NodeId{3}});
    for (const Arrangement& arrangement : change->arrangements) {
        for (const NodeId id : arrangement.fills) {
            informed.ended.insert({arrangement.partition, id});
        }
    }
    const auto without = plan(alone, informed, PlannerConfig{}, cache);
    REQUIRE(without);
    CHECK(without->arrangements.empty());
    // A cluster is founded by it too, where somebody is known for each partition.
    const Ring founded = empty_ring(2, 64);
    const auto genesis = plan(founded, joining(servers(1, 6)), PlannerConfig{}, cache);
    REQUIRE(genesis);
    CHECK(fully_replicated(applied(founded, *genesis)));
    CHECK(cache.wants());
}

TEST_CASE("what stands in for a placement takes nothing from anybody", "[ring]") {
    PlacementCache cache(0);
    const Ring ring = ring_of(5, 3, 64);
    cache.learn(placement_task(ring), desired_placement(placement_task(ring)));
    Observations seen;
    seen.leaving = {NodeId{2}};
    const auto leave = plan(ring, seen, PlannerConfig{}, cache);
    REQUIRE(leave);
    const Ring leaving = applied(ring, *leave);
    for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
        INFO(i);
        CHECK(leaving.table[i].copies == ring.table[i].copies);
    }
    // It is the placement of all: what is filled is what it names besides the leaver, so nothing.
    CHECK(leave->arrangements.empty());
    CHECK(leave->departed.empty());

    // A fill of four that are there is behind a link that is silent: it ends, and nobody takes its
    // place, because there are as many copies as there are to be.
    const NodeId primary = ring.table[0].primary();
    NodeId fourth{};
    for (const Member& member : ring.members) {
        if (member.stores() && !ring.table[0].is_copy(member.id)) fourth = member.id;
    }
    RingChange more{.epoch = next(ring.epoch)};
    more.arrangements = {{PartitionId{0}, ring.table[0].copies, {fourth}}};
    const Ring filling = applied(ring, more);
    Ring other = filling;
    other.members.front().weight *= 2;  // not the placement that is known
    Observations silent;
    silent.links = {{link_pair(primary, fourth), LinkState::silent}};
    const auto ended = plan(other, silent, PlannerConfig{}, cache);
    REQUIRE(ended);
    REQUIRE(ended->arrangements.size() == 1);
    CHECK(ended->arrangements[0].partition == PartitionId{0});
    CHECK(ended->arrangements[0].copies == ring.table[0].copies);
    CHECK(ended->arrangements[0].fills.empty());
}

TEST_CASE("a loss is given up by what stands in only with all its copies", "[ring]") {
    Ring ring = ring_of(4, 1, 64);
    PlacementCache cache(0);
    cache.learn(placement_task(ring), desired_placement(placement_task(ring)));
    const Ring after = applied(ring, plan_members(ring, dying({NodeId{2}}), PlannerConfig{}));
    Observations seen;
    seen.losses = down_since(after, after.epoch);
    REQUIRE_FALSE(seen.losses.empty());
    // What is known has them where they were: with who is gone.
    CHECK_FALSE(plan(after, seen, PlannerConfig{}, cache));
    cache.learn(placement_task(after), desired_placement(placement_task(after)));
    Ring heavier = after;
    heavier.members.front().weight *= 2;
    const auto change = plan(heavier, seen, PlannerConfig{}, cache);
    REQUIRE(change);
    CHECK(change->losses == seen.losses);
}

TEST_CASE("where placement takes long, primaries that have just taken over stay", "[ring]") {
    const Ring ring = ring_of(3, 3, 64);
    const Ring evicted = applied(ring, plan_members(ring, dying({NodeId{2}}), PlannerConfig{}));
    const auto exchanges = [&](std::size_t pairs_at_once, std::optional<Epoch> young_from) {
        PlacementCache cache(pairs_at_once);
        cache.learn(placement_task(evicted), desired_placement(placement_task(evicted)));
        Observations seen;
        seen.young_from = young_from;
        const auto change = plan(evicted, seen, PlannerConfig{}, cache);
        REQUIRE(change);
        const Ring after = applied(evicted, *change);
        std::size_t exchanged = 0;
        for (std::uint32_t i = 0; i < after.partitions(); ++i) {
            if (evicted.table[i].tenure != evicted.epoch) continue;
            exchanged += after.table[i].primary() == evicted.table[i].primary() ? 0 : 1;
        }
        return exchanged;
    };
    const std::size_t usual = exchanges(0, {});
    CHECK(usual > 0);
    CHECK(exchanges(64 * 2, evicted.epoch) == usual);
    CHECK(exchanges(0, next(evicted.epoch)) == usual);
    CHECK(exchanges(0, evicted.epoch) == 0);
}

TEST_CASE("who returns under its name is placed as before", "[ring]") {
    PlacementCache cache(0);
    const Ring ring = ring_of(5, 3, 64);
    cache.learn(placement_task(ring), desired_placement(placement_task(ring)));
    Ring renewed = ring;
    // The order of the ids is not that of the names any more.
    renewed.members.front().id = NodeId{1000};
    std::ranges::sort(renewed.members, {}, &Member::id);
    REQUIRE(cache.desired(renewed) != nullptr);
    CHECK(*cache.desired(renewed) == desired_placement(placement_task(renewed)));
    CHECK(*cache.desired(ring) == desired_placement(placement_task(ring)));
    CHECK_FALSE(cache.wants());
    Ring heavier = ring;
    heavier.members.front().weight *= 2;
    CHECK(cache.desired(heavier) == nullptr);
    CHECK(cache.wants());
    // Who asked for one that is known wants none.
    CHECK(cache.desired(ring) != nullptr);
    CHECK_FALSE(cache.wants());
}

TEST_CASE("the last few placements are kept, and few are computed at once", "[ring]") {
    PlacementCache cache(64 * 5);
    const Ring five = ring_of(5, 3, 64);
    REQUIRE(cache.desired(five) != nullptr);
    CHECK(*cache.desired(five) == desired_placement(placement_task(five)));
    std::vector<Ring> rings;
    for (std::uint64_t nodes = 6; nodes < 11; ++nodes) {
        rings.push_back(ring_of(nodes, 3, 64));
        CHECK(cache.desired(rings.back()) == nullptr);
        const auto task = cache.take_wanted();
        REQUIRE(task == placement_task(rings.back()));
        CHECK_FALSE(cache.wants());
        cache.learn(*task, desired_placement(*task));
    }
    for (std::size_t i = 1; i < rings.size(); ++i) {
        INFO(i);
        REQUIRE(cache.desired(rings[i]) != nullptr);
        CHECK(*cache.desired(rings[i]) == desired_placement(placement_task(rings[i])));
    }
    CHECK(cache.desired(rings[0]) == nullptr);
}
