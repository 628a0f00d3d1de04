// A healthy cluster does what it is asked.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

TEST_CASE("put, get, overwrite and delete", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .seed = 7});
    REQUIRE(cluster.run_until_ready());
    CHECK(cluster.get("k") == "not found");
    CHECK(cluster.put("k", "v1") == "OK");
    CHECK(cluster.get("k") == "v1");
    CHECK(cluster.put("k", "v2") == "OK");
    CHECK(cluster.get("k") == "v2");
    CHECK(cluster.erase("k") == "OK");
    CHECK(cluster.get("k") == "not found");
    CHECK(cluster.erase("k") == "not found");
    CHECK(cluster.put("empty", "") == "OK");
    CHECK(cluster.get("empty") == "");
}

TEST_CASE("a single node serves", "[scenario]") {
    Cluster cluster({.nodes = 1, .copies = 1});
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(5, "v");
    cluster.check_keys(5, "v");
    CHECK(cluster.primary_of("key1") == "server1");
}

TEST_CASE("conditional writes", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2});
    REQUIRE(cluster.run_until_ready());
    const auto put_if = [&](Condition condition, Version expected) {
        return cluster.run({.kind = OperationKind::put,
                            .condition = condition,
                            .expected = expected,
                            .key = "k",
                            .value = "v"});
    };
    const Outcome first = put_if(Condition::absent, {});
    CHECK(first.kind == OutcomeKind::ok);
    const Outcome again = put_if(Condition::absent, {});
    CHECK(again.kind == OutcomeKind::condition_failed);
    CHECK(again.version == first.version);
    const Outcome matching = put_if(Condition::version, first.version);
    CHECK(matching.kind == OutcomeKind::ok);
    CHECK(matching.version > first.version);
    CHECK(put_if(Condition::version, first.version).kind == OutcomeKind::condition_failed);
    const Outcome erased = cluster.run({.kind = OperationKind::erase,
                                        .condition = Condition::version,
                                        .expected = matching.version,
                                        .key = "k"});
    CHECK(erased.kind == OutcomeKind::ok);
    CHECK(put_if(Condition::version, matching.version).kind == OutcomeKind::condition_failed);
}

TEST_CASE("every copy holds what was written", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_ready());
    cluster.put_keys(50, "v");
    cluster.run_for(1s);  // the last watermarks are on their way
    CHECK(cluster.difference_between_copies() == "");
    CHECK(cluster.copies_of("key1").size() == 3);
}
