// Who is let in, who is not and is told so, and who is let in again.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

bool is_member(Cluster& cluster, const std::string& process) {
    const sim::NodeHost* host = cluster.world().node(process);
    return host->is_alive() && cluster.world().newest_ring()->is_up(host->id());
}

}  // namespace

TEST_CASE("who asks for the name of one that lives hears of it, and ends", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    const std::uint64_t epoch = cluster.epoch();
    const auto warnings = cluster.count_warnings("server1 at 127.0.0.1:7001 has the name");
    const sim::NodeHost& second = cluster.world().start_as("server9", "server1");
    cluster.run_for(5s);
    CHECK(second.is_alive());
    CHECK(*warnings == 1);
    cluster.run_for(500ms);
    CHECK_FALSE(second.is_alive());
    CHECK(cluster.epoch() == epoch);
}

TEST_CASE("who asks for the name of one that died is let in", "[scenario]") {
    for (const Duration after : {0ms, 300ms}) {
        Cluster cluster({.nodes = 3, .copies = 2});
        REQUIRE(cluster.run_until_restored());
        cluster.kill({"server1"});
        cluster.run_for(after);
        cluster.world().start_as("server9", "server1");
        REQUIRE(cluster.run_until([&] { return is_member(cluster, "server9"); }, 2s));
        cluster.run_for(10s);
        CHECK(is_member(cluster, "server9"));
        CHECK(cluster.members().size() == 3);
    }
}

TEST_CASE("a second coordinator is told that there is one, and takes its place", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    const auto warnings = cluster.count_warnings("is the coordinator already");
    cluster.world().start_coordinator_at("server9");
    cluster.run_for(12s);
    CHECK(*warnings == 2);
    cluster.kill({sim::coordinator_name});
    CHECK(cluster.run_until([&] { return is_member(cluster, "server9"); }, 5s));
}

TEST_CASE("the pause before readmission grows, and is short again after a good time",
          "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    const auto away = [&] {
        cluster.pause({"server3"});
        cluster.run_for(2s);
        cluster.resume({"server3"});
        const Duration time =
            cluster.time_until([&] { return is_member(cluster, "server3"); }, 30s);
        REQUIRE(cluster.run_until_restored());
        return time;
    };
    CHECK(away() < 2s);
    CHECK(away() > 2s);
    CHECK(away() > 4s);
    cluster.run_for(60s);
    CHECK(away() < 2s);
}

// Its pauses end while it is cut off, so each time that it was whole again it was let in.
TEST_CASE("whose line comes and goes is evicted once", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    const auto evictions = cluster.count_warnings("this node was evicted");
    Names others = cluster.all_but({"server3"});
    others.push_back(sim::coordinator_name);
    for (int i = 0; i < 8; ++i) {
        INFO("time " << i);
        cluster.cut({"server3"}, others);
        cluster.run_for(900ms);
        cluster.heal();
        cluster.run_for(700ms);
        CHECK_FALSE(is_member(cluster, "server3"));
    }
    CHECK(*evictions == 1);
    CHECK(cluster.run_until([&] { return is_member(cluster, "server3"); }, 2s));
    REQUIRE(cluster.run_until_restored());
}

TEST_CASE("whose line comes and goes for long is given another try", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    Names others = cluster.all_but({"server3"});
    others.push_back(sim::coordinator_name);
    const auto come_and_go = [&] {
        cluster.cut({"server3"}, others);
        cluster.run_for(900ms);
        cluster.heal();
        return cluster.run_until([&] { return is_member(cluster, "server3"); }, 700ms);
    };
    int times = 1;
    while (times < 60 && !come_and_go()) ++times;
    INFO(times << " times of 1.6 s");
    CHECK(times > 36);
    CHECK(times < 45);
}

// Each time it began to wait anew.
TEST_CASE("who stands still again and again comes in all the same", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.pause({"server3"});
    cluster.run_for(1500ms);
    REQUIRE_FALSE(is_member(cluster, "server3"));
    const auto wake = [&] {
        cluster.resume({"server3"});
        return cluster.run_until([&] { return is_member(cluster, "server3"); }, 600ms);
    };
    int times = 1;
    for (; times < 10 && !wake(); ++times) {
        cluster.pause({"server3"});
        cluster.run_for(600ms);
    }
    INFO("it woke " << times << " times");
    CHECK(times > 1);
    CHECK(times < 4);
    REQUIRE(cluster.run_until_restored());
}

TEST_CASE("who cannot be admitted, for a majority is gone, says whom it cannot reach",
          "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.kill({sim::coordinator_name, "server1", "server2"});
    const auto warnings = cluster.count_warnings("not admitted: no answer from ", "server9");
    cluster.world().start_as("server9", "");
    cluster.run_for(4900ms);
    CHECK(*warnings == 0);
    cluster.run_for(1s);
    CHECK(*warnings == 1);
    cluster.run_for(10s);
    CHECK(*warnings == 2);
    // Nor can it ask to be let in. Who ends the cluster has to know of it all the same.
    sim::World& world = cluster.world();
    const auto waiting = world.node("server3")->node().status(world.now()).waiting;
    CHECK(waiting == std::vector{world.node("server9")->node().self().address});
}

// Their votes would count from the ring on that lets them in.
TEST_CASE("joiners that die before they are in do not take the majority with them", "[scenario]") {
    const std::size_t nodes = GENERATE(1, 3);
    const bool coordinator = GENERATE(true, false);
    Names joiners = {"server4", "server5", "server6", "server7"};
    if (nodes == 1) joiners = {"server2", "server3"};
    for (Duration after = 100ms; after <= 200ms; after += 10ms) {
        Cluster cluster({.nodes = nodes, .copies = 1, .coordinator = coordinator});
        REQUIRE(cluster.run_until_restored());
        for (const std::string& joiner : joiners) cluster.world().start(joiner);
        cluster.run_for(after);
        if (cluster.members().size() > nodes) break;
        INFO(nodes << " nodes, dead after " << to_ms(after) << " ms");
        cluster.kill(joiners);
        cluster.run_for(3s);
        CHECK(cluster.put("k", "v") == "OK");
        cluster.restart(joiners);
        REQUIRE(cluster.run_until_restored());
        CHECK(cluster.get("k") == "v");
    }
}

TEST_CASE("one node lets in many at once", "[scenario]") {
    Cluster cluster({.nodes = 1, .copies = 2, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    for (std::size_t i = 2; i <= 7; ++i) cluster.world().start(sim::server_name(i));
    const auto all_in = [&] { return cluster.members().size() == 7; };
    CHECK(cluster.run_until(all_in, 500ms));
    CHECK(cluster.epoch() <= 4);
    REQUIRE(cluster.run_until_restored());
}

TEST_CASE("ten that join a cluster with keys at once become a few rings", "[scenario]") {
    const bool coordinator = GENERATE(true, false);
    Cluster cluster({.nodes = 3, .copies = 2, .coordinator = coordinator});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const Epoch before = cluster.world().newest_ring()->epoch;
    for (std::size_t i = 4; i <= 13; ++i) cluster.world().start(sim::server_name(i));
    const auto all_in = [&] { return cluster.world().newest_ring()->storage_count() == 13; };
    REQUIRE(cluster.run_until(all_in, 1s));
    const std::uint64_t rings = cluster.world().newest_ring()->epoch.value - before.value;
    CHECK(rings >= 1);
    CHECK(rings <= 3);
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(20, "v");
}
