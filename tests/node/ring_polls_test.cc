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

// Each of these takes a millisecond to be put into bytes: a thousand in one turn, from one
// connection or from as many, took a member a second, and it was evicted.
TEST_CASE("rings are told in turn, and a few in a while", "[node]") {
    RingPolls polls;
    Ring large;
    large.epoch = Epoch{5};
    large.table.resize(16'384);
    const auto ring = std::make_shared<const Ring>(large);
    std::vector<ConnectionId> told;
    const auto ask = [&](Time now, std::uint64_t id) {
        const ConnectionId connection{id};
        if (polls.ask(now, connection, {.have = {}, .wait_ms = 0}, ring))
            told.push_back(connection);
    };
    for (int i = 0; i < 1000; ++i) ask(start, 7);
    constexpr std::size_t at_once = 32;
    CHECK(told.size() == at_once);
    for (std::uint64_t id = 200; id > 100; --id) ask(start + 1ms, id);
    CHECK(told.size() == at_once);
    polls.closed(ConnectionId{199});
    const auto take = [&](Time now) {
        for (const auto& due : polls.take_due(now, ring)) {
            CHECK(due.reply.ring == ring);
            told.push_back(due.connection);
        }
    };
    take(start + 9ms);
    CHECK(told.size() == at_once);
    CHECK(polls.next_deadline() == start + 10ms);
    for (const Duration later : {10ms, 20ms, 30ms, 40ms}) take(start + later);
    CHECK(polls.next_deadline() == never);
    std::vector<ConnectionId> expected(at_once + 1, ConnectionId{7});
    for (std::uint64_t id = 200; id > 100; --id) {
        if (id != 199) expected.emplace_back(id);
    }
    CHECK(told == expected);
}

TEST_CASE("strangers leave rings for members", "[node]") {
    RingBudget budget;
    Ring ring;
    ring.table.resize(1024);
    ring.members.resize(10);
    const auto told = [&](Time now, bool to_stranger) {
        std::size_t count = 0;
        while (budget.take(now, ring, to_stranger)) ++count;
        return count;
    };
    const std::size_t strangers = told(start, true);
    const std::size_t members = told(start + 9ms, false);
    CHECK(strangers >= 45);
    CHECK(strangers <= 48);
    CHECK(members >= 14);
    CHECK(strangers + members <= 64);
    CHECK(told(start + 10ms, false) == strangers + members);
    // However large it is, one is told.
    ring.members.resize(100'000);
    CHECK(told(start + 20ms, true) == 1);
}
