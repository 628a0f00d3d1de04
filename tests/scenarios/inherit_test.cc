// Who is left alone with what others held has to be there: where one dies while another is away for
// a while, nothing is lost that the other holds.
#include <functional>

#include "scenarios/scenario.h"
#include "scenarios/unmissed.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

void apply(Cluster& cluster, const std::string& fault) {
    const auto parsed = sim::parse_fault("0s:" + fault);
    REQUIRE(parsed);
    cluster.world().apply(*parsed);
}

// Keys in all partitions, written before.
constexpr std::size_t keys = 100;

// Whatever happens to a cluster of this plan, all of them are there afterwards.
void check_kept(sim::WorldConfig plan, const std::function<void(Cluster&)>& happens) {
    for (plan.seed = 1; plan.seed <= 5; ++plan.seed) {
        INFO("seed " << plan.seed);
        Cluster cluster(plan);
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(keys, "v");
        happens(cluster);
        REQUIRE(cluster.run_until_ready(30s));
        cluster.check_keys(keys, "v");
    }
}

}  // namespace

TEST_CASE("who is dead and not missed yet does not inherit from who only stood still",
          "[scenario]") {
    check_kept({.nodes = 5, .copies = 2}, pause_one_while_another_dies);
}

TEST_CASE("all holders were away, and the first that returns dies on the way", "[scenario]") {
    check_kept({.nodes = 7, .copies = 3}, [](Cluster& cluster) {
        cluster.pause({"server1", "server2", "server3"});
        cluster.run_for(1500ms);
        apply(cluster, "aim=join");  // whoever asks to be let in dies of it
        cluster.run_for(100ms);
        cluster.resume({"server1"});
        cluster.run_for(200ms);
        cluster.resume({"server2", "server3"});
    });
}

TEST_CASE("a bad link does not cost the copy whose partner is dead and not missed yet",
          "[scenario]") {
    check_kept({.nodes = 5, .copies = 2}, [](Cluster& cluster) {
        apply(cluster, "hang=server1/server2");
        cluster.run_for(1450ms);
        cluster.cut({"server1"}, {"server2", "server3", "server4", "server5", "coordinator"});
        cluster.run_for(250ms);
        cluster.kill({"server1"});
        cluster.run_for(5s);
        cluster.world().calm();
    });
}

TEST_CASE("one of as many as there are copies leaves", "[scenario]") {
    Cluster cluster({.nodes = 9, .copies = 9, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    apply(cluster, "leave=server3");
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 8; }, 10s));
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(10, "v");
}
