// What a node remembers of ring changes, for people.
#include "node/ring_history.h"

#include <catch2/catch.hpp>

#include "ring/ring_fixture.h"

namespace grapevine {
namespace {

constexpr Time start{100s};

// Three storage members with two copies of each of four partitions, the first without any.
Ring three() {
    const Ring ring = empty_ring(2, 4);
    RingChange genesis{.epoch = next(ring.epoch), .joined = servers(1, 3)};
    for (std::uint32_t p = 0; p < 4; ++p) {
        genesis.arrangements.push_back(
            {.partition = PartitionId{p}, .copies = {NodeId{2}, NodeId{3}}, .fills = {}});
    }
    return applied(ring, genesis);
}

RingEvent last(const RingHistory& history, Time now) {
    const HistoryReply reply = history.reply(now);
    REQUIRE_FALSE(reply.events.empty());
    return reply.events.back();
}

}  // namespace

TEST_CASE("a death is remembered with its cause and the times that it took") {
    const Ring before = three();
    RingHistory history;
    history.adopt(start, nullptr, before, nullptr);
    history.active(start);

    const Time died = start + 5s;
    history.found_dead(NodeId{2}, Evidence::gone, died - 20ms);
    history.proposed(died + 12ms);
    history.proposed(died + 14ms);  // again: the first counts
    const RingChange eviction{.epoch = next(before.epoch), .evicted = {NodeId{2}}};
    const Ring after = applied(before, eviction);
    const std::string what = history.adopt(died + 15ms, &before, after, &eviction);
    CHECK(what.starts_with(before.member(NodeId{2})->name + " is out (process gone)"));
    CHECK(history.is_activating());
    history.active(died + 215ms);
    CHECK_FALSE(history.is_activating());

    RingEvent event = last(history, died + 1015ms);
    CHECK(event.epoch == after.epoch);
    CHECK(event.ago_ms == 1000);
    CHECK(event.detected_ms == 32);
    CHECK(event.agreed_ms == 3);
    CHECK(event.active_ms == 200);
    CHECK(event.repaired_ms == -1);
    CHECK(event.cause == RingCause::death);

    // The third member is filled: then all copies are there again.
    RingChange order{.epoch = next(after.epoch)};
    for (std::uint32_t p = 0; p < 4; ++p) {
        order.arrangements.push_back(
            {.partition = PartitionId{p}, .copies = {NodeId{3}}, .fills = {NodeId{1}}});
    }
    const Ring filling = applied(after, order);
    CHECK(history.adopt(died + 100ms, &after, filling, &order) == "4 copies being filled");
    RingChange done{.epoch = next(filling.epoch)};
    for (std::uint32_t p = 0; p < 4; ++p) {
        const Entry& entry = filling.table[p];
        done.completed.push_back(
            {PartitionId{p}, entry.since, entry.fills.front().opened, NodeId{1}});
    }
    const Ring repaired = applied(filling, done);
    CHECK(history.adopt(died + 915ms, &filling, repaired, &done) == "complete");
    const HistoryReply all = history.reply(died + 2s);
    REQUIRE(all.events.size() == 2);
    CHECK(all.events[0].repaired_ms == 900);
    // What made the copies is one event.
    event = all.events[1];
    CHECK(event.epoch == filling.epoch);
    CHECK(event.last_epoch == repaired.epoch);
    CHECK(event.copies_made == 4);
    CHECK(event.cause == RingCause::copies);
    CHECK(event.repaired_ms == 815);
    CHECK(event.what == "2 rings: 4 copies made, complete");
}

TEST_CASE("where copies stay missing nothing is repaired") {
    const Ring before = three();
    RingHistory history;
    history.adopt(start, nullptr, before, nullptr);
    // One node is left, of which every partition has its only copy: that is all that there can be.
    const RingChange eviction{.epoch = next(before.epoch), .evicted = {NodeId{1}, NodeId{2}}};
    const Ring after = applied(before, eviction);
    REQUIRE(fully_replicated(after));
    history.adopt(start + 1s, &before, after, &eviction);
    CHECK(last(history, start + 2s).repaired_ms == -1);
    // Until others come.
    const RingChange join{.epoch = next(after.epoch), .joined = {server(4)}};
    Ring ring = applied(after, join);
    history.adopt(start + 3s, &after, ring, &join);
    CHECK(last(history, start + 3s).cause == RingCause::join);
    for (Entry& entry : ring.table) entry.copies = {NodeId{3}, NodeId{4}};
    ring.epoch = next(ring.epoch);
    history.adopt(start + 4s, nullptr, ring, nullptr);
    CHECK(history.reply(start + 5s).events.at(0).repaired_ms == 3000);
}

TEST_CASE("what was given up is not repaired by that") {
    const Ring before = three();
    RingHistory history;
    history.adopt(start, nullptr, before, nullptr);
    const RingChange eviction{.epoch = next(before.epoch), .evicted = {NodeId{2}, NodeId{3}}};
    const Ring down = applied(before, eviction);
    history.adopt(start + 1s, &before, down, &eviction);
    RingChange loss{.epoch = next(down.epoch)};
    for (std::uint32_t p = 0; p < 4; ++p) {
        loss.losses.push_back(PartitionId{p});
        loss.arrangements.push_back(
            {.partition = PartitionId{p}, .copies = {NodeId{1}}, .fills = {}});
    }
    const Ring given_up = applied(down, loss);
    history.adopt(start + 9s, &down, given_up, &loss);
    const HistoryReply reply = history.reply(start + 10s);
    REQUIRE(reply.events.size() == 2);
    CHECK(reply.events[0].repaired_ms == -1);
    CHECK(reply.events[1].repaired_ms == -1);
    CHECK(reply.events[1].cause == RingCause::loss);
}

TEST_CASE("a move of many rings does not push out what it is for") {
    const Ring before = three();
    RingHistory history;
    history.adopt(start, nullptr, before, nullptr);
    const RingChange join{.epoch = next(before.epoch), .joined = {server(4)}};
    Ring ring = applied(before, join);
    history.adopt(start, &before, ring, &join);
    history.active(start);
    // Over and over a copy is made and another ordered, and one is awaited all the time.
    const auto move = [&](const RingChange& change, Time at) {
        const Ring after = applied(ring, change);
        history.proposed(at - 1ms);
        history.adopt(at, &ring, after, &change);
        history.active(at + 2ms);
        ring = after;
    };
    const NodeList two_copies = ring.table[1].copies;
    move({.epoch = next(ring.epoch),
          .arrangements = {{.partition = PartitionId{1},
                            .copies = two_copies,
                            .fills = {NodeId{4}}}}},
         start);
    for (std::size_t i = 0; i < history_size_max; ++i) {
        const std::uint64_t to = i % 2 == 0 ? 1 : 4;
        move({.epoch = next(ring.epoch),
              .arrangements = {{.partition = p0, .copies = two_copies, .fills = {NodeId{to}}}}},
             start + 10ms * i);
        const Entry& entry = ring.table[0];
        move({.epoch = next(ring.epoch),
              .completed = {{p0, entry.since, entry.fills.front().opened, NodeId{to}}}},
             start + 10ms * i + 5ms);
    }
    const HistoryReply reply = history.reply(start + 10s);
    REQUIRE(reply.events.size() == 2);
    CHECK(reply.events[0].what.starts_with("server4 is in"));
    const RingEvent& moves = reply.events[1];
    CHECK(moves.last_epoch == ring.epoch);
    CHECK(moves.copies_made == history_size_max);
    CHECK(moves.agreed_ms == 1);
    CHECK(moves.active_ms == 2);
    CHECK(moves.what == "257 rings: 128 copies made, 1 copy being filled");
    // When each was adopted is known all the same.
    const Time last_at = start + 10ms * (history_size_max - 1) + 5ms;
    CHECK(history.adopted_at(ring.epoch) == last_at);
    // And from when on rings are younger than something.
    CHECK(history.first_after(last_at) == next(ring.epoch));
    CHECK(history.first_after(last_at - 1ms) == ring.epoch);
    CHECK(history.first_after(start - 1s) == Epoch{});
}

TEST_CASE("who did not propose knows neither how it was found nor how long it took to agree") {
    const Ring before = three();
    RingHistory history;
    history.adopt(start, nullptr, before, nullptr);
    history.found_dead(NodeId{2}, Evidence::silence, start);
    const RingChange eviction{.epoch = next(before.epoch), .evicted = {NodeId{2}}};
    const Ring after = applied(before, eviction);
    CHECK(history.adopt(start + 1s, &before, after, &eviction).find("(silent)") !=
          std::string::npos);
    const RingEvent event = last(history, start + 1s);
    CHECK(event.detected_ms == -1);
    CHECK(event.agreed_ms == -1);
}

TEST_CASE("who comes later does not say what made the first ring that it sees") {
    const Ring ring = three();
    RingHistory history;
    CHECK(history.adopt(start, nullptr, ring, nullptr).find("server1 is in") != std::string::npos);
    CHECK(history.reply(start).events.empty());
    CHECK(history.adopted_at(ring.epoch) == start);
    const RingChange eviction{.epoch = next(ring.epoch), .evicted = {NodeId{2}}};
    history.adopt(start, &ring, applied(ring, eviction), &eviction);
    CHECK(history.reply(start).events.size() == 1);
}

TEST_CASE("the oldest changes are forgotten") {
    Ring ring = three();
    RingHistory history;
    for (std::size_t i = 0; i < history_size_max + 10; ++i) {
        const RingChange nothing{.epoch = next(ring.epoch)};
        const Ring after = applied(ring, nothing);
        history.adopt(start, &ring, after, &nothing);
        ring = after;
    }
    const HistoryReply reply = history.reply(start);
    CHECK(reply.events.size() == history_size_max);
    CHECK(reply.events.back().epoch == ring.epoch);
}

TEST_CASE("when a ring was adopted, or the next that is remembered") {
    RingHistory history;
    CHECK(history.adopted_at(Epoch{5}) == Time::min());
    Ring ring = three();
    const std::uint64_t first = ring.epoch.value;
    const std::size_t count = history_size_max + 2;  // two are forgotten
    for (std::size_t i = 0; i < count; ++i) {
        ring.epoch = Epoch{first + 2 * i};
        history.adopt(start + 1s * i, nullptr, ring, nullptr);
    }
    CHECK(history.adopted_at(Epoch{first + 20}) == start + 10s);
    CHECK(history.adopted_at(Epoch{first + 19}) == start + 10s);
    CHECK(history.adopted_at(Epoch{first}) == start + 2s);
    CHECK(history.adopted_at(Epoch{first + 2 * count}) == start + 1s * (count - 1));
}

}  // namespace grapevine
