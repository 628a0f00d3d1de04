// Nodes die at the same instant: what was acknowledged is read back, soon.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// The successor waits for the dead primary's lease (200 ms and drift), and noticing takes some
// round trips.
constexpr Duration served_min = 150ms;
constexpr Duration served_max = 400ms;

Names first(std::size_t count) {
    Names names;
    for (std::size_t i = 1; i <= count; ++i) names.push_back(sim::server_name(i));
    return names;
}

void kill_and_read_back(const sim::WorldConfig& config, std::size_t deaths) {
    Cluster cluster(config);
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(20, "old");
    cluster.put_keys(20, "new");
    REQUIRE(deaths_survived(*cluster.world().newest_ring()) >= deaths);
    cluster.kill(first(deaths));
    const Duration served = cluster.time_until([&] { return cluster.is_ready(); }, 5s);
    CHECK(served >= served_min);
    CHECK(served <= served_max);
    CHECK(cluster.members() == cluster.all_but(first(deaths)));
    cluster.check_keys(20, "new");
    CHECK(cluster.run_until_restored(5s));
    cluster.put_keys(20, "newer");
    cluster.check_keys(20, "newer");
}

}  // namespace

TEST_CASE("one of three dies, two copies", "[scenario]") {
    kill_and_read_back({.nodes = 3, .copies = 2}, 1);
}

TEST_CASE("two of three die, three copies", "[scenario]") {
    kill_and_read_back({.nodes = 3, .copies = 3}, 2);
}

TEST_CASE("four of seven die, five copies", "[scenario]") {
    kill_and_read_back({.nodes = 7, .copies = 5}, 4);
}

TEST_CASE("two of seven die, and two more once the copies are back", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(20, "v");
    cluster.kill({"server3", "server5"});
    REQUIRE(cluster.run_until_restored(5s));
    cluster.check_keys(20, "v");
    cluster.kill({"server1", "server7"});
    REQUIRE(cluster.run_until_restored(5s));
    cluster.check_keys(20, "v");
    CHECK(cluster.members() == Names{"server2", "server4", "server6"});
}

TEST_CASE("without copies, the keys of the dead are unavailable and the others work",
          "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(20, "v");
    cluster.kill({"server2"});
    cluster.run_for(1s);
    std::size_t unavailable = 0;
    for (int i = 1; i <= 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        const bool is_gone = cluster.primary_of(key) == "server2";
        INFO(key);
        CHECK(cluster.get(key) == (is_gone ? "unavailable" : "v" + std::to_string(i)));
        unavailable += is_gone ? 1 : 0;
    }
    CHECK(unavailable > 0);
    CHECK(unavailable < 20);
}

TEST_CASE("the coordinator dies, then a node", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(10, "v");
    cluster.kill({sim::coordinator_name});
    cluster.check_keys(10, "v");
    REQUIRE(cluster.run_until_ready(5s));
    CHECK(cluster.world().newest_ring()->coordinator() == nullptr);
    cluster.kill({"server4"});
    REQUIRE(cluster.run_until_restored(5s));
    cluster.check_keys(10, "v");
    CHECK(cluster.members() == cluster.all_but({"server4"}));
}

TEST_CASE("a node that died returns empty and is filled", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(20, "v");
    cluster.kill({"server2"});
    REQUIRE(cluster.run_until_ready(5s));
    cluster.put_keys(20, "w");
    cluster.restart({"server2"});
    REQUIRE(cluster.run_until_restored(5s));
    CHECK(cluster.copies_of("key1").size() == 3);
    // Now it alone is enough.
    cluster.kill({"server1", "server3"});
    REQUIRE(cluster.run_until_ready(5s));
    cluster.check_keys(20, "w");
}
