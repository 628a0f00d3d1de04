#include "node/bad_links.h"

#include <catch2/catch.hpp>
#include <optional>

#include "ring/change.h"

using namespace grapevine;

namespace {

constexpr LinkPair pair{NodeId{1}, NodeId{2}};
constexpr Time start = time_from_us(5'000'000);

std::optional<LinkState> state(const BadLinks& links, Time now) {
    const LinkNews news = links.news(now);
    return news.contains(pair) ? std::optional(news.at(pair)) : std::nullopt;
}

// Silent for `lasted` from `begin` on, reported as members do. Returns when it was last.
Time silence(BadLinks& links, Time begin, Duration lasted) {
    Time now = begin + 1s;
    for (; now <= begin + lasted; now += 200ms) links.report(now, pair, now - begin);
    return now - 200ms;
}

// How long the pair is distrusted after the last report.
Duration distrusted_for(const BadLinks& links, Time last) {
    Time now = last + 501ms;
    while (state(links, now) == LinkState::distrusted) now += 1ms;
    return now - last;
}

}  // namespace

TEST_CASE("silence is told early, and bad when it has lasted", "[node]") {
    BadLinks links;
    CHECK(state(links, start) == std::nullopt);
    links.report(start, pair, Duration{});
    CHECK(state(links, start) == std::nullopt);
    links.report(start, pair, 1s);
    CHECK(state(links, start) == LinkState::silent);
    CHECK(state(links, start + 500ms) == LinkState::silent);
    CHECK(state(links, start + 501ms) == std::nullopt);  // void, and no harm done
    links.report(start + 600ms, pair, 1499ms);
    CHECK(state(links, start + 600ms) == LinkState::silent);
    links.report(start + 700ms, pair, 1500ms);
    CHECK(state(links, start + 700ms) == LinkState::bad);
    CHECK(state(links, start + 1200ms) == LinkState::bad);
    CHECK(state(links, start + 1201ms) == LinkState::distrusted);
}

TEST_CASE("a short silence is known, and void as soon as longer ones", "[node]") {
    BadLinks links;
    links.report(start, pair, 999ms);
    CHECK(state(links, start) == LinkState::quiet);
    CHECK(state(links, start + 500ms) == LinkState::quiet);
    CHECK(state(links, start + 501ms) == std::nullopt);
    links.overruled(start, pair);  // which it does not explain
    CHECK(state(links, start) == LinkState::distrusted);
}

TEST_CASE("a failure that spreads is not judged by the first that is seen of it", "[node]") {
    BadLinks at_once;
    at_once.report(start, {NodeId{1}, NodeId{3}}, 1250ms);  // noticed within a period of checks
    at_once.report(start, {NodeId{4}, NodeId{5}}, 600ms);   // of others
    at_once.report(start, pair, 1500ms);
    CHECK(state(at_once, start) == LinkState::bad);
    BadLinks links;
    const auto begun = [&](std::uint64_t low, std::uint64_t high, Duration ago) {
        links.report(start, {NodeId{low}, NodeId{high}}, ago);
    };
    begun(2, 3, 600ms);
    begun(1, 2, 1500ms);
    CHECK(state(links, start) == LinkState::silent);
    CHECK(state(links, start + 400ms) == LinkState::silent);
    begun(1, 2, 2499ms);
    CHECK(state(links, start) == LinkState::silent);
    CHECK(state(links, start + 1ms) == LinkState::bad);  // waits no longer than this
    CHECK(links.trusts_from() == start + 2s);
    BadLinks hasty({Bug::accuse_in_haste});
    hasty.report(start, {NodeId{2}, NodeId{3}}, 600ms);
    hasty.report(start, pair, 1500ms);
    CHECK(state(hasty, start) == LinkState::bad);
}

TEST_CASE("who has waited for what spreads judges when that has lasted, too", "[node]") {
    BadLinks links;
    Time now = start + 500ms;
    const auto both = [&] {
        links.report(now, pair, now - start);
        if (now >= start + 900ms) links.report(now, {NodeId{1}, NodeId{3}}, now - start - 400ms);
    };
    Time judged = never;
    for (; judged == never; now += 50ms) {
        both();
        if (state(links, now) == LinkState::bad) judged = now;
        REQUIRE(now < start + 3s);
    }
    CHECK(judged == start + 400ms + 1250ms);
}

TEST_CASE("what begins after a link was found bad changes nothing of that", "[node]") {
    BadLinks links;
    const LinkPair other{NodeId{1}, NodeId{3}};
    links.report(start, pair, 1500ms);
    REQUIRE(state(links, start) == LinkState::bad);
    links.report(start + 100ms, other, 550ms);
    CHECK(state(links, start + 100ms) == LinkState::bad);
    links.report(start + 200ms, pair, 1700ms);
    links.report(start + 200ms, other, 650ms);
    CHECK(state(links, start + 200ms) == LinkState::bad);
    // Another silence of it is another matter.
    links.report(start + 1800ms, pair, 900ms);
    links.report(start + 2400ms, other, 600ms);
    links.report(start + 2400ms, pair, 1500ms);
    CHECK(links.news(start + 2400ms).at(pair) == LinkState::bad);  // was bad before
    BadLinks fresh;
    fresh.report(start, pair, 1400ms);
    fresh.report(start, other, 600ms);
    fresh.report(start + 100ms, pair, 1500ms);
    CHECK(state(fresh, start + 100ms) == LinkState::silent);  // was not found bad before
}

// Each is silent for 2 s in four, and there is always another that fell silent not long ago.
TEST_CASE("links that come and go out of step are judged all the same", "[node]") {
    BadLinks links;
    int judged = 0;
    for (Time now = start; now < start + 20s; now += 50ms) {
        for (std::uint64_t peer = 2; peer <= 6; ++peer) {
            const Duration lasted = (now - start + (7 - peer) * 800ms) % 4s;
            const LinkPair link{NodeId{1}, NodeId{peer}};
            if (lasted < 500ms || lasted > 2s) continue;
            links.report(now, link, lasted);
            judged += links.news(now).at(link) == LinkState::bad ? 1 : 0;
        }
    }
    CHECK(judged > 100);
}

TEST_CASE("distrust doubles with each time, up to a minute, and ends", "[node]") {
    BadLinks links;
    Time now = start;
    for (const Duration expected : {2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        const Time last = silence(links, now, 3s);
        CHECK(state(links, last) == LinkState::bad);
        CHECK(distrusted_for(links, last) == expected + 1ms);
        now = last + 90s;
    }
    const Time last = silence(links, now + 601s, 3s);  // good for long: from the beginning
    CHECK(distrusted_for(links, last) == 2001ms);
}

TEST_CASE("who was overruled distrusts too, longer with each time", "[node]") {
    BadLinks links;
    CHECK(links.trusts_from() == Time::min());
    links.overruled(start, pair);
    CHECK(state(links, start) == LinkState::distrusted);
    CHECK(links.trusts_from() == start + 2s);
    links.overruled(start + 1s, pair);  // known already
    CHECK(state(links, start + 2s) == LinkState::distrusted);
    CHECK(state(links, start + 2001ms) == std::nullopt);
    links.overruled(start + 3s, pair);
    CHECK(links.trusts_from() == start + 7s);
    links.report(start + 3s, pair, 1s);
    CHECK(state(links, start + 3s) == LinkState::silent);
    links.report(start + 4s, pair, 2s);  // the third time
    CHECK(state(links, start + 4s) == LinkState::bad);
    CHECK(links.trusts_from() == start + 12s);
}

TEST_CASE("a pair of which one is out is forgotten", "[node]") {
    const auto member = [](std::uint64_t id) {
        Member made;
        made.id = NodeId{id};
        made.name = "node" + std::to_string(id);
        made.address = {0x7f000001, static_cast<std::uint16_t>(7000 + id)};
        return made;
    };
    Ring ring = found_ring(ClusterId{1}, member(1), 2, 1);
    ring = *apply(ring, {.epoch = next(ring.epoch), .joined = {member(2)}});
    BadLinks links;
    links.report(start, pair, 2s);
    links.adopt(ring);
    CHECK(state(links, start) == LinkState::bad);
    links.adopt(*apply(ring, {.epoch = next(ring.epoch), .evicted = {NodeId{2}}}));
    CHECK(state(links, start) == std::nullopt);
}
