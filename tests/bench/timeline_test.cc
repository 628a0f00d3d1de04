#include "bench/timeline.h"

#include <catch2/catch.hpp>
#include <string>

#include "bench/failover.h"

using namespace grapevine;
using namespace grapevine::bench;

namespace {

Time at(Duration span) {
    return time_from_us(to_us(span));
}

}  // namespace

TEST_CASE("a rate is counted in steps", "[timeline]") {
    Timeline timeline(10ms);
    for (int i = 0; i < 100; ++i) timeline.add(i * 1ms);  // a thousand a second
    timeline.add(250ms);
    const auto points = timeline.over(50ms, 150ms, 50ms);
    REQUIRE(points.size() == 2);
    CHECK(points[0].at == 50ms);
    CHECK(points[0].per_second == Approx(1000));
    CHECK(points[1].at == 100ms);
    CHECK(points[1].per_second == Approx(0));
    // What never came counts nothing.
    CHECK(timeline.over(200ms, 400ms, 100ms).at(0).per_second == Approx(10));
    CHECK(timeline.over(200ms, 400ms, 100ms).at(1).per_second == 0);
    CHECK(timeline.over({}, {}, 100ms).empty());
}

TEST_CASE("moments are laid over each other", "[timeline]") {
    Timeline timeline(10ms);
    // Two before the first moment, none after it; two before the second, four after it.
    for (const Duration when : {105ms, 115ms, 205ms, 215ms, 225ms, 226ms, 227ms, 228ms}) {
        timeline.add(when);
    }
    const auto points = timeline.around({120ms, 221ms}, 20ms, 20ms, 20ms);
    REQUIRE(points.size() == 2);
    CHECK(points[0].at == -20ms);
    CHECK(points[0].per_second == Approx(100));
    CHECK(points[1].at == Duration{});
    CHECK(points[1].per_second == Approx(100));
    // Before the beginning there was nothing.
    CHECK(timeline.around({10ms}, 20ms, 0ms, 20ms).at(0).per_second == 0);
    CHECK(timeline.around({}, 20ms, 20ms, 20ms).at(0).per_second == 0);
}

TEST_CASE("the longest gap counts from the beginning and to now", "[timeline]") {
    LongestGap gap(at(100ms));
    CHECK(gap.until(at(130ms)) == 30ms);
    gap.event(at(110ms));
    gap.event(at(160ms));
    gap.event(at(170ms));
    CHECK(gap.until(at(170ms)) == 50ms);
    CHECK(gap.until(at(220ms)) == 50ms);
    CHECK(gap.until(at(221ms)) == 51ms);
    LongestGap first(at(100ms));
    first.event(at(190ms));
    first.event(at(200ms));
    CHECK(first.until(at(210ms)) == 90ms);
}

TEST_CASE("failover's goals are judged by the gaps", "[timeline]") {
    std::vector<Kill> kills;
    for (unsigned i = 1; i <= 200; ++i) {
        kills.push_back({.number = i, .victim = "server1", .gap = i <= 198 ? 250ms : 700ms});
    }
    const std::string good = failover_summary(kills);
    INFO(good);
    CHECK(good.find("median at most 300 ms: met; at most 2 of 200 above 600 ms: met (2)\n") !=
          std::string::npos);
    CHECK(good.find("silence") == std::string::npos);
    kills[0].gap = 601ms;
    for (Kill& kill : kills) kill.silence = 200ms;
    const std::string slow = failover_summary(kills);
    INFO(slow);
    CHECK(slow.find("at most 2 of 200 above 600 ms: missed (3)\n") != std::string::npos);
    CHECK(slow.find("silence") != std::string::npos);
    for (unsigned i = 0; i < 101; ++i) kills[i].gap = 301ms;
    CHECK(failover_summary(kills).find("median at most 300 ms: missed") != std::string::npos);
    CHECK(failover_summary({}).find("met") == std::string::npos);
}

TEST_CASE("the throughput around a kill is written by series", "[timeline]") {
    Failover result;
    result.kills = {{.number = 1, .victim = "server1", .at = 1s}};
    for (int ms = 0; ms < 1800; ++ms) result.answered.add(ms * 1ms);
    const auto lines = timeline_csv_lines(result);
    REQUIRE(lines.size() == 18 + 1 + 100);
    CHECK(lines[0] == "run,0,1000.0");
    CHECK(lines[18] == "kill,1000,0");
    CHECK(lines[19] == "around,-200,1000.0");
    CHECK(lines.back() == "around,790,1000.0");
}
