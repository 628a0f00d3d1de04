// Who founds a cluster, and who must not.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

constexpr Duration listening = 1s;

}  // namespace

TEST_CASE("whoever starts where the coordinator was founds no second cluster", "[scenario]") {
    // Restarted at once (the ring still lists the dead coordinator) and long after its eviction.
    for (const Duration away : {0ms, 5000ms}) {
        Cluster cluster({.nodes = 3, .copies = 2});
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(5, "v");
        cluster.kill({sim::coordinator_name});
        cluster.run_for(away);
        cluster.world().found(listening);
        REQUIRE(cluster.world().node(sim::coordinator_name)->is_alive());
        cluster.run_for(listening);
        CHECK_FALSE(cluster.world().node(sim::coordinator_name)->is_alive());
        cluster.check_keys(5, "v");
    }
}

TEST_CASE("where nobody lives any more a cluster is founded after the silence", "[scenario]") {
    Cluster cluster({.nodes = 2, .copies = 2});
    REQUIRE(cluster.run_until_ready());
    cluster.kill({sim::coordinator_name, "server1", "server2"});
    cluster.world().found(listening);
    cluster.run_for(listening - 1ms);
    CHECK(cluster.world().newest_ring() == nullptr);
    cluster.run_for(2ms);
    CHECK(cluster.world().newest_ring() != nullptr);
}

TEST_CASE("a new coordinator joins in the place of a dead one, and votes", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(5, "v");
    cluster.kill({sim::coordinator_name});
    cluster.restart({sim::coordinator_name});
    const auto votes = [&]() -> bool {
        const RingPtr ring = cluster.world().newest_ring();
        const sim::NodeHost* host = cluster.world().node(sim::coordinator_name);
        return ring->votes_of(host->id()) > 0;
    };
    CHECK(cluster.run_until(votes, 5s));
    cluster.kill({"server2", "server3"});
    REQUIRE(cluster.run_until_ready(5s));
}
