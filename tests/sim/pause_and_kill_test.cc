// Members that stand still while others die: nothing that was acknowledged is lost by it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <set>
#include <string>

#include "effort.h"
#include "sim/chaos.h"
#include "sim/cluster.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

// Who stands still when somebody dies, by the faults that struck.
struct Deaths {
    std::size_t beside_pauses = 0;
    std::size_t at_once_max = 0;  // that died in one of these
    std::set<std::string> paused;

    void saw(const Fault& fault) {
        if (fault.kind == FaultKind::pause) paused.insert(fault.names.begin(), fault.names.end());
        if (fault.kind == FaultKind::resume) {
            for (const std::string& name : fault.names) paused.erase(name);
        }
        if (fault.kind != FaultKind::kill || paused.empty()) return;
        ++beside_pauses;
        at_once_max = std::max(at_once_max, fault.names.size());
    }
};

}  // namespace

TEST_CASE("nodes die while others stand still, and every key is there afterwards", "[sim]") {
    Deaths deaths;
    for (std::uint64_t seed = 1; seed <= testing::effort(8U, 2U); ++seed) {
        INFO("seed " << seed);
        Cluster cluster({.nodes = 7, .copies = 3, .seed = seed, .partitions = 32});
        REQUIRE(cluster.run_until_restored());
        for (int i = 0; i < 40; ++i) {
            const std::string number = std::to_string(i);
            REQUIRE(cluster.put("key" + number, "v" + number) == "OK");
        }
        deaths.paused.clear();
        Chaos chaos(cluster, {.gap_max = 1s, .mix = *FaultMix::parse("kill,pause")}, seed,
                    [&](const Fault& fault) { deaths.saw(fault); });
        chaos.start();
        cluster.run_for(40s);
        chaos.stop();
        REQUIRE(cluster.run_until_restored());
        for (int i = 0; i < 40; ++i) {
            const std::string number = std::to_string(i);
            CHECK(cluster.get("key" + number) == "v" + number);
        }
        CHECK(cluster.defect() == "");
    }
    CHECK(deaths.beside_pauses > 0);
    CHECK(deaths.at_once_max == 2);
}
