#include "node/governor.h"

#include <catch2/catch.hpp>

#include "ring/change.h"

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(5'000'000);

Member member(std::uint64_t id, Role role = Role::storage) {
    Member made;
    made.id = NodeId{id};
    made.name = "node" + std::to_string(id);
    made.address = {0x7f000001, static_cast<std::uint16_t>(7000 + id)};
    made.role = role;
    return made;
}

// One partition, of which there are to be two copies.
Ring three_members() {
    Ring ring = found_ring(ClusterId{1}, member(1), 2, 1);
    for (const std::uint64_t id : {2, 3}) {
        ring = *apply(ring, {.epoch = next(ring.epoch), .joined = {member(id)}});
    }
    return ring;
}

// Somebody whom the placement of that partition does not name, and who does not lead it.
NodeId unwanted(const Ring& ring, const NodeList& wanted) {
    NodeId other{};
    for (const Member& m : ring.members) {
        const bool leads = m.id == ring.table[0].primary();
        if (!leads && std::ranges::find(wanted, m.id) == wanted.end()) other = m.id;
    }
    REQUIRE(other);
    return other;
}

}  // namespace

TEST_CASE("voters propose in their order, less those that are dead", "[node]") {
    Ring ring = found_ring(ClusterId{1}, member(1), 3, 1);
    for (const std::uint64_t id : {2, 3}) {
        ring = *apply(ring, {.epoch = next(ring.epoch), .joined = {member(id)}});
    }
    const auto when = [&](std::uint64_t self, const std::set<NodeId>& dead) {
        Governor governor(20ms, 1);
        governor.consider(start, 10ms, ring, NodeId{self}, dead);
        return governor.next_deadline();
    };
    const NodeId second = ring.voters[1].id;
    const NodeId first = ring.voters[0].id;
    CHECK(when(first.value, {}) == start + 10ms);
    CHECK(when(second.value, {}) == start + 30ms);
    CHECK(when(second.value, {first}) == start + 10ms);
    CHECK(when(99, {}) == never);  // no voter, no proposal
}

TEST_CASE("joiners that are never admitted keep nobody out for long", "[node]") {
    const Ring ring = found_ring(ClusterId{1}, member(1), 3, 1);
    Governor governor(20ms, 1);
    for (std::uint64_t id = 100; id < 3000; ++id) governor.joiner(start, {member(id), ring.epoch});
    const std::size_t heard = governor.observe(start, ring, {}).joiners.size();
    CHECK(heard < 2900);
    governor.joiner(start + 2s, {member(2), ring.epoch});
    const auto joiners = governor.observe(start + 2s, ring, {}).joiners;
    REQUIRE(joiners.size() == 1);
    CHECK(joiners[0].id == NodeId{2});
}

TEST_CASE("news is used while it is fresh and fits the ring", "[node]") {
    const Ring ring = found_ring(ClusterId{1}, member(1), 3, 1);
    Governor governor(20ms, 1);
    governor.joiner(start, {member(2), ring.epoch});
    governor.joiner(start, {member(3), Epoch{}});  // one ring behind is still current
    Ring later = ring;
    later.epoch = Epoch{9};
    CHECK(governor.observe(start, ring, {}).joiners.size() == 2);
    CHECK(governor.observe(start, later, {}).joiners.empty());
    CHECK(governor.observe(start + 2s, ring, {}).joiners.empty());

    const Ring filling =
        *apply(ring, {.epoch = next(ring.epoch),
                      .joined = {member(2)},
                      .arrangements = {{PartitionId{0}, {NodeId{1}}, {NodeId{2}}}}});
    PlacementCache placement;
    const FillReport report{PartitionId{0}, filling.epoch, filling.epoch, NodeId{2}};
    governor.reports(start, filling, {{report}}, 50ms);
    CHECK(governor.observe(start, filling, {NodeId{2}}).completed.empty());  // of a dead member
    governor.adopt(start, &ring, filling, placement);
    CHECK(governor.observe(start, filling, {}).completed == std::vector{report});
    later = filling;
    later.table[0].since = Epoch{9};
    governor.adopt(start, &filling, later, placement);
    CHECK(governor.observe(start, filling, {}).completed.empty());
}

TEST_CASE("a wanted fill that others ended is news of a bad link", "[node]") {
    Ring ring = three_members();
    PlacementCache placement;
    const NodeId primary = ring.table[0].primary();
    const auto wanted = (*placement.desired(ring))[0];
    const NodeId fill = wanted[0] == primary ? wanted[1] : wanted[0];
    const auto arranged = [](const Ring& from, NodeId copy, NodeList fills) {
        return *apply(from, {.epoch = next(from.epoch),
                             .arrangements = {{PartitionId{0}, {copy}, std::move(fills)}}});
    };
    const auto heard = [&](const Ring& before, const Ring& after) {
        Governor governor(20ms, 1);
        governor.adopt(start, &before, after, placement);
        return governor.observe(start, after, {}).links;
    };
    const Ring filling = arranged(ring, primary, {fill});
    CHECK(heard(ring, filling).empty());
    const Ring ended = arranged(filling, primary, {});
    CHECK(heard(filling, ended) == LinkNews{{link_pair(primary, fill), LinkState::distrusted}});
    CHECK(Governor(20ms, 1).observe(start, ended, {}).links.empty());
    // Nor is it where the placement is not known: another one's says nothing of this ring.
    PlacementCache unknowing(0);
    Ring lighter = ring;
    lighter.members.front().weight /= 2;
    unknowing.learn(placement_task(lighter), *placement.desired(ring));
    Governor without(20ms, 1);
    without.adopt(start, &filling, ended, unknowing);
    CHECK(without.observe(start, ended, {}).links.empty());
    CHECK_FALSE(unknowing.wants());
    CHECK(without.observe(start, ended, {}).ended == std::set<Holding>{{PartitionId{0}, fill}});
    CHECK(without.observe(start, ended, {}).contested.empty());
    // One that came or went explains it, and so does a placement that never wanted it.
    const Ring gone = *apply(filling, {.epoch = next(filling.epoch), .evicted = {fill}});
    CHECK(heard(filling, gone).empty());
    const NodeId other = unwanted(ring, wanted);
    const Ring odd = arranged(ring, primary, {other});
    CHECK(heard(odd, arranged(odd, primary, {})).empty());
}

TEST_CASE("a fill that is begun again is left alone, and ended again it has a bad link", "[node]") {
    Ring ring = three_members();
    PlacementCache placement;
    const NodeId primary = ring.table[0].primary();
    const NodeList wanted = (*placement.desired(ring))[0];
    const NodeId other = unwanted(ring, wanted);
    const Holding which{PartitionId{0}, other};
    Governor governor(20ms, 1);
    Time now = start;
    const auto adopt = [&](NodeList fills) {
        const Ring before = ring;
        ring = *apply(ring, {.epoch = next(ring.epoch),
                             .arrangements = {{PartitionId{0}, {primary}, std::move(fills)}}});
        governor.adopt(now, &before, ring, placement);
        return governor.observe(now, ring, {});
    };
    adopt({other});
    Observations seen = adopt({});
    CHECK(seen.ended.contains(which));
    CHECK(seen.contested.empty());
    seen = adopt({other});
    CHECK(seen.contested.contains(which));
    CHECK(seen.links.empty());
    CHECK(governor.trusts_from() > now);
    CHECK(adopt({}).links == LinkNews{{link_pair(primary, other), LinkState::distrusted}});
    // All that is forgotten after a while, also where no ring is made.
    now += 20s;
    CHECK(governor.observe(now, ring, {}).ended.empty());
    CHECK(governor.observe(now, ring, {}).contested.empty());
    seen = adopt({other});
    CHECK(seen.ended.empty());
    CHECK(seen.contested.empty());
    CHECK(governor.trusts_from() <= now);
}

TEST_CASE("rings that change only what is being filled are followed by a rest", "[node]") {
    Ring ring = three_members();
    PlacementCache placement;
    const NodeId primary = ring.table[0].primary();
    const NodeId other = unwanted(ring, (*placement.desired(ring))[0]);
    Governor governor(20ms, 1);
    Governor restless(20ms, 1, {Bug::fills_restless});
    Time now = start;
    // Begins a fill, or ends it.
    const auto shuffle = [&] {
        const Ring before = ring;
        const NodeList fills = ring.table[0].fills.empty() ? NodeList{other} : NodeList{};
        ring = *apply(ring, {.epoch = next(ring.epoch),
                             .arrangements = {{PartitionId{0}, {primary}, fills}}});
        governor.adopt(now, &before, ring, placement);
        restless.adopt(now, &before, ring, placement);
    };
    const auto rests = [&] { return governor.observe(now, ring, {}).fills_rest; };
    for (int i = 0; i < 2; ++i) shuffle();
    CHECK_FALSE(rests());
    shuffle();
    CHECK(rests());
    CHECK_FALSE(restless.observe(now, ring, {}).fills_rest);
    CHECK(governor.fills_rest_until() == now + 250ms);
    now = governor.fills_rest_until();
    CHECK_FALSE(rests());
    // Each is longer than the one before, to an end.
    shuffle();
    CHECK(governor.fills_rest_until() == now + 500ms);
    for (int i = 0; i < 100; ++i) shuffle();
    CHECK(governor.fills_rest_until() == now + 2s);
    // A copy that is complete is progress.
    if (ring.table[0].fills.empty()) shuffle();
    const Ring before = ring;
    ring = *apply(ring, {.epoch = next(ring.epoch),
                         .completed = {{PartitionId{0}, ring.table[0].since,
                                        ring.table[0].fills[0].opened, other}}});
    governor.adopt(now, &before, ring, placement);
    CHECK_FALSE(rests());
}

TEST_CASE("who has made no such ring for a while begins anew", "[node]") {
    const Ring ring = three_members();
    Ring later = ring;
    PlacementCache placement;
    Governor governor(20ms, 1);
    for (int i = 0; i < 5; ++i) governor.adopt(start, &ring, later, placement);
    CHECK(governor.observe(start, ring, {}).fills_rest);
    governor.adopt(start + 6s, &ring, later, placement);
    CHECK_FALSE(governor.observe(start + 6s, ring, {}).fills_rest);
}

TEST_CASE("reports of fills that there are not take no room", "[node]") {
    const Ring ring = found_ring(ClusterId{1}, member(1), 3, 1);
    Governor governor(20ms, 1);
    FillReports junk;
    for (std::uint64_t id = 2; id < 100; ++id) {
        junk.reports.push_back({PartitionId{0}, ring.table[0].since, ring.epoch, NodeId{id}});
    }
    junk.reports.push_back({PartitionId{5}, ring.table[0].since, ring.epoch, NodeId{2}});
    governor.reports(start, ring, junk, 50ms);
    CHECK(governor.reports_due() == never);
    CHECK(governor.observe(start, ring, {}).completed.empty());
}

TEST_CASE("what can wait waits for longer than the rings of a rebalance are apart", "[node]") {
    const Ring ring = found_ring(ClusterId{1}, member(1), 3, 1);
    Ring later = ring;
    later.epoch = next(ring.epoch);
    PlacementCache placement;
    Governor governor(20ms, 1);
    CHECK(governor.trims_due() <= start);
    governor.adopt(start, nullptr, ring, placement);
    CHECK(governor.trims_due() == start + 2s);
    governor.adopt(start + 1s, &ring, later, placement);
    CHECK(governor.trims_due() == start + 3s);
}

TEST_CASE("one address asks for one joiner, whatever ids it gives", "[node]") {
    const Ring ring = found_ring(ClusterId{1}, member(1), 3, 1);
    Governor governor(20ms, 1);
    for (std::uint64_t id = 100; id < 2000; ++id) {
        Member junk = member(id);
        junk.address = member(100).address;
        governor.joiner(start, {junk, ring.epoch});
    }
    governor.joiner(start, {member(2), ring.epoch});
    const auto joiners = governor.observe(start, ring, {}).joiners;
    REQUIRE(joiners.size() == 2);
    CHECK(joiners[0].id == NodeId{2});
    CHECK(joiners[1].id == NodeId{1999});
}

TEST_CASE("completed fills wait for others, unless copies are missing", "[node]") {
    constexpr std::uint32_t partitions = 8;
    Ring ring = found_ring(ClusterId{1}, member(1), 1, partitions);
    ring = *apply(ring, {.epoch = next(ring.epoch), .joined = {member(2)}});
    RingChange change{.epoch = next(ring.epoch)};
    for (std::uint32_t i = 0; i < partitions; ++i) {
        change.arrangements.push_back({PartitionId{i}, {NodeId{1}}, {NodeId{2}}});
    }
    Ring filling = *apply(ring, change);
    const auto report = [&](std::uint32_t partition) {
        return FillReport{PartitionId{partition}, filling.epoch, filling.epoch, NodeId{2}};
    };
    Governor governor(20ms, 1);
    const auto due_after = [&](Time now, std::uint32_t partition) {
        governor.reports(now, filling, {{report(partition)}}, 50ms);
        return governor.reports_due();
    };

    SECTION("moves: for so long, or until half of them are there") {
        CHECK(due_after(start, 0) == start + 500ms);
        CHECK(due_after(start + 100ms, 0) == start + 500ms);
        CHECK(due_after(start + 100ms, 1) == start + 500ms);
        CHECK(due_after(start + 200ms, 2) == start + 500ms);
        CHECK(due_after(start + 300ms, 3) == start + 400ms);
        PlacementCache placement;
        governor.adopt(start + 350ms, &ring, filling, placement);
        CHECK(governor.reports_due() == never);
    }
    SECTION("copies that are missing") {
        filling.copies_wanted = 2;
        CHECK(due_after(start, 0) == start + 100ms);
    }
}
