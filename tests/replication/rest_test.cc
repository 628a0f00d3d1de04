#include "replication/rest.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(1'000'000);
constexpr NodeId near_one{1};
constexpr NodeId far_one{2};

// So many pieces that each take so long, one after the other.
void pieces(Rest& rest, Time& now, int count, Duration took, NodeId to = near_one) {
    for (int i = 0; i < count; ++i) rest.acked(now += 10ms, to, took);
}

Duration pause_of(Rest rest, Time now) {
    rest.sent(now);
    return rest.next() - now;
}

// How long the next piece waits, after many that took so long, on a line that takes `line`.
Duration pause_after(Duration took, Duration line) {
    Rest rest;
    Time now = start;
    pieces(rest, now, 20, line);
    pieces(rest, now, 100, took);
    return pause_of(rest, now);
}

}  // namespace

TEST_CASE("a sender rests for as long as pieces take, and three times more", "[replication]") {
    CHECK(pause_after(10ms, 500us) > 39ms);
    CHECK(pause_after(10ms, 500us) <= 40ms);
    CHECK(pause_after(500us, 500us) > 1900us);
    CHECK(pause_after(500us, 500us) <= 2ms);
    CHECK(pause_after(1ms, 0us) > 3900us);
    CHECK(pause_after(10s, 500us) == pause_after(25ms, 500us));
}

TEST_CASE("what the line alone takes is no reason to rest", "[replication]") {
    CHECK(pause_after(25ms, 25ms) <= 8ms);
    CHECK(pause_after(300ms, 300ms) <= 8ms);
    CHECK(pause_after(35ms, 25ms) > 47ms);  // 10 ms longer, and the work
    CHECK(pause_after(35ms, 25ms) <= 48ms);
    CHECK(pause_after(10s, 25ms) <= 100ms);
}

TEST_CASE("a line is not known by its first pieces, which may have waited", "[replication]") {
    Rest rest;
    Time now = start;
    pieces(rest, now, 7, 25ms);
    CHECK(pause_of(rest, now) > 80ms);
    pieces(rest, now, 20, 25ms);
    CHECK(pause_of(rest, now) <= 9ms);
}

TEST_CASE("a line that becomes longer is believed after some minutes", "[replication]") {
    Rest rest;
    Time now = start;
    pieces(rest, now, 20, 500us);
    const Time until = now + 240s;
    while (now < until) pieces(rest, now, 1, 30ms);
    CHECK(pause_of(rest, now) > 99ms);
    const Time later = now + 120s;
    while (now < later) pieces(rest, now, 1, 30ms);
    CHECK(pause_of(rest, now) <= 8ms);
    // One that becomes shorter, at once.
    pieces(rest, now, 20, 500us);
    pieces(rest, now, 20, 30ms);
    CHECK(pause_of(rest, now) > 90ms);
}

TEST_CASE("each receiver has its line", "[replication]") {
    Rest rest;
    Time now = start;
    for (int i = 0; i < 50; ++i) {
        pieces(rest, now, 1, 500us);
        pieces(rest, now, 1, 25ms, far_one);
    }
    CHECK(pause_of(rest, now) <= 8ms);
    pieces(rest, now, 50, 25ms);  // the near one is busy
    CHECK(pause_of(rest, now) > 99ms);
}

TEST_CASE("time that was not used is not saved up", "[replication]") {
    Rest rest;
    CHECK(rest.due(start));
    rest.sent(start);
    CHECK_FALSE(rest.due(start + 3999us));
    CHECK(rest.due(start + 4ms));
    rest.sent(start + 1s);
    CHECK(rest.next() == start + 1004ms);
}
