// A coordinator that keeps its promises on a disk is the same voter after a restart; one that does
// not is a new member.
#include "effort.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

const Names others = {sim::coordinator_name, "server2", "server3"};

NodeId coordinator_of(Cluster& cluster) {
    return cluster.world().node(sim::coordinator_name)->id();
}

}  // namespace

TEST_CASE("a coordinator that returns with its promises gives the quorum back", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    cluster.kill(others);  // one vote of five is left
    cluster.run_for(10s);
    CHECK(cluster.members().size() == 3);  // nothing can be decided
    CHECK_FALSE(cluster.serves("server1", "key1"));
    const NodeId voter = coordinator_of(cluster);
    cluster.world().resume_coordinator();
    CHECK(coordinator_of(cluster) == voter);
    REQUIRE(cluster.run_until_ready(5s));
    CHECK(cluster.members() == Names{"server1"});
    cluster.check_keys(10, "v");
    cluster.put_keys(10, "w");
    cluster.restart({"server2", "server3"});
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(10, "w");
}

TEST_CASE("a coordinator that returns without its promises has no vote", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(5, "v");
    const NodeId voter = coordinator_of(cluster);
    const std::uint64_t epoch = cluster.epoch();
    cluster.kill(others);
    cluster.restart({sim::coordinator_name});
    CHECK(coordinator_of(cluster) != voter);
    cluster.run_for(20s);
    CHECK(cluster.epoch() == epoch);
    CHECK_FALSE(cluster.serves("server1", "key1"));
}

TEST_CASE("a coordinator that was evicted meanwhile returns as what it was", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    const NodeId voter = coordinator_of(cluster);
    cluster.kill({sim::coordinator_name});
    const auto is_in = [&] { return cluster.world().newest_ring()->is_up(voter); };
    REQUIRE(cluster.run_until([&] { return !is_in(); }, 2s));
    cluster.kill({"server3"});
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 2; }, 2s));
    cluster.world().resume_coordinator();
    REQUIRE(cluster.run_until(is_in, 5s));
    CHECK(cluster.world().newest_ring()->votes_of(voter) > 0);
}

// The coordinator dies at another moment of an agreement each time, and is back at once: whatever
// it had promised or voted for is kept, and there is one ring for each epoch (the checks see to
// it).
TEST_CASE("a coordinator that restarts during an agreement keeps to what it said", "[scenario]") {
    for (const bool with_state : {true, false}) {
        for (int delay_us = 10'000; delay_us <= 14'000; delay_us += effort(100, 1000)) {
            // Two of three nodes are no quorum without it: its vote is needed where it has one.
            const std::size_t nodes = with_state ? 3 : 4;
            Cluster cluster({.nodes = nodes, .copies = 2, .seed = 11});
            REQUIRE(cluster.run_until_restored());
            cluster.put_keys(3, "v");
            cluster.kill({"server3"});
            cluster.run_for(std::chrono::microseconds(delay_us));
            cluster.kill({sim::coordinator_name});
            cluster.run_for(200us);
            if (with_state) {
                cluster.world().resume_coordinator();
            } else {
                cluster.restart({sim::coordinator_name});
            }
            INFO("killed after " << delay_us << " us, with its state: " << with_state);
            const auto settled = [&] {
                return cluster.members().size() == nodes - 1 && cluster.is_restored() &&
                       cluster.world().newest_ring()->coordinator() != nullptr;
            };
            REQUIRE(cluster.run_until(settled, 20s));
            cluster.check_keys(3, "v");
        }
    }
}
