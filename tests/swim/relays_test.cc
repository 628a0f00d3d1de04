#include "swim/relays.h"

#include <catch2/catch.hpp>

using namespace grapevine;

TEST_CASE("a helper owes one answer: an ack, or a nack in time", "[swim]") {
    Relays relays;
    CHECK(relays.next_deadline() == never);
    REQUIRE(relays.add(7, {NodeId{1}, 70, NodeId{2}, time_from_us(100)}));
    REQUIRE(relays.add(8, {NodeId{1}, 80, NodeId{3}, time_from_us(120)}));
    CHECK(relays.next_deadline() == time_from_us(100));

    CHECK_FALSE(relays.answered(7, NodeId{3}).has_value());  // not the one that was asked
    CHECK(relays.answered(7, NodeId{2}).value().number == 70);
    CHECK_FALSE(relays.answered(7, NodeId{2}).has_value());

    CHECK(relays.take_due(time_from_us(119)).empty());
    const auto due = relays.take_due(time_from_us(120));
    REQUIRE(due.size() == 1);
    CHECK(due[0].number == 80);
    CHECK(relays.next_deadline() == never);
}

TEST_CASE("a helper does not take on more than it can remember", "[swim]") {
    Relays relays;
    const Relay relay{NodeId{1}, 1, NodeId{2}, time_from_us(100)};
    for (std::uint64_t i = 0; i < Relays::max; ++i) REQUIRE(relays.add(i, relay));
    CHECK_FALSE(relays.add(Relays::max, relay));
}
