#include "node/links.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr Address peer{0x7f000001, 7001};
constexpr Time start = time_from_us(5'000'000);

}  // namespace

TEST_CASE("wanted links are dialed at once, and again with growing pauses", "[node]") {
    Links links(200ms);
    links.want(start, {peer});
    links.tick(start);
    CHECK(links.take_dials() == std::vector{peer});
    Time now = start;
    for (const Duration pause : {200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
        links.down(now, peer, true);
        CHECK_FALSE(links.use(now, peer));  // nothing is sent into the void
        CHECK(links.next_deadline() == now + pause);
        now += pause;
        links.tick(now);
        CHECK(links.take_dials() == std::vector{peer});
    }
    // A new ring that wants it is a reason to try at once.
    links.down(now, peer, true);
    links.want(now, {peer});
    links.tick(now);
    CHECK(links.take_dials() == std::vector{peer});
}

TEST_CASE("a link that was up and ends is dialed at once", "[node]") {
    Links links(200ms);
    links.want(start, {peer});
    links.tick(start);
    CHECK(links.take_dials().size() == 1);
    links.up(start, peer);
    CHECK(links.is_up(peer));
    links.down(start + 5s, peer, false);
    CHECK_FALSE(links.is_up(peer));
    links.tick(start + 5s);
    CHECK(links.take_dials() == std::vector{peer});
}

TEST_CASE("links to strangers are made on use and hung up when idle", "[node]") {
    Links links(200ms);
    CHECK(links.use(start, peer));
    CHECK(links.take_dials() == std::vector{peer});
    CHECK(links.use(start, peer));
    CHECK(links.take_dials().empty());
    links.up(start, peer);
    links.tick(start + 9s);
    CHECK(links.take_hang_ups().empty());
    links.use(start + 9s, peer);
    links.tick(start + 18s);
    CHECK(links.take_hang_ups().empty());
    links.tick(start + 19s);
    CHECK(links.take_hang_ups() == std::vector{peer});
    CHECK(links.next_deadline() == never);
}
