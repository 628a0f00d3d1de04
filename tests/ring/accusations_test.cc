// What the planner does about bad links.
#include "ring/accusations.h"

#include <catch2/catch.hpp>

#include "base/rng.h"
#include "ring/planner.h"
#include "ring_fixture.h"

using namespace grapevine;

namespace {

constexpr LinkState bad = LinkState::bad;

// Every fill completes, and nobody is accused of anything else, until the ring is as it should be.
Ring settled(Ring ring, const LinkNews& links, const LinkNews& heartbeats = {}) {
    Observations seen;
    seen.links = links;
    seen.heartbeats = heartbeats;
    for (int rings = 0;; ++rings) {
        REQUIRE(rings < 30);
        seen.completed.clear();
        for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
            for (const Fill& fill : ring.table[i].fills) {
                seen.completed.push_back(
                    {PartitionId{i}, ring.table[i].since, fill.opened, fill.id});
            }
        }
        const auto change = plan(ring, seen, PlannerConfig{});
        if (!change) return ring;
        ring = applied(ring, *change);
    }
}

RingChange planned(const Ring& ring, const LinkNews& links, const LinkNews& heartbeats = {}) {
    Observations seen;
    seen.links = links;
    seen.heartbeats = heartbeats;
    return plan(ring, seen, PlannerConfig{}).value();
}

LinkNews all_of(NodeId id, const Ids& others) {
    LinkNews news;
    for (const NodeId other : others) news[link_pair(id, other)] = bad;
    return news;
}

// Partitions in which both are, one of them as the primary.
std::size_t together(const Ring& ring, NodeId x, NodeId y) {
    return static_cast<std::size_t>(std::ranges::count_if(ring.table, [&](const Entry& entry) {
        const bool led = entry.primary() == x || entry.primary() == y;
        return led && entry.writes_to(x) && entry.writes_to(y);
    }));
}

}  // namespace

TEST_CASE("a short silence weighs where fault is weighed, and does nothing else", "[ring]") {
    const Ring ring = small_ring();  // partition 0: a b; 1: b a
    const Ring calm = settled(ring, {});
    const LinkNews quiet{{link_pair(a, c), LinkState::quiet}};
    CHECK(settled(calm, quiet) == calm);
    LinkNews news = quiet;
    news[link_pair(a, b)] = bad;
    for (const Holding& holding : planned(ring, news).dropped) CHECK(holding.member == a);
    CHECK(planned(ring, news).dropped.size() == 2);
    CHECK(planned(ring, {{link_pair(a, b), bad}}).dropped.front().member == b);
}

TEST_CASE("of two copies with a bad link the lower rank stays, and another is filled", "[ring]") {
    const Ring ring = small_ring();  // partition 0: a b; 1: b a
    const RingChange change = planned(ring, {{{a, b}, bad}});
    CHECK(change.dropped == std::vector<Holding>{{p0, b}, {p1, a}});
    CHECK(change.evicted.empty());
    const Ring after = applied(ring, change);
    for (const PartitionId id : {p0, p1}) {
        CHECK(after.entry(id).primary() == ring.entry(id).primary());
        CHECK_FALSE(after.entry(id).fills.empty());
        CHECK(together(after, a, b) == 0);
    }
    CHECK(after.entry(PartitionId{3}).is_copy(d));  // the last copy of what others do not hold
}

TEST_CASE("a pair with a bad link shares no partition that one of them leads", "[ring]") {
    const Ring ring = ring_of(5, 3, 64);
    const Ring after = settled(ring, {{{a, b}, bad}});
    REQUIRE(together(ring, a, b) > 0);
    CHECK(together(after, a, b) == 0);
    CHECK(fully_replicated(after));
    // Not long after it is good again they are not put together either, then they are.
    const Ring later = settled(after, {{{a, b}, LinkState::distrusted}});
    CHECK(later == after);
    CHECK(together(settled(later, {}), a, b) == together(ring, a, b));
    // While both hold it and the link works, distrust moves nothing.
    CHECK(settled(ring, {{{a, b}, LinkState::distrusted}}) == ring);
    CHECK(settled(ring, {{{a, b}, LinkState::silent}}) == ring);
}

TEST_CASE("a fill behind a bad link ends", "[ring]") {
    const Ring ring = arranged(small_ring(), {{PartitionId{3}, {d}, {a}}});
    const Ring after = applied(ring, planned(ring, {{{a, d}, bad}}));
    const Entry& entry = after.entry(PartitionId{3});
    CHECK(entry.fill_of(a) == nullptr);
    CHECK(entry.fills.size() == 1);
    CHECK(entry.copies == Ids{d});
}

// One knows that the link of two copies is bad, and fills another; one does not, and takes what
// those hold for good. What they have begun again after that goes on, whoever proposes.
TEST_CASE("what others have begun again is not ended, and stays when it is a copy", "[ring]") {
    const Ring ring = settled(ring_of(5, 3, 64), {});
    const Entry& entry = ring.table[0];
    const LinkPair pair = link_pair(entry.copies[1], entry.copies[2]);
    // A link between copies that do not lead is worked around, not dropped.
    const Ring filling = applied(ring, planned(ring, {{pair, bad}}));
    REQUIRE(filling.table[0].fills.size() == 1);
    const NodeId filled = filling.table[0].fills.front().id;
    Observations seen;
    REQUIRE(plan(filling, seen, PlannerConfig{}));  // who knows nothing ends it at first
    for (std::uint32_t i = 0; i < filling.partitions(); ++i) {
        const Entry& there = filling.table[i];
        for (const Fill& fill : there.fills) {
            seen.contested.insert({PartitionId{i}, fill.id});
            seen.completed.push_back({PartitionId{i}, there.since, fill.opened, fill.id});
        }
    }
    const auto completing = plan(filling, seen, PlannerConfig{});
    REQUIRE(completing);
    const Ring complete = applied(filling, *completing);
    CHECK(complete.table[0].is_copy(filled));
    seen.completed.clear();
    // (Of partitions that one of the pair leads a copy was dropped; that one is begun again.)
    const auto is_touched = [&](const Ring& from) {
        const auto change = plan(from, seen, PlannerConfig{});
        return change && std::ranges::find(change->arrangements, PartitionId{0},
                                           &Arrangement::partition) != change->arrangements.end();
    };
    CHECK_FALSE(is_touched(filling));
    CHECK_FALSE(is_touched(complete));
    // Nobody is kept who leaves, or whom the primary cannot reach.
    Observations silent = seen;
    silent.links[link_pair(entry.primary(), filled)] = LinkState::silent;
    CHECK(
        applied(filling, plan(filling, silent, PlannerConfig{}).value()).table[0].fill_of(filled) ==
        nullptr);
    Observations leaving = seen;
    leaving.leaving = {filled};
    CHECK(applied(filling, plan(filling, leaving, PlannerConfig{}).value())
              .table[0]
              .fill_of(filled) == nullptr);
    // When it is not contested any more the table is what it was.
    CHECK(settled(complete, {}).table[0].copies == entry.copies);
}

TEST_CASE("whoever has more bad links is the one to go", "[ring]") {
    const Ring ring = ring_of(5, 3, 64);
    const Ids others = {b, c, d};
    const RingChange change = planned(ring, all_of(a, others));
    CHECK(change.evicted.empty());
    for (const Holding& holding : change.dropped) CHECK(holding.member == a);
    // What is only silent so far weighs too, and changes nothing.
    LinkNews early = all_of(a, {c, d});
    for (auto& [pair, state] : early) state = LinkState::silent;
    early[{a, b}] = bad;
    for (const Holding& holding : planned(ring, early).dropped) CHECK(holding.member == a);
}

TEST_CASE("the coordinator gives way, unless the other end has more bad links", "[ring]") {
    const Ring ring = ring_of(4, 2, 16);
    const LinkPair pair{a, coordinator_id};
    CHECK(planned(ring, {{pair, bad}}).evicted == Ids{coordinator_id});
    CHECK(planned(ring, {{pair, bad}, {{a, b}, bad}}).evicted.empty());
    CHECK(planned(ring, all_of(coordinator_id, {a, b})).evicted == Ids{coordinator_id});
    // Alone with its coordinator there is nobody else; and a death explains more.
    Observations seen;
    seen.links = {{pair, bad}};
    seen.dead = {b};
    CHECK(plan(ring, seen, PlannerConfig{}).value().evicted == Ids{b});
    CHECK(plan(ring, seen, PlannerConfig{}).value().dropped.empty());
}

TEST_CASE("a member that too few voters hear is evicted, unless it is the last copy", "[ring]") {
    const Ring ring = ring_of(5, 3, 64);  // 5 and 2 votes: 4 are needed
    const auto evicts = [&](const Ring& of, const Ids& silent) {
        Observations seen;
        seen.heartbeats = all_of(a, silent);
        const auto change = plan(of, seen, PlannerConfig{});
        return change && change->evicted == Ids{a};
    };
    CHECK_FALSE(evicts(ring, {b, c, d}));
    CHECK(evicts(ring, {b, c, d, NodeId{5}}));
    CHECK_FALSE(evicts(ring, {b, coordinator_id}));
    CHECK(evicts(ring, {b, c, coordinator_id}));

    // Somewhere the last copy: it stays, leads nothing that others can, and is given nothing.
    const Ring alone = arranged(small_ring(), {{PartitionId{2}, {d, c}, {}}});
    const Ring after = applied(alone, planned(alone, {}, all_of(d, {a, b, coordinator_id})));
    CHECK(after.is_up(d));
    CHECK(after.entry(PartitionId{3}).copies == Ids{d});
    CHECK_FALSE(after.entry(PartitionId{2}).writes_to(d));
}

TEST_CASE("one member at a time: the fault of one is not that of those who miss it", "[ring]") {
    const Ring ring = ring_of(5, 3, 64);
    const Ids everybody = {b, c, d, NodeId{5}, coordinator_id};
    LinkNews news = all_of(a, everybody);
    const RingChange change = planned(ring, news, news);
    CHECK(change.evicted == Ids{a});
    CHECK(change.dropped.empty());
}

TEST_CASE("no bad links ever cost a last copy, and the planner comes to rest", "[ring]") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        INFO("seed " << seed);
        Rng rng(seed);
        const std::uint64_t nodes = 1 + rng.below(6);
        Ring ring = ring_of(nodes, static_cast<std::uint32_t>(1 + rng.below(4)), 16);
        Ids ids = {coordinator_id};
        for (std::uint64_t i = 1; i <= nodes; ++i) ids.push_back(NodeId{i});
        for (int round = 0; round < 6; ++round) {
            LinkNews links;
            LinkNews heartbeats;
            for (const NodeId x : ids) {
                for (const NodeId y : ids) {
                    if (!(x < y) || !rng.chance(1, 4)) continue;
                    links[{x, y}] = static_cast<LinkState>(rng.below(4));
                    if (rng.chance(1, 2)) heartbeats[{x, y}] = links[{x, y}];
                }
            }
            ring = settled(ring, links, heartbeats);
            REQUIRE(ring_defect(ring) == "");
            for (const Entry& entry : ring.table) REQUIRE_FALSE(ring.is_down(entry));
            for (const auto& [pair, state] : links) {
                if (state == bad) CHECK(together(ring, pair.low, pair.high) == 0);
            }
        }
        // When all is good again the table is what it would have been without all this.
        ring = settled(ring, {});
        CHECK(fully_replicated(ring));
        CHECK(settled(ring, {}) == ring);
    }
}

// One step of a cluster to which everything happens at once, planned with what is known or without.
TEST_CASE("whatever happens, and whatever is known of placement, what is planned is legal",
          "[ring]") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        Rng rng(seed);
        std::uint64_t last = 2 + rng.below(6);
        Ring ring = ring_of(last, static_cast<std::uint32_t>(1 + rng.below(5)), 16);
        PlacementCache knows;
        PlacementCache lacks(0);
        for (int round = 0; round < 20; ++round) {
            Observations seen;
            const auto draw = [&](std::uint64_t of) { return rng.chance(1, of); };
            for (const Member& x : ring.members) {
                if (x.is_up() && draw(20)) seen.dead.insert(x.id);
                if (x.stores() && draw(8)) seen.leaving.insert(x.id);
                for (const Member& y : ring.members) {
                    if (!(x.id < y.id) || !draw(6)) continue;
                    const LinkPair pair{x.id, y.id};
                    seen.links[pair] = static_cast<LinkState>(rng.below(4));
                    if (draw(2)) seen.heartbeats[pair] = seen.links[pair];
                }
            }
            if (draw(3)) seen.joiners.push_back(server(++last));
            if (draw(2)) seen.young_from = Epoch{rng.below(ring.epoch.value + 2)};
            if (draw(4)) seen.losses = down_since(ring, ring.epoch);
            for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
                for (const NodeId copy : ring.table[i].copies) {
                    if (draw(8)) seen.contested.insert({PartitionId{i}, copy});
                }
                for (const Fill& fill : ring.table[i].fills) {
                    const FillReport report{PartitionId{i}, ring.table[i].since, fill.opened,
                                            fill.id};
                    if (draw(2)) seen.completed.push_back(report);
                    if (draw(4)) seen.ended.insert({PartitionId{i}, fill.id});
                    if (draw(4)) seen.contested.insert({PartitionId{i}, fill.id});
                }
            }
            if (draw(2)) {
                lacks = PlacementCache(0);
                if (draw(2)) {
                    lacks.learn(placement_task(ring), desired_placement(placement_task(ring)));
                }
            }
            const auto change = plan(ring, seen, PlannerConfig{}, draw(2) ? knows : lacks);
            if (!change) continue;
            const auto made = apply(ring, *change);
            if (!made) FAIL(made.error().message);
            REQUIRE(ring_defect(*made) == "");
            ring = *made;
        }
    }
}
