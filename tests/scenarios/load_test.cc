// Clients at work while things break: every history has an order that explains it.
#include "sim/load.h"
#include "history/linearizability.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

void check_history(const sim::Load& load) {
    const HistoryVerdict verdict = check_linearizable(load.history());
    INFO(verdict.key << ": " << verdict.explanation);
    CHECK(verdict.verdict == Verdict::linearizable);
}

}  // namespace

TEST_CASE("clients work while nodes are killed and return", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .seed = 3});
    REQUIRE(cluster.run_until_ready());
    sim::Load load(cluster.world(), {.clients = 8, .keys = 10, .think_max = 5ms}, 3);
    load.start();
    for (int round = 1; round <= 2; ++round) {
        cluster.run_for(300ms);
        const Names victims = {sim::server_name(round), sim::server_name(round + 1)};
        cluster.kill(victims);
        REQUIRE(cluster.run_until_restored(5s));
        cluster.run_for(200ms);
        cluster.restart(victims);
        REQUIRE(cluster.run_until_restored(5s));
    }
    load.stop();
    REQUIRE(cluster.run_until([&] { return load.is_idle(); }, 6s));
    CHECK(load.answered() > 1000);
    check_history(load);
    cluster.run_for(1s);
    CHECK(cluster.difference_between_copies() == "");
}
