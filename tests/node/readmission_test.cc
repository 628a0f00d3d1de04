#include "node/readmission.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(5'000'000);
constexpr Duration period = 100ms;

// Looks in each period of `length`, and finds the same.
void look_for(Readmission& readmission, Time& now, Duration length, bool heard) {
    for (const Time end = now + length; now < end; now += period) readmission.look(now, heard);
}

}  // namespace

TEST_CASE("who was never evicted, or is waited for, asks at once", "[node]") {
    Readmission readmission(period, 500ms);
    CHECK(readmission.asks_from() == Time::min());
    readmission.look(start, false);
    CHECK(readmission.asks_from() == Time::min());
    readmission.admitted(start);
    readmission.evicted(start + 1s, true);
    CHECK(readmission.away() == Duration{});
    CHECK(readmission.asks_from() == Time::min());
    // It does not count, nor does what was counted before delay it.
    readmission.admitted(start + 2s);
    readmission.evicted(start + 3s, false);
    CHECK(readmission.away() == 1s);
    readmission.admitted(start + 5s);
    readmission.evicted(start + 6s, true);
    CHECK(readmission.asks_from() == Time::min());
}

TEST_CASE("each eviction doubles the time, a good membership ends that", "[node]") {
    Readmission readmission(period, 500ms);
    Time now = start;
    for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        readmission.admitted(now);
        CHECK(readmission.asks_from() == Time::min());
        now += 59'999ms;
        readmission.evicted(now, false);
        CHECK(readmission.away() == expected);
        readmission.look(now, true);
        CHECK(readmission.asks_from() == now + expected);
    }
    readmission.admitted(now);
    now += 60s;
    readmission.evicted(now, false);
    CHECK(readmission.away() == 1s);
}

TEST_CASE("a break of the line begins the time again, but not for ever", "[node]") {
    Readmission readmission(period, 500ms);
    readmission.admitted(start);
    const Time evicted = start + 1s;
    readmission.evicted(evicted, false);
    Time now = evicted;
    CHECK(readmission.asks_from() == evicted + 61s);
    look_for(readmission, now, 900ms, true);
    CHECK(readmission.asks_from() == evicted + 1s);
    CHECK(readmission.asks_at_best() == evicted + 1s);
    readmission.look(now, false);
    CHECK(readmission.asks_from() == evicted + 61s);
    CHECK(readmission.asks_at_best() == evicted + 1s);
    look_for(readmission, now, 500ms, false);
    const Time whole = now;
    look_for(readmission, now, 300ms, true);
    CHECK(readmission.asks_from() == whole + 1s);
    CHECK(readmission.asks_at_best() == whole + 1s);
    while (now < evicted + 65s) {
        look_for(readmission, now, 500ms, false);
        look_for(readmission, now, 500ms, true);
    }
    CHECK(readmission.asks_from() == evicted + 61s);
}

TEST_CASE("a member that stood still has heard nobody, and that is no break", "[node]") {
    Readmission readmission(period, 500ms);
    readmission.admitted(start);
    Time now = start + 1s;
    readmission.evicted(now, false);
    const Time heard = now;
    look_for(readmission, now, 300ms, true);
    now += 700ms;
    look_for(readmission, now, 500ms, false);
    CHECK(readmission.asks_from() == heard + 1s);
    // Nobody by then: the line, too, is broken.
    look_for(readmission, now, 200ms, false);
    CHECK(readmission.asks_from() == start + 1s + 61s);
}
