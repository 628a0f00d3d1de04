#include "node/link_checks.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr Time start = time_from_us(5'000'000);

void tick_until(LinkChecks& checks, Time from, Time end) {
    for (Time now = from; now <= end; now += 100ms) checks.tick(now);
}

}  // namespace

TEST_CASE("a peer is asked at once and then now and then", "[node]") {
    LinkChecks checks(200ms);
    checks.adopt(start, {one});
    checks.tick(start);
    const auto asked = checks.take_messages();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].first == one);
    CHECK(asked[0].second.sent_us == to_us(start));
    CHECK(checks.next_deadline() == start + 200ms);
    checks.tick(start + 199ms);
    CHECK(checks.take_messages().empty());
    checks.tick(start + 200ms);
    CHECK(checks.take_messages().size() == 1);
}

TEST_CASE("silence counts from the last answer, or from when a peer became one", "[node]") {
    LinkChecks checks(200ms);
    checks.adopt(start, {one});
    CHECK_FALSE(checks.answered(one));
    checks.heard(start, one);
    checks.heard(start, two);  // no peer
    CHECK(checks.answered(one));
    CHECK_FALSE(checks.answered(two));
    tick_until(checks, start, start + 900ms);
    checks.adopt(start + 900ms, {one, two});  // keeps what is known
    checks.tick(start + 999ms);
    CHECK(checks.silent(start + 999ms, 1s).empty());
    CHECK(checks.silent(start + 1s, 1s) == std::map<NodeId, Duration>{{one, 1s}});
    tick_until(checks, start + 1s, start + 1900ms);
    CHECK(checks.silent(start + 1900ms, 1s).size() == 2);
    checks.heard(start + 1900ms, one);
    CHECK(checks.silent(start + 1900ms, 1s) == std::map<NodeId, Duration>{{two, 1s}});
    checks.adopt(start + 2s, {one});
    CHECK(checks.silent(start + 2s, 1s).empty());
}

TEST_CASE("who stood still itself blames nobody", "[node]") {
    LinkChecks checks(200ms);
    checks.adopt(start, {one});
    checks.tick(start);
    checks.tick(start + 5s);
    CHECK(checks.silent(start + 5s, 1s).empty());
    tick_until(checks, start + 5s, start + 6s);
    CHECK(checks.silent(start + 6s, 1s).size() == 1);
}

TEST_CASE("a stall of this process counts as one although a ring arrives first after it",
          "[node]") {
    LinkChecks checks(200ms);
    checks.adopt(start, {one});
    checks.tick(start);
    const Time woken = start + 5s;
    checks.adopt(woken, {one, two});
    checks.tick(woken);
    CHECK(checks.silent(woken, 1s).empty());
}
