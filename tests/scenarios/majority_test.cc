// Who hears no majority of the votes can do nothing, and says so.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

TEST_CASE("who hears no majority for two seconds says so, and every ten seconds again",
          "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.kill({sim::coordinator_name, "server1", "server2"});
    const auto warnings = cluster.count_warnings("nothing is served and no ring is agreed on");
    cluster.run_for(1900ms);
    CHECK(*warnings == 0);
    cluster.run_for(600ms);
    CHECK(*warnings == 1);
    cluster.run_for(9s);
    CHECK(*warnings == 1);
    cluster.run_for(1s);
    CHECK(*warnings == 2);
}

TEST_CASE("the coordinator says it too", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.pause({"server1", "server2", "server3"});
    const auto warnings =
        cluster.count_warnings("only 2 of 5 votes answer, 3 are needed", sim::coordinator_name);
    cluster.run_for(2500ms);
    CHECK(*warnings == 1);
}

// Those whom the others evict before they hear them say that instead.
TEST_CASE("who stays a member says when the majority is back", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    const Names all = {sim::coordinator_name, "server1", "server2", "server3"};
    for (const std::string& one : all) {
        for (const std::string& other : all) {
            if (one < other) cluster.cut({one}, {other});
        }
    }
    cluster.run_for(3s);
    const auto back = cluster.count_warnings("a majority answers again");
    cluster.heal();
    cluster.run_for(3s);
    CHECK(*back >= 1);
    CHECK(cluster.put("k", "v") == "OK");
}

TEST_CASE("a death that is survived is no loss of the majority", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    const auto warnings = cluster.count_warnings("majority");
    cluster.kill({"server1"});
    cluster.run_for(20s);
    CHECK(*warnings == 0);
}
