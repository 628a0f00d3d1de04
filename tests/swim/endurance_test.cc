// Long runs over a network that loses datagrams: false suspicions come and go, deaths must not.

#include <catch2/catch.hpp>

#include "swim/network.h"

using namespace grapevine;
using grapevine::test::Network;

TEST_CASE("a loss of 20 percent each way kills nobody", "[swim]") {
    for (const bool heartbeats : {true, false}) {
        for (const std::size_t members : {2U, 3U, 7U}) {
            INFO(members << " members, heartbeats " << heartbeats);
            Network network(
                {.members = members, .seed = 17, .heartbeats = heartbeats, .loss_percent = 20});
            network.run_for(heartbeats ? 20s : 60s);
            CHECK(network.count(Liveness::dead) == 0);
            network.set_loss_percent(0);
            network.run_for(2s);
            CHECK(network.everyone_sees_all_alive());
        }
    }
}

TEST_CASE("a crash is found in spite of the loss", "[swim]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        Network network({.members = 7, .seed = seed, .loss_percent = 20});
        network.run_for(1s);
        network.crash(2);
        network.run_for(340ms);
        CHECK_FALSE(network.anyone_sees(2, Liveness::dead));
        network.run_for(360ms);
        CHECK(network.everyone_sees(2, Liveness::dead));
        CHECK(network.count(Liveness::dead) == 6);
    }
}

TEST_CASE("the same seed tells the same story", "[swim]") {
    const auto story = [](std::uint64_t seed) {
        Network network({.members = 6, .seed = seed, .loss_percent = 30});
        network.run_for(5s);
        network.crash(2);
        network.run_for(2s);
        std::vector<std::pair<Time, NodeId>> events;
        for (const auto& seen : network.observations()) events.emplace_back(seen.at, seen.observer);
        return std::pair(network.datagrams(), events);
    };
    CHECK(story(1) == story(1));
    CHECK(story(1) != story(2));
}
