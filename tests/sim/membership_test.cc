// Failure detection and agreement alone, with very many members.
#include "sim/membership.h"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "base/rng.h"
#include "effort.h"
#include "sim/event_wheel.h"
#include "sim/membership_report.h"

using namespace grapevine;
using namespace grapevine::sim;

TEST_CASE("events on the wheel happen in the order of time", "[sim]") {
    EventWheel<int> wheel;
    const Time start = wheel.now();
    wheel.at(start + 500ms, 5);  // further than the wheel reaches
    wheel.at(start + 2ms, 2);
    wheel.at(start + 2ms, 3);
    wheel.at(start - 1ms, 1);
    wheel.at(start + 66ms, 4);
    for (int expected = 1; expected <= 5; ++expected) {
        const auto event = wheel.next(start + 1s);
        REQUIRE(event.has_value());
        CHECK(*event == expected);
    }
    CHECK(wheel.now() == start + 500ms);
    CHECK_FALSE(wheel.next(start + 1s).has_value());
    CHECK(wheel.now() == start + 1s);
    wheel.after(0us, 6);
    CHECK(wheel.next(start + 1s) == 6);
    CHECK(wheel.events_done() == 6);
}

TEST_CASE("the wheel agrees with a sorted list", "[sim]") {
    EventWheel<std::uint64_t> wheel;
    Rng rng(5);
    std::multimap<Time, std::uint64_t> expected;
    const auto add = [&](std::uint64_t number) {
        const Time at = wheel.now() + rng.between(1us, 300ms);
        expected.emplace(at, number);
        wheel.at(at, number);
    };
    for (std::uint64_t i = 0; i < 50; ++i) add(i);
    for (std::uint64_t i = 50; i < 2000; ++i) {
        REQUIRE(wheel.next(never).has_value());
        CHECK(wheel.now() == expected.begin()->first);
        expected.erase(expected.begin());
        add(i);
    }
}

TEST_CASE("a membership run replays, and another seed is another run", "[sim]") {
    MembershipConfig config;
    config.quiet = 300ms;
    config.network.loss_percent = 10;
    const MembershipResult one = run_membership(config, 4);
    const MembershipResult same = run_membership(config, 4);
    const MembershipResult other = run_membership(config, 5);
    CHECK(to_csv(one) == to_csv(same));
    CHECK(one.hash != other.hash);
    CHECK(one.failure.empty());
}

TEST_CASE("seven members notice a crash and a silence, not too early and not too late", "[sim]") {
    for (std::uint64_t seed = 1; seed <= testing::effort(10U, 2U); ++seed) {
        const MembershipResult result = run_membership({}, seed);
        INFO("seed " << seed << " " << result.failure);
        REQUIRE(result.crash_everywhere.has_value());
        REQUIRE(result.cut_everywhere.has_value());
        CHECK(*result.crash_everywhere >= 10ms);  // the settle time
        CHECK(*result.crash_everywhere <= 100ms);
        CHECK(*result.cut_everywhere >= 400ms);  // silence and suspicion
        CHECK(*result.cut_everywhere <= 700ms);
        CHECK(result.evictions.healthy == 0);
    }
}

TEST_CASE("a hundred members come together, and lose two at once", "[sim]") {
    MembershipConfig config;
    config.nodes = testing::effort<std::size_t>(100, 20);
    config.bootstrap = true;
    config.quiet = 100ms;
    config.crash = 2;
    config.stop = true;
    const MembershipResult result = run_membership(config, 1);
    INFO(result.failure);
    REQUIRE(result.bootstrap.has_value());
    CHECK(*result.bootstrap <= 1s);
    CHECK(result.bootstrap_rings <= 4);
    REQUIRE(result.crash_everywhere.has_value());
    CHECK(*result.crash_everywhere <= 250ms);
    REQUIRE(result.cut_everywhere.has_value());
    CHECK(*result.cut_everywhere <= 1s);
}

TEST_CASE("pauses of up to 300 ms and 20 % loss evict nobody", "[sim]") {
    MembershipConfig config;
    config.nodes = testing::effort<std::size_t>(20, 7);
    config.quiet = testing::effort(20s, 8s);
    config.crash = config.cut = 0;
    config.network.loss_percent = 20;
    MembershipResult result = run_membership(config, 1);
    CHECK(result.evictions.healthy == 0);
    config.network.loss_percent = 0;
    config.pause_max = 300ms;
    result = run_membership(config, 1);
    CHECK(result.pauses > testing::effort(20U, 3U));
    CHECK(result.evictions.healthy == 0);
    CHECK(result.evictions.paused == 0);
}

TEST_CASE("who pauses for too long is evicted, and the watch is awake", "[sim]") {
    MembershipConfig config;
    config.quiet = 5s;
    config.crash = config.cut = 0;
    config.pause_min = config.pause_max = 800ms;
    const MembershipResult result = run_membership(config, 1);
    CHECK(result.evictions.paused > 0);
    CHECK(result.evictions.healthy == 0);
}

TEST_CASE("a result survives its line of text", "[sim]") {
    MembershipResult result = run_membership({.quiet = 10ms, .cut = 0}, 3);
    result.failure = "a, b";
    const auto read = parse_csv(to_csv(result));
    REQUIRE(read.has_value());
    CHECK(to_csv(*read) == to_csv(result));
    CHECK(read->crash_everywhere == result.crash_everywhere);
    CHECK_FALSE(read->cut_everywhere.has_value());
    CHECK_FALSE(parse_csv("1,2,three").has_value());
    CHECK(result_of(*read) == RunResult::not_converged);
    result.failure = "broken invariant: two rings of epoch 3";
    CHECK(result_of(*parse_csv(to_csv(result))) == RunResult::broken);
    result.failure = "";
    CHECK(result_of(*parse_csv(to_csv(result))) == RunResult::pass);
}

TEST_CASE("quantiles are numbers that were there", "[sim]") {
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = 200; i >= 1; --i) numbers.push_back(i);
    const Quantiles q = quantiles(numbers);
    CHECK(q.count == 200);
    CHECK(q.p50 == 100);
    CHECK(q.p90 == 180);
    CHECK(q.p99 == 198);
    CHECK(q.max == 200);
    CHECK(quantiles({7}).p99 == 7);
    CHECK(quantiles({}).count == 0);
}
