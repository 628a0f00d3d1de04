// Nodes that have no memory left: puts are refused, and nothing else changes.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

TEST_CASE("a primary without memory refuses puts while reads, deletes and copies go on",
          "[scenario]") {
    Cluster cluster({.nodes = 4, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(40, "v");
    const auto begin = [&](sim::FaultKind kind, const Names& names) {
        cluster.world().apply({.kind = kind, .names = names});
    };
    begin(sim::FaultKind::full, cluster.all_but({}));
    CHECK(cluster.put("new", "value") == "unavailable");
    CHECK(cluster.put("key1", "a value that is longer than what was there") == "unavailable");
    CHECK(cluster.put("key2", "w2") == "OK");  // takes no more than before
    CHECK(cluster.get("key1") == "v1");
    CHECK(cluster.get("new") == "not found");
    CHECK(cluster.erase("key3") == "OK");
    CHECK(cluster.get("key3") == "not found");

    cluster.kill({cluster.primary_of("key1")});  // others take its copies, full or not
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.get("key1") == "v1");
    CHECK(cluster.get("key2") == "w2");
    for (int i = 4; i <= 40; ++i) {
        const std::string number = std::to_string(i);
        CHECK(cluster.get("key" + number) == "v" + number);
    }
    begin(sim::FaultKind::roomy, cluster.running());
    CHECK(cluster.put("new", "value") == "OK");
    CHECK(cluster.get("new") == "value");
    cluster.run_for(1s);
    CHECK(cluster.difference_between_copies() == "");
}
