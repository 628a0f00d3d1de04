// Processes that stall: short pauses go unpunished, long ones end a membership, and nobody who
// wakes answers from what it knew.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

TEST_CASE("a pause of 300 ms is not punished", "[scenario]") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Cluster cluster({.nodes = 5, .copies = 3, .seed = seed});
        REQUIRE(cluster.run_until_restored());
        const std::uint64_t epoch = cluster.epoch();
        cluster.pause({"server2"});
        cluster.run_for(300ms);
        cluster.resume({"server2"});
        cluster.run_for(3s);
        INFO("seed " << seed);
        CHECK(cluster.epoch() == epoch);
    }
}

TEST_CASE("after a pause of 10 s a node was evicted, and serves nothing stale", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    REQUIRE(cluster.put("k", "old") == "OK");
    const std::string paused = cluster.primary_of("k");
    cluster.pause({paused});
    // Not before 400 ms of silence, and soon after.
    cluster.run_for(350ms);
    CHECK(cluster.primary_of("k") == paused);
    REQUIRE(cluster.run_until([&] { return cluster.primary_of("k") != paused; }, 650ms));
    REQUIRE(cluster.put("k", "new") == "OK");
    cluster.run_for(9s);
    CHECK(cluster.members() == cluster.all_but({paused}));
    cluster.resume({paused});
    for (int i = 0; i < 20; ++i) {
        CHECK_FALSE(cluster.serves(paused, "k"));
        CHECK(cluster.get("k") == "new");
        cluster.run_for(10ms);
    }
}

TEST_CASE("a paused primary may not serve past its lease", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    REQUIRE(cluster.put("k", "v") == "OK");
    const std::string primary = cluster.primary_of("k");
    CHECK(cluster.serves(primary, "k"));
    cluster.pause({primary});
    cluster.run_for(100ms);
    CHECK(cluster.serves(primary, "k"));
    cluster.run_for(110ms);
    CHECK_FALSE(cluster.serves(primary, "k"));
}

// Of three without a coordinator. It promises first, and its word that it lives comes too late: the
// others would be two, of whom the one with the vote is dead.
TEST_CASE("who goes on while its eviction is prepared is not evicted", "[scenario]") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        INFO("seed " << seed);
        Cluster cluster({.nodes = 3, .copies = 3, .seed = seed, .coordinator = false});
        REQUIRE(cluster.run_until_restored());
        REQUIRE(cluster.put("k", "v") == "OK");
        const std::vector<Voter> voters = cluster.world().newest_ring()->voters;
        const std::string first = cluster.world().name_of(voters[0].id);
        const std::string paused = cluster.world().name_of(voters[2].id);
        bool is_held_dead = false;
        cluster.world().on_log([&](const sim::NodeHost&, const LogLine& line) {
            is_held_dead = is_held_dead || line.text == paused + " is silent for too long";
        });
        cluster.pause({paused});
        REQUIRE(cluster.run_until([&] { return is_held_dead; }, 2s));
        cluster.kill({first});
        cluster.lose(100);  // datagrams, not what links carry
        cluster.run_for(180ms);
        cluster.resume({paused});
        cluster.run_for(10ms);
        cluster.lose(0);
        cluster.run_for(3s);
        CHECK(cluster.get("k") == "v");
        cluster.restart({first});
        REQUIRE(cluster.run_until_restored());
        CHECK(cluster.get("k") == "v");
    }
}
