// The network is cut: a minority stops by itself, and comes back by itself.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

TEST_CASE("a minority that is cut off stops within the lease", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    REQUIRE(cluster.put("k", "old") == "OK");
    const std::string primary = cluster.primary_of("k");
    Names others = cluster.all_but({primary});
    others.push_back(sim::coordinator_name);
    cluster.cut({primary}, others);
    cluster.run_for(130ms);
    CHECK(cluster.serves(primary, "k"));
    cluster.run_for(80ms);
    CHECK_FALSE(cluster.serves(primary, "k"));
    REQUIRE(cluster.run_until([&] { return cluster.primary_of("k") != primary; }, 2s));
    CHECK(cluster.put("k", "new") == "OK");
    cluster.heal();
    CHECK(cluster.get("k") == "new");
}

TEST_CASE("a coordinator and all nodes cut apart resume when the cut heals", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(5, "v");
    const Names all = {"coordinator", "server1", "server2", "server3"};
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = i + 1; j < all.size(); ++j) cluster.cut({all[i]}, {all[j]});
    }
    cluster.run_for(5s);
    for (const std::string& name : cluster.all_but({})) CHECK_FALSE(cluster.serves(name, "key1"));
    cluster.heal();
    REQUIRE(cluster.run_until_ready(10s));
    cluster.check_keys(5, "v");
}

// "A holder of a down partition needs only a majority of the votes."
TEST_CASE("the holder of a down partition returns though one member cannot reach it",
          "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 1});
    REQUIRE(cluster.run_until_ready());
    REQUIRE(cluster.put("k", "v") == "OK");
    const std::string holder = cluster.primary_of("k");
    Names others = cluster.all_but({holder});
    others.push_back(sim::coordinator_name);
    cluster.cut({holder}, others);
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 4; }, 3s));
    CHECK(cluster.get("k") == "unavailable");
    cluster.heal();
    cluster.cut({holder}, {others.front()});
    sim::Fault gone{.kind = sim::FaultKind::break_links, .pairs = {{holder, others.front()}}};
    cluster.world().apply(gone);
    REQUIRE(cluster.run_until([&] { return cluster.serves(holder, "k"); }, 10s));
    CHECK(cluster.get("k") == "v");
}
