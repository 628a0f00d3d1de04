#include "replication/rest.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(1'000'000);

// How long the next piece waits, after many that took so long.
Duration pause_after(Duration took) {
    Rest rest;
    for (int i = 0; i < 100; ++i) rest.acked(took);
    CHECK(rest.due(start));
    rest.sent(start);
    return rest.next() - start;
}

}  // namespace

TEST_CASE("a sender rests for as long as pieces take, and three times more", "[replication]") {
    CHECK(pause_after(10ms) > 39ms);
    CHECK(pause_after(10ms) <= 40ms);
    CHECK(pause_after(500us) > 1900us);
    CHECK(pause_after(500us) <= 2ms);
    CHECK(pause_after(0us) < 100us);
    // Of a far line.
    CHECK(pause_after(10s) == pause_after(25ms));
}

TEST_CASE("time that was not used is not saved up", "[replication]") {
    Rest rest;
    rest.sent(start);
    CHECK_FALSE(rest.due(start + 3999us));
    CHECK(rest.due(start + 4ms));
    rest.sent(start + 1s);
    CHECK(rest.next() == start + 1004ms);
}
