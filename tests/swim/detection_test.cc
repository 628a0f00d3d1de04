// Not too early, not too late: what is detected, in how much virtual time, in a network that
// delivers everything.

#include <catch2/catch.hpp>

#include "swim/network.h"

using namespace grapevine;
using grapevine::test::Network;

namespace {

constexpr Duration hop = 1ms;  // more than any latency of the network
const SwimConfig config;

}  // namespace

TEST_CASE("nothing happens while all is well", "[swim]") {
    for (const bool heartbeats : {true, false}) {
        Network network({.members = 7, .seed = 3, .heartbeats = heartbeats});
        network.run_for(1s);
        const std::size_t before = network.datagrams();
        network.run_for(20s);
        CHECK(network.observations().empty());
        CHECK(network.at(1).local_health() == 0);
        // One probe a period each, with its answer; none where heartbeats say as much.
        const std::size_t probes = heartbeats ? 0 : 7 * 2 * 20 * 5;
        CHECK(network.datagrams() - before <= probes + 7);
        CHECK(network.datagrams() - before >= probes * 9 / 10);
    }
}

TEST_CASE("a crash without a word is found by the silence of heartbeats", "[swim]") {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        for (const std::size_t members : {2U, 3U, 5U, 7U, 12U}) {
            INFO("seed " << seed << ", " << members << " members");
            Network network({.members = members, .seed = seed});
            network.run_for(300ms);
            network.crash(2);
            const Time crashed = network.now();
            network.run_until(crashed + config.suspect_after + config.suspicion_min -
                              config.probe_timeout);
            CHECK_FALSE(network.anyone_sees(2, Liveness::dead));  // not too early
            network.run_until(crashed + config.suspect_after + config.suspicion_min +
                              config.probe_timeout + 2 * hop);
            CHECK(network.everyone_sees(2, Liveness::dead));  // not too late
            CHECK(network.count(Liveness::dead) == members - 1);
        }
    }
}

TEST_CASE("without heartbeats the probes find it", "[swim]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        Network network({.members = 5, .seed = seed, .heartbeats = false});
        network.run_for(2s);
        network.crash(2);
        const Time crashed = network.now();
        network.run_until(crashed + 2 * config.probe_timeout + config.suspicion_min - hop);
        CHECK_FALSE(network.anyone_sees(2, Liveness::dead));
        // Somebody's round comes to it within 2n - 1 periods, n being the four others.
        network.run_until(crashed + 7 * config.period + 2 * config.probe_timeout +
                          config.suspicion_min + 4 * hop);
        CHECK(network.everyone_sees(2, Liveness::dead));
        CHECK(network.count(Liveness::dead) == 4);
    }
}

TEST_CASE("a crash among a hundred is known to all", "[swim]") {
    for (const bool heartbeats : {true, false}) {
        Network network({.members = 100, .seed = 11, .heartbeats = heartbeats});
        network.run_for(1s);
        network.crash(42);
        const Time crashed = network.now();
        network.run_until(crashed + config.suspect_after + config.suspicion_min -
                          config.probe_timeout);
        CHECK_FALSE(network.anyone_sees(42, Liveness::dead));
        network.run_until(crashed + (heartbeats ? 550ms : 1500ms));
        CHECK(network.everyone_sees(42, Liveness::dead));
        CHECK(network.count(Liveness::dead) == 99);
    }
}

TEST_CASE("several that crash at once are all found, though they are most", "[swim]") {
    Network network({.members = 8, .seed = 5});
    network.run_for(1s);
    for (const std::size_t member : {2U, 4U, 6U, 8U, 7U}) network.crash(member);
    // Five of seven others are silent: the survivors doubt themselves first, for as long as a
    // suspicion lasts, and at most that long.
    network.run_for(1s);
    for (const std::size_t member : {2U, 4U, 6U, 8U, 7U}) {
        CHECK(network.everyone_sees(member, Liveness::dead));
    }
    CHECK(network.everyone_sees(1, Liveness::alive));
}

TEST_CASE("a pause of up to 300 ms goes unpunished", "[swim]") {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        for (const bool heartbeats : {true, false}) {
            for (const std::size_t members : {2U, 3U, 7U}) {
                INFO("seed " << seed << ", " << members << " members, " << heartbeats);
                Network network({.members = members, .seed = seed, .heartbeats = heartbeats});
                network.run_for(1s);
                for (int i = 0; i < 5; ++i) {
                    network.pause(1);
                    network.run_for(300ms);
                    network.resume(1);
                    network.run_for(200ms);
                }
                CHECK(network.count(Liveness::dead) == 0);
                network.run_for(1s);
                CHECK(network.everyone_sees_all_alive());
            }
        }
    }
}

TEST_CASE("who was paused does not accuse the others", "[swim]") {
    for (const Duration pause : {100ms, 250ms, 1000ms, 5000ms}) {
        for (const bool heartbeats : {true, false}) {
            Network network({.members = 5, .seed = 9, .heartbeats = heartbeats});
            network.run_for(1s);
            network.pause(3);
            network.run_for(pause);
            network.resume(3);
            network.run_for(3s);
            for (const auto& seen : network.observations()) {
                CHECK(seen.event.member == Network::id(3));
                CHECK(seen.observer != Network::id(3));
            }
            CHECK(network.everyone_sees_all_alive());
        }
    }
}

TEST_CASE("a member held dead by mistake refutes as soon as it runs", "[swim]") {
    Network network({.members = 5, .seed = 2});
    network.run_for(1s);
    network.pause(4);
    network.run_for(1s);
    CHECK(network.everyone_sees(4, Liveness::dead));
    network.resume(4);
    network.run_for(5 * hop);
    CHECK(network.everyone_sees_all_alive());
}

TEST_CASE("who is cut off from everybody accuses nobody", "[swim]") {
    for (const bool heartbeats : {true, false}) {
        Network network({.members = 5, .seed = 4, .heartbeats = heartbeats});
        network.run_for(2s);
        network.cut({1});
        network.run_for(10s);
        for (std::size_t member = 2; member <= 5; ++member) {
            CHECK(network.at(1).liveness(Network::id(member)) != Liveness::dead);
            CHECK(network.at(member).liveness(Network::id(1)) == Liveness::dead);
        }
        network.heal();
        network.run_for(3s);
        CHECK(network.everyone_sees_all_alive());
    }
}

TEST_CASE("a pair that cannot talk sees each other through helpers", "[swim]") {
    for (const bool heartbeats : {true, false}) {
        Network network({.members = 5, .seed = 4, .heartbeats = heartbeats});
        network.run_for(1s);
        network.cut_between(1, 2);
        network.run_for(10s);
        CHECK(network.observations().empty());
    }
}

TEST_CASE("two halves that held each other dead find together again", "[swim]") {
    for (const bool heartbeats : {true, false}) {
        Network network({.members = 6, .seed = 4, .heartbeats = heartbeats});
        network.run_for(1s);
        network.cut({1, 2, 3});
        network.run_for(10s);
        CHECK(network.at(1).dead().size() == 3);
        CHECK(network.at(4).dead().size() == 3);
        network.heal();
        network.run_for(3s);
        CHECK(network.everyone_sees_all_alive());
    }
}
