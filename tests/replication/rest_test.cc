#include "replication/rest.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(1'000'000);
constexpr NodeId near_one{1};
constexpr NodeId far_one{2};

// So many small questions that are answered after so long.
void questions(Rest& rest, Time& now, int count, Duration took, NodeId to = near_one) {
    for (int i = 0; i < count; ++i) rest.line(now += 200ms, to, took);
}

// So many pieces that each take so long, one after the other.
void pieces(Rest& rest, Time& now, int count, Duration took, NodeId to = near_one) {
    for (int i = 0; i < count; ++i) rest.acked(now += 10ms, to, took);
}

constexpr std::size_t full = 65536;  // bytes of a piece

Duration pause_of(Rest rest, Time now, std::size_t bytes = full) {
    rest.sent(now, bytes, full);
    return rest.next() - now;
}

// How long the next piece waits, after many that took so long, on a line that takes `line`.
Duration pause_after(Duration took, Duration line) {
    Rest rest;
    Time now = start;
    questions(rest, now, 20, line);
    pieces(rest, now, 100, took);
    return pause_of(rest, now);
}

}  // namespace

TEST_CASE("a sender rests for as long as pieces take, and three times more", "[replication]") {
    CHECK(pause_after(10ms, 500us) > 37ms);
    CHECK(pause_after(10ms, 500us) <= 38ms);
    CHECK(pause_after(500us, 0us) > 1900us);
    CHECK(pause_after(500us, 0us) <= 2ms);
    CHECK(pause_after(1ms, 0us) > 3900us);
    CHECK(pause_after(10s, 500us) == pause_after(26ms, 500us));
}

// With next to nothing in each of many partitions a join took as long as with a full piece in each.
TEST_CASE("what moves little rests little", "[replication]") {
    Rest rest;
    Time now = start;
    questions(rest, now, 20, 500us);
    pieces(rest, now, 100, 10ms);
    const Duration whole = pause_of(rest, now);
    CHECK(pause_of(rest, now, full / 2) == whole / 2);
    CHECK(pause_of(rest, now, 0) == whole / 4);
    CHECK(pause_of(rest, now, full / 4 - 1) == whole / 4);
    CHECK(pause_of(rest, now, 100 * full) == whole);
}

TEST_CASE("what the line alone takes is no reason to rest", "[replication]") {
    CHECK(pause_after(25ms, 25ms) < 1ms);
    CHECK(pause_after(300ms, 300ms) < 1ms);
    CHECK(pause_after(35ms, 25ms) > 39ms);
    CHECK(pause_after(35ms, 25ms) <= 40ms);
    CHECK(pause_after(10s, 25ms) <= 100ms);
}

TEST_CASE("a line is not known by the first answers, which may have waited", "[replication]") {
    Rest rest;
    Time now = start;
    questions(rest, now, 7, 25ms);
    pieces(rest, now, 20, 25ms);
    CHECK(pause_of(rest, now) > 80ms);
    questions(rest, now, 1, 25ms);
    pieces(rest, now, 20, 25ms);
    CHECK(pause_of(rest, now) < 1ms);
}

// Whoever begins to move while the other end has had its hands full for a while never sees a piece
// that does not wait, and took that for the line.
TEST_CASE("a load that stands is not held for a long line", "[replication]") {
    Rest rest;
    Time now = start;
    questions(rest, now, 20, 500us);
    for (const Time until = now + 240s; now < until;) {
        questions(rest, now, 1, 20ms);
        pieces(rest, now, 10, 20ms);
    }
    CHECK(pause_of(rest, now) > 77ms);
    // A single answer at once in some minutes is enough.
    questions(rest, now, 1, 500us);
    for (const Time until = now + 230s; now < until;) {
        questions(rest, now, 1, 20ms);
        pieces(rest, now, 10, 20ms);
    }
    CHECK(pause_of(rest, now) > 77ms);
}

TEST_CASE("a line that becomes longer is believed after some minutes", "[replication]") {
    Rest rest;
    Time now = start;
    const auto run_for = [&](Duration span) {
        for (const Time until = now + span; now < until;) {
            questions(rest, now, 1, 30ms);
            pieces(rest, now, 1, 30ms);
        }
    };
    questions(rest, now, 20, 500us);
    run_for(240s);
    CHECK(pause_of(rest, now) > 99ms);
    run_for(120s);
    CHECK(pause_of(rest, now) < 1ms);
    // One that becomes shorter, at once.
    questions(rest, now, 20, 500us);
    pieces(rest, now, 20, 30ms);
    CHECK(pause_of(rest, now) > 90ms);
}

// An acknowledgement of what was sent again may be of the first sending: it says nothing.
TEST_CASE("a piece of which nothing is heard took at least so long", "[replication]") {
    Rest rest;
    Time now = start;
    questions(rest, now, 20, 500us);
    for (int i = 0; i < 20; ++i) rest.late(now += 100ms, near_one, 100ms);
    CHECK(pause_of(rest, now) > 95ms);
    Rest far;
    questions(far, now, 20, 300ms);
    pieces(far, now, 20, 310ms);
    const Duration before = pause_of(far, now);
    far.late(now, near_one, 100ms);  // as on a line of this length
    CHECK(pause_of(far, now) == before);
}

TEST_CASE("each receiver has its line", "[replication]") {
    Rest rest;
    Time now = start;
    questions(rest, now, 20, 500us);
    questions(rest, now, 20, 25ms, far_one);
    for (int i = 0; i < 50; ++i) {
        pieces(rest, now, 1, 500us);
        pieces(rest, now, 1, 25ms, far_one);
    }
    CHECK(pause_of(rest, now) < 1ms);
    pieces(rest, now, 50, 25ms);  // the near one is busy
    CHECK(pause_of(rest, now) > 97ms);
}

TEST_CASE("time that was not used is not saved up", "[replication]") {
    Rest rest;
    CHECK(rest.due(start));
    rest.sent(start, full, full);
    CHECK_FALSE(rest.due(start + 3999us));
    CHECK(rest.due(start + 4ms));
    rest.sent(start + 1s, full, full);
    CHECK(rest.next() == start + 1004ms);
}
