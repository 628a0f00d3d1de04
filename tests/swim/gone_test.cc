// "Process gone": links ended and a reconnect was refused.

#include <catch2/catch.hpp>

#include "swim/network.h"

using namespace grapevine;
using grapevine::test::Network;

namespace {

constexpr Duration hop = 500us;  // the longest latency of the network
const SwimConfig config;

Rumor accusation(std::size_t member, std::size_t observer, Liveness liveness,
                 std::uint32_t incarnation) {
    return {.member = Network::id(member),
            .liveness = liveness,
            .evidence = Evidence::gone,
            .incarnation = Incarnation{incarnation},
            .observer = Network::id(observer)};
}

}  // namespace

TEST_CASE("two observers that find a process gone decide at once", "[swim]") {
    for (const std::size_t members : {3U, 7U, 30U}) {
        INFO(members << " members");
        Network network({.members = members, .seed = 6});
        network.run_for(200ms);
        network.crash(3);
        network.say_gone(1, 3);
        network.run_for(5ms);
        CHECK_FALSE(network.anyone_sees(3, Liveness::dead));  // one word is not enough
        CHECK(network.everyone_sees(3, Liveness::suspect));
        network.say_gone(2, 3);
        network.run_for(hop);
        CHECK(network.at(1).liveness(Network::id(3)) == Liveness::dead);
        CHECK(network.everyone_sees(3, Liveness::dead));
        for (const auto& seen : network.observations()) {
            CHECK(seen.event.evidence == Evidence::gone);
        }
    }
}

TEST_CASE("a kill is known to all within milliseconds of being noticed", "[swim]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Network network({.members = 7, .seed = seed});
        network.run_for(200ms);
        network.crash(5, 2ms);
        network.run_for(2ms + 2 * hop);
        CHECK(network.everyone_sees(5, Liveness::dead));
    }
}

TEST_CASE("loss delays the second word by rounds, not by a suspicion", "[swim]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        Network network({.members = 7, .seed = seed, .loss_percent = 20});
        network.run_for(200ms);
        network.crash(5, 2ms);
        network.run_for(100ms);
        CHECK(network.everyone_sees(5, Liveness::dead));
    }
}

TEST_CASE("several killed at once are known at once", "[swim]") {
    Network network({.members = 7, .seed = 8});
    network.run_for(200ms);
    for (const std::size_t member : {1U, 3U, 5U, 7U}) network.crash(member, 2ms);
    network.run_for(2ms + 2 * hop);
    for (const std::size_t member : {1U, 3U, 5U, 7U}) {
        CHECK(network.everyone_sees(member, Liveness::dead));
    }
}

TEST_CASE("a lone observer waits for the suspicion", "[swim]") {
    for (const bool heartbeats : {true, false}) {
        Network network({.members = 2, .seed = 1, .heartbeats = heartbeats});
        network.run_for(200ms);
        network.crash(2, 1ms);
        network.run_for(config.suspicion_min);
        CHECK_FALSE(network.anyone_sees(2, Liveness::dead));
        network.run_for(config.suspect_after + 2 * hop);
        CHECK(network.everyone_sees(2, Liveness::dead));
    }
}

TEST_CASE("one mistaken observer evicts nobody", "[swim]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Network network({.members = 5, .seed = seed});
        network.run_for(200ms);
        for (int i = 0; i < 10; ++i) {
            network.say_gone(1, 2);
            network.run_for(4 * hop);
            CHECK(network.everyone_sees_all_alive());
            network.run_for(50ms);
        }
        CHECK(network.count(Liveness::dead) == 0);
    }
}

TEST_CASE("a member that two hold gone by mistake is not stuck dead", "[swim]") {
    Network network({.members = 5, .seed = 1});
    network.run_for(200ms);
    network.say_gone(1, 2);
    network.say_gone(3, 2);
    network.run_for(5 * hop);
    CHECK(network.everyone_sees_all_alive());
}

TEST_CASE("late messages do not bring the dead back", "[swim]") {
    Network network({.members = 5, .seed = 1});
    network.run_for(200ms);
    // It refutes once, so that there is an old refutation to arrive late.
    network.say_gone(1, 2);
    network.run_for(10ms);
    REQUIRE(network.everyone_sees_all_alive());
    network.crash(2, 2ms);
    network.run_for(10ms);
    REQUIRE(network.everyone_sees(2, Liveness::dead));

    const Rumor old_life{Network::id(2), Liveness::alive, Evidence::silence, Incarnation{1},
                         Network::id(2)};
    for (std::size_t receiver : {1U, 3U, 4U, 5U}) {
        network.inject(2, receiver, {Ack{1, Network::id(2)}, {old_life}});
        network.inject(2, receiver, {Ping{1}, {old_life}});
        network.at(receiver).heard(network.now(), Network::id(2));
    }
    network.run_for(10s);
    CHECK(network.everyone_sees(2, Liveness::dead));
    CHECK(network.count(Liveness::dead) == 4);
}

TEST_CASE("somebody who is not a member accuses nobody", "[swim]") {
    Network network({.members = 5, .seed = 1});
    network.run_for(200ms);
    network.inject(99, 1, {Gossip{}, {accusation(2, 99, Liveness::dead, 0)}});
    network.inject(3, 1, {Gossip{}, {accusation(2, 99, Liveness::dead, 0)}});
    CHECK(network.observations().empty());
    network.run_for(200ms);
    CHECK(network.observations().empty());
}
