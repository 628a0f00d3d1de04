#include "ring/trims.h"

#include <catch2/catch.hpp>

#include "ring_fixture.h"

using namespace grapevine;

namespace {

// Partition 0 has three copies: a, b, c of a ring that wants two.
Ring with_one_more() {
    const Ring filling = arranged(small_ring(), {{p0, {a, b}, {c}}});
    RingChange change = change_to(filling);
    change.completed = {{p0, filling.epoch, filling.epoch, c}};
    return applied(filling, change);
}

RingChange to(const Ring& ring, Arrangement arrangement) {
    RingChange change = change_to(ring);
    change.arrangements = {std::move(arrangement)};
    return change;
}

bool can_wait(const Ring& ring, const RingChange& change) {
    return can_wait(ring, change, [](NodeId, NodeId) { return false; });
}

Ring asked_to_leave(const Ring& ring, NodeId id) {
    RingChange change = change_to(ring);
    change.leaving = {id};
    return applied(ring, change);
}

}  // namespace

TEST_CASE("a copy too many can wait", "[ring]") {
    const Ring ring = with_one_more();
    CHECK(can_wait(ring, to(ring, {p0, {a, b}, {}})));
    CHECK(can_wait(ring, to(ring, {p0, {a, c}, {}})));
}

TEST_CASE("whatever does more cannot wait", "[ring]") {
    const Ring ring = with_one_more();
    CHECK_FALSE(can_wait(ring, change_to(ring)));
    CHECK_FALSE(can_wait(ring, to(ring, {p0, {b, c}, {}})));   // another primary
    CHECK_FALSE(can_wait(ring, to(ring, {p0, {a, b}, {d}})));  // a fill is opened
    RingChange both = to(ring, {p0, {a, b}, {}});
    both.arrangements.push_back({p1, {b, a}, {c}});
    CHECK_FALSE(can_wait(ring, both));
    const auto with = [&](const auto& edit) {
        RingChange change = to(ring, {p0, {a, b}, {}});
        edit(change);
        return can_wait(ring, change);
    };
    CHECK_FALSE(with([](RingChange& change) { change.evicted = {d}; }));
    CHECK_FALSE(with([](RingChange& change) { change.joined = {server(5)}; }));
    CHECK_FALSE(with([](RingChange& change) { change.leaving = {d}; }));
    CHECK_FALSE(with([](RingChange& change) { change.departed = {d}; }));
    CHECK_FALSE(with([](RingChange& change) { change.dropped = {{p1, a}}; }));
    CHECK_FALSE(with([](RingChange& change) { change.losses = {p1}; }));
    CHECK_FALSE(with([](RingChange& change) { change.completed = {{p1, Epoch{1}, Epoch{1}, c}}; }));
}

TEST_CASE("a leaver waits for the last copies that it has", "[ring]") {
    const Ring ring = asked_to_leave(with_one_more(), c);
    // Partition 2 has one, too.
    CHECK(can_wait(ring, to(ring, {p0, {a, b}, {}})));
    RingChange last = to(ring, {p0, {a, b}, {}});
    last.arrangements.push_back({PartitionId{2}, {d}, {}});
    CHECK(ring.entry(PartitionId{2}).primary() == c);
    CHECK_FALSE(can_wait(ring, last));
    Ring elsewhere = ring;
    elsewhere.table[2].copies = {d};
    CHECK_FALSE(can_wait(elsewhere, to(elsewhere, {p0, {a, b}, {}})));
}

TEST_CASE("a copy too many that may not answer does not wait", "[ring]") {
    const Ring ring = with_one_more();
    const auto can = [&](const NodeList& copies, NodeId primary, NodeId silent) {
        const auto doubt = [&](NodeId from, NodeId to) { return from == primary && to == silent; };
        return can_wait(ring, to(ring, {p0, copies, {}}), doubt);
    };
    CHECK_FALSE(can({a, b}, a, c));
    CHECK(can({a, b}, a, b));  // which stays
    CHECK(can({a, b}, b, c));  // which its primary hears
    CHECK_FALSE(can({a, c}, a, b));
}
