#include "bench/latency.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "bench/pacer.h"
#include "runtime/clock.h"
#include "runtime/wait.h"

using namespace grapevine;
using namespace grapevine::bench;

TEST_CASE("the points of a distribution close in on the longest", "[latency]") {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 100; ++value) histogram.add(value);
    const auto points = percentiles_of(histogram);
    REQUIRE(points.size() > 20);
    CHECK(points[0].percentile == Approx(0));
    CHECK(points[0].one_in == Approx(1));
    CHECK(points[0].us == 1);
    CHECK(points[1].percentile == Approx(5));
    CHECK(points[1].us == 5);
    CHECK(points[10].percentile == Approx(50));
    CHECK(points[10].one_in == Approx(2));
    CHECK(points[10].us == 50);
    CHECK(points[11].percentile == Approx(52.5));
    CHECK(points[20].percentile == Approx(75));
    CHECK(points[20].us == 75);
    CHECK(points.back().us == 100);
    CHECK(points[points.size() - 2].us < 100);
    for (std::size_t i = 1; i < points.size(); ++i) {
        CHECK(points[i].percentile > points[i - 1].percentile);
        CHECK(points[i].us >= points[i - 1].us);
    }
}

TEST_CASE("whatever the count, the last point is the longest", "[latency]") {
    Histogram histogram;
    for (std::uint64_t count = 1; count <= 300; ++count) {
        histogram.add(1'000'000 + 10'000 * count);
        REQUIRE(percentiles_of(histogram).back().us == histogram.max());
    }
}

TEST_CASE("a distribution of few has few points", "[latency]") {
    Histogram histogram;
    CHECK(percentiles_of(histogram).empty());
    histogram.add(7);
    REQUIRE(percentiles_of(histogram).size() == 1);
    CHECK(percentiles_of(histogram)[0].us == 7);
}

TEST_CASE("rounds of one rate are one distribution, and too much of a rate is told", "[latency]") {
    Phase one;
    one.name = "rate 10";
    one.span = 1s;
    one.tally.gets = 10;
    one.tally.latency_us.add(5);
    Phase two = one;
    two.tally.latency_us.add(9);
    Phase other;
    other.name = "rate 20";
    other.span = 1s;
    other.tally.gets = 15;
    const auto lines = percentile_csv_lines({one, two, other});
    REQUIRE_FALSE(lines.empty());
    CHECK(lines.front() == "rate 10,0,1,5");
    CHECK(lines.back().ends_with(",9"));
    for (const std::string& line : lines) {
        CHECK(std::ranges::count(line, ',') == std::ranges::count(percentile_csv_head(), ','));
    }
    const std::string summary = latency_summary({10, 20}, {one, two, other});
    INFO(summary);
    CHECK(summary.find("20 a second are more than were answered (15)") != std::string::npos);
    CHECK(summary.find("10 a second are more") == std::string::npos);
}

TEST_CASE("so many are due within a span", "[latency]") {
    CHECK(due_in(1000, 2s) == 2000);
    CHECK(due_in(1000, 1500us) == 2);
    CHECK(due_in(1, 1us) == 1);
    CHECK(due_at(Time{}, 1000, due_in(1000, 2s)) == Time{} + 2s);
}

TEST_CASE("a pacer wakes the loop at its time, not before, and as often as it is asked",
          "[latency]") {
    Loop loop;
    std::vector<Time> woken;
    Time wanted{};
    Pacer pacer(loop, [&] {
        woken.push_back(boot_time());
        CHECK(woken.back() >= wanted);
        if (woken.size() < 50) pacer.wake_at(wanted = woken.back() + 300us);
    });
    pacer.wake_at(wanted = boot_time() + 3600s);
    pacer.wake_at(wanted = boot_time() + 1ms);
    REQUIRE(run_until(loop, 30s, [&] { return woken.size() == 50; }));
    // A time that has passed is due at once.
    pacer.wake_at(wanted = boot_time() - 1s);
    CHECK(run_until(loop, 30s, [&] { return woken.size() == 51; }));
    pacer.wake_at(wanted = Time{});
    CHECK(run_until(loop, 30s, [&] { return woken.size() == 52; }));
}
