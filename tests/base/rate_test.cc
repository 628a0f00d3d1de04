// Rates: bounded by a Pacer, measured by a RateMeter.
#include <catch2/catch.hpp>

#include "base/pacer.h"
#include "base/rate_meter.h"

namespace grapevine {
namespace {

constexpr Time start{1000s};

}  // namespace

TEST_CASE("a pacer lets through what its rate allows, and a burst") {
    Pacer pacer(1'000'000, 10ms);
    std::uint64_t spent = 0;
    for (Time now = start; now < start + 2s; now += 100us) {
        while (pacer.due(now)) {
            pacer.spend(now, 3000);
            spent += 3000;
        }
    }
    CHECK(spent >= 2'000'000);
    CHECK(spent <= 2'000'000 + 10'000 + 3000);
}

TEST_CASE("what is saved while nothing is spent is no more than the burst") {
    Pacer pacer(1'000'000, 10ms);
    pacer.spend(start, 1);
    const Time later = start + 60s;
    std::uint64_t spent = 0;
    for (; pacer.due(later); spent += 1000) pacer.spend(later, 1000);
    CHECK(spent <= 11'000);
}

TEST_CASE("a pacer says when the next is due, after an amount of any size") {
    Pacer pacer(1'000'000, 10ms);
    pacer.spend(start, 5'000'000);
    CHECK_FALSE(pacer.due(start + 4s));
    CHECK(pacer.next() == start + 4990ms);
    CHECK(pacer.due(pacer.next()));
}

TEST_CASE("a pacer without a rate bounds nothing") {
    Pacer pacer(0);
    pacer.spend(start, 1'000'000'000);
    CHECK(pacer.due(start));
}

TEST_CASE("a meter tells the rate of the last second, and forgets") {
    RateMeter meter;
    CHECK(meter.per_second(start) == 0);
    Time now = start;
    for (; now < start + 3s; now += 1ms) meter.add(now, 500);
    CHECK(meter.per_second(now) > 450'000);
    CHECK(meter.per_second(now) < 550'000);
    CHECK(meter.per_second(now + 600ms) < 350'000);
    CHECK(meter.per_second(now + 1300ms) == 0);
    meter.add(now + 3600s, 1000);
    CHECK(meter.per_second(now + 3601s) <= 1000);
    CHECK(meter.per_second(now + 3601s) > 700);
}

TEST_CASE("a meter does not count the time before there was anything") {
    RateMeter meter;
    Time now = start;
    for (; now < start + 400ms; now += 1ms) meter.add(now, 500);
    CHECK(meter.per_second(now) > 450'000);
    CHECK(meter.per_second(now) < 550'000);
    // Nor is what came at once a rate of its own.
    RateMeter burst;
    burst.add(start, 1000);
    CHECK(burst.per_second(start) <= 4000);
}

}  // namespace grapevine
