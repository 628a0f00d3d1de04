#include "node/losses.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "node/governor.h"
#include "ring/ring_fixture.h"

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(5'000'000);
constexpr ConnectionId client{1};
constexpr NodeId first{1};
constexpr NodeId second{2};

// The ring that follows.
Ring after(const Ring& ring, RingChange change) {
    change.epoch = next(ring.epoch);
    return applied(ring, change);
}

// Two partitions: both members hold 0, the second alone holds 1.
Ring two_members() {
    Ring ring = after(found_ring(ClusterId{1}, server(1), 1, 2), {.joined = {server(2)}});
    ring = after(ring, {.arrangements = {{p0, {first}, {second}}, {p1, {first}, {second}}}});
    std::vector<FillReport> done;
    for (const PartitionId id : {p0, p1}) done.push_back({id, ring.epoch, ring.epoch, second});
    ring = after(ring, {.completed = done});
    return after(ring, {.arrangements = {{p1, {second}, {}}}});
}

RingPtr shared(const Ring& ring) {
    return std::make_shared<const Ring>(ring);
}

}  // namespace

TEST_CASE("who gives up what is not down is answered at once", "[node]") {
    Losses losses;
    const RingPtr ring = shared(two_members());
    losses.ask(start, client, ring->epoch);
    const auto due = losses.take_due(start, ring);
    REQUIRE(due.size() == 1);
    CHECK(due[0].connection == client);
    CHECK(due[0].reply.restarted == 0);
    CHECK(due[0].reply.left == 0);
    CHECK_FALSE(losses.accepted());
}

TEST_CASE("the answer waits for the ring, and says what restarted", "[node]") {
    Losses losses;
    const RingPtr down = shared(after(two_members(), {.evicted = {second}}));
    losses.ask(start, client, down->epoch);
    CHECK(losses.take_due(start, down).empty());
    CHECK(losses.accepted() == down->epoch);
    const RingPtr other = shared(after(*down, {}));
    CHECK(losses.take_due(start, other).empty());
    const RingPtr up = shared(after(*other, {.losses = {p1}, .arrangements = {{p1, {first}, {}}}}));
    const auto due = losses.take_due(start, up);
    REQUIRE(due.size() == 1);
    CHECK(due[0].reply.restarted == 1);
    CHECK(due[0].reply.left == 0);
}

TEST_CASE("what comes back with its data is not counted, and patience ends", "[node]") {
    Losses losses;
    const RingPtr down = shared(after(two_members(), {.evicted = {second}}));
    losses.ask(start, client, down->epoch);
    CHECK(losses.take_due(start, down).empty());
    const RingPtr back = shared(after(*down, {.joined = {server(2)}}));
    const auto due = losses.take_due(start, back);
    REQUIRE(due.size() == 1);
    CHECK(due[0].reply.restarted == 0);
    CHECK(due[0].reply.left == 0);

    losses.ask(start, client, down->epoch);
    CHECK(losses.take_due(losses.next_deadline() - 1us, down).empty());
    const auto late = losses.take_due(losses.next_deadline(), down);
    REQUIRE(late.size() == 1);
    CHECK(late[0].reply.left == 1);
    losses.ask(start, client, down->epoch);
    losses.closed(client);
    CHECK_FALSE(losses.accepted());
}

TEST_CASE("nothing is given up by a ring that is not known here", "[node]") {
    Losses losses;
    const RingPtr down = shared(after(two_members(), {.evicted = {second}}));
    losses.ask(start, client, Epoch{~std::uint64_t{0}});
    CHECK(losses.take_due(start, down).empty());
    CHECK_FALSE(losses.accepted());  // or it would mean what goes down later, too
    const auto late = losses.take_due(losses.next_deadline(), down);
    REQUIRE(late.size() == 1);
    CHECK(late[0].reply.restarted == 0);
    CHECK(late[0].reply.left == 1);

    // Of one that comes, the loss is told then.
    losses.ask(start, client, next(down->epoch));
    CHECK(losses.take_due(start, down).empty());
    CHECK_FALSE(losses.accepted());
    const RingPtr later = shared(after(*down, {}));
    CHECK(losses.take_due(start, later).empty());
    CHECK(losses.accepted() == later->epoch);
}

TEST_CASE("few may wait at the same time", "[node]") {
    Losses losses;
    const RingPtr down = shared(after(two_members(), {.evicted = {second}}));
    for (std::uint64_t id = 1; id <= 1000; ++id) {
        losses.ask(start, ConnectionId{id}, down->epoch);
    }
    CHECK(losses.take_due(start, down).empty());
    CHECK(losses.take_due(losses.next_deadline(), down).size() == 16);
}

TEST_CASE("only what was down when it was given up restarts", "[node]") {
    const Ring whole = two_members();
    const Ring down = after(whole, {.evicted = {second}});
    CHECK(down_since(down, whole.epoch).empty());
    CHECK(down_since(down, down.epoch) == std::vector{p1});
    // It was back, and is down anew: that is another loss.
    const Ring again = after(after(down, {.joined = {server(2)}}), {.evicted = {second}});
    CHECK(down_since(again, down.epoch).empty());

    Governor governor(20ms, 1);
    CHECK(governor.observe(start, down, {}).losses.empty());
    governor.loss(start, LossAccepted{down.epoch});
    CHECK(governor.observe(start + 1s, down, {}).losses == std::vector{p1});
    CHECK(governor.observe(start + 1001ms, down, {}).losses.empty());  // void if not repeated
    CHECK(governor.observe(start, again, {}).losses.empty());
}
