// Requests that meet a death, or arrive twice.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

TEST_CASE("a write that meets the primary's death is done once, late, or never", "[scenario]") {
    // The death comes at another moment of the write's life each time.
    for (int delay_us = 0; delay_us <= 1200; delay_us += 150) {
        Cluster cluster({.nodes = 3, .copies = 3, .seed = 5});
        REQUIRE(cluster.run_until_ready());
        REQUIRE(cluster.put("k", "old") == "OK");
        const std::string primary = cluster.primary_of("k");
        const auto written =
            cluster.begin({.kind = OperationKind::put, .key = "k", .value = "new"});
        cluster.run_for(std::chrono::microseconds(delay_us));
        cluster.kill({primary});
        INFO("killed after " << delay_us << " us");
        // The client re-sends under the same id: the write succeeds, from the next primary.
        REQUIRE(cluster.run_until([&] { return !written->empty(); }, 2s));
        CHECK(*written == "OK");
        CHECK(cluster.get("k") == "new");
    }
}

TEST_CASE("a conditional write that is sent again is not refused by its own effect", "[scenario]") {
    // Answers are lost with the primary after the write was ordered; the second attempt must find
    // the first one's answer, not its effect.
    for (int delay_us = 0; delay_us <= 1200; delay_us += 150) {
        Cluster cluster({.nodes = 3, .copies = 3, .seed = 6});
        REQUIRE(cluster.run_until_ready());
        REQUIRE(cluster.put("warm", "up") == "OK");
        const std::string primary = cluster.primary_of("k");
        const auto written = cluster.begin({.kind = OperationKind::put,
                                            .condition = Condition::absent,
                                            .key = "k",
                                            .value = "mine"});
        cluster.run_for(std::chrono::microseconds(delay_us));
        cluster.kill({primary});
        INFO("killed after " << delay_us << " us");
        REQUIRE(cluster.run_until([&] { return !written->empty(); }, 2s));
        CHECK(*written == "OK");
        CHECK(cluster.get("k") == "mine");
    }
}
