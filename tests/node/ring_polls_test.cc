#include "node/ring_polls.h"

#include <catch2/catch.hpp>
#include <memory>

using namespace grapevine;

namespace {

constexpr ConnectionId client{1};
constexpr Time start = Time{} + 10s;

RingPtr ring_at(std::uint64_t epoch) {
    Ring ring;
    ring.epoch = Epoch{epoch};
    return std::make_shared<const Ring>(ring);
}

}  // namespace

TEST_CASE("a client is never given a ring that is older than it says it has", "[node]") {
    RingPolls polls;
    const RingPtr ring = ring_at(5);
    CHECK(polls.ask(start, client, {.have = Epoch{4}, .wait_ms = 0}, ring)->ring == ring);
    for (const std::uint64_t have : {5, 6, 1000}) {
        CHECK(polls.ask(start, client, {.have = Epoch{have}, .wait_ms = 0}, ring)->ring == nullptr);
        CHECK_FALSE(polls.ask(start, client, {.have = Epoch{have}, .wait_ms = 100}, ring));
        CHECK(polls.take_due(start, ring).empty());
        CHECK(polls.next_deadline() == start + 100ms);
        const auto due = polls.take_due(start + 100ms, ring);
        REQUIRE(due.size() == 1);
        CHECK(due[0].reply.ring == nullptr);
        CHECK(polls.next_deadline() == never);
    }
}

TEST_CASE("a client that waits is told the next ring at once", "[node]") {
    RingPolls polls;
    CHECK_FALSE(polls.ask(start, client, {.have = Epoch{5}, .wait_ms = 100}, ring_at(5)));
    const RingPtr next_one = ring_at(6);
    const auto due = polls.take_due(start + 1ms, next_one);
    REQUIRE(due.size() == 1);
    CHECK(due[0].connection == client);
    CHECK(due[0].reply.ring == next_one);
    // Nobody is told who has hung up.
    CHECK_FALSE(polls.ask(start, client, {.have = Epoch{6}, .wait_ms = 100}, next_one));
    polls.closed(client);
    CHECK(polls.take_due(start + 1s, ring_at(7)).empty());
}

TEST_CASE("where there is no ring yet a client waits for the first", "[node]") {
    RingPolls polls;
    CHECK_FALSE(polls.ask(start, client, {.have = {}, .wait_ms = 100}, nullptr));
    CHECK(polls.take_due(start, nullptr).empty());
    CHECK(polls.take_due(start, ring_at(1)).size() == 1);
}
