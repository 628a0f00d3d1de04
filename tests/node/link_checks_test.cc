#include "node/link_checks.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr NodeId three{3};
constexpr Time start = time_from_us(5'000'000);

void tick_until(LinkChecks& checks, Time from, Time end) {
    for (Time now = from; now <= end; now += 100ms) checks.tick(now);
}

}  // namespace

TEST_CASE("a peer is asked at once and then now and then", "[node]") {
    LinkChecks checks(300ms, one);
    checks.adopt(start, {two}, 3);
    checks.tick(start);
    const auto asked = checks.take_messages();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].first == two);
    CHECK(asked[0].second.sent_us == to_us(start));
    CHECK(checks.next_deadline() == start + 300ms);
    checks.tick(start + 299ms);
    CHECK(checks.take_messages().empty());
    checks.tick(start + 300ms);
    CHECK(checks.take_messages().size() == 1);
}

TEST_CASE("an answer carries a question that is due before long", "[node]") {
    LinkChecks checks(300ms, two);
    CHECK(checks.answer(start, one, 17).sent_us == 0);  // no peer: an answer alone
    checks.adopt(start, {one}, 3);
    const LinkCheck answer = checks.answer(start + 1ms, one, 17);
    CHECK(answer.echo_us == 17);
    CHECK(answer.sent_us == to_us(start + 1ms));
    checks.tick(start + 2ms);
    CHECK(checks.take_messages().empty());  // it has asked
    CHECK(checks.answer(start + 100ms, one, 18).sent_us == 0);
    CHECK(checks.answer(start + 301ms, one, 19).sent_us == to_us(start + 301ms));
    // Not asked for longer than a period it asks by itself.
    checks.tick(start + 301ms + 374ms);
    CHECK(checks.take_messages().empty());
    checks.tick(start + 301ms + 375ms);
    CHECK(checks.take_messages().size() == 1);
}

TEST_CASE("who is asked about its link asks its own at the same moment", "[node]") {
    LinkChecks checks(300ms, two);
    checks.adopt(start, {one, three}, 3);
    checks.tick(start);
    CHECK(checks.take_messages().size() == 2);
    static_cast<void>(checks.answer(start + 50ms, one, 17));
    CHECK(checks.take_messages().empty());  // the third was asked just now
    static_cast<void>(checks.answer(start + 300ms, one, 18));
    const auto asked = checks.take_messages();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].first == three);
}

TEST_CASE("silence counts from the last answer, or from when a peer became one", "[node]") {
    LinkChecks checks(300ms, one);
    checks.adopt(start, {two}, 3);
    CHECK_FALSE(checks.answered(two));
    checks.heard(start, two);
    checks.heard(start, three);  // no peer
    CHECK(checks.answered(two));
    CHECK_FALSE(checks.answered(three));
    tick_until(checks, start, start + 900ms);
    checks.adopt(start + 900ms, {two, three}, 3);  // keeps what is known
    checks.tick(start + 999ms);
    CHECK(checks.silent(start + 999ms, 1s).empty());
    CHECK(checks.silent(start + 1s, 1s) == std::map<NodeId, Duration>{{two, 1s}});
    tick_until(checks, start + 1s, start + 1900ms);
    CHECK(checks.silent(start + 1900ms, 1s).size() == 2);
    checks.heard(start + 1900ms, two);
    CHECK(checks.silent(start + 1900ms, 1s) == std::map<NodeId, Duration>{{three, 1s}});
    checks.adopt(start + 2s, {two}, 3);
    CHECK(checks.silent(start + 2s, 1s).empty());
}

TEST_CASE("who stood still itself blames nobody", "[node]") {
    LinkChecks checks(300ms, one);
    checks.adopt(start, {two}, 3);
    checks.tick(start);
    checks.tick(start + 5s);
    CHECK(checks.silent(start + 5s, 1s).empty());
    tick_until(checks, start + 5s, start + 6s);
    CHECK(checks.silent(start + 6s, 1s).size() == 1);
}

TEST_CASE("a stall of this process counts as one although a ring arrives first after it",
          "[node]") {
    LinkChecks checks(300ms, one);
    checks.adopt(start, {two}, 3);
    checks.tick(start);
    const Time woken = start + 5s;
    checks.adopt(woken, {two, three}, 3);
    checks.tick(woken);
    CHECK(checks.silent(woken, 1s).empty());
}
