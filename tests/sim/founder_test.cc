// The operator of a simulated cluster: founds it anew where nothing else helps, and nowhere else.
#include "sim/founder.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/quorums.h"
#include "sim/run.h"
#include "sim/scripted.h"

using namespace grapevine;
using namespace grapevine::sim;
using namespace grapevine::testing;

namespace {

Ring ring_of(std::uint64_t epoch, const std::vector<Voter>& voters) {
    Ring ring;
    ring.cluster = ClusterId{1};
    ring.epoch = Epoch{epoch};
    ring.voters = voters;
    return ring;
}

}  // namespace

TEST_CASE("an operator founds the cluster anew where its quorum is gone for good", "[sim]") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const RunOutcome outcome = run_script(
            {"1s:kill=coordinator,server3,server4,server5", "2s:force", "8s:restart=server3"},
            seed);
        INFO(outcome.reason);
        CHECK(outcome.result == RunResult::pass);
        CHECK(outcome.foundings >= 1);
        CHECK(outcome.keys_right == 20);
        CHECK(outcome.beyond == 0);  // the operator's promise is kept from then on
        CHECK(outcome.reason.find("restarted empty") != std::string::npos);
    }
}

TEST_CASE("an operator founds nothing where those that live can go on", "[sim]") {
    for (const std::vector<std::string>& script :
         {std::vector<std::string>{"1s:force"},
          {"1s:kill=server4,server5", "1100ms:force"},
          {"1s:pause=server2", "1s:pause=server3", "1s:pause=server4", "1s:pause=server5",
           "2s:force", "5s:calm"},
          {"1s:cut=server1/server2+server3+server4+server5+coordinator", "2s:force", "5s:heal"}}) {
        const RunOutcome outcome = run_script(script);
        INFO(script.back() << ": " << outcome.reason);
        CHECK(outcome.result == RunResult::pass);
        CHECK(outcome.foundings == 0);
    }
}

TEST_CASE("a run in which a quorum dies goes the same way from its list", "[sim]") {
    std::size_t foundings = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        PlanChoice choice;
        choice.faults = *FaultMix::parse("pause,cut,loss,force");
        choice.nodes = 5;
        choice.partitions = 16;
        choice.faults_for = 12s;
        const RunPlan drawn = draw_plan(seed, choice);
        const RunOutcome one = run(drawn);
        INFO("seed " << seed << ": " << one.reason);
        CHECK(one.result == RunResult::pass);
        foundings += one.foundings;
        CHECK(encode(run(drawn)) == encode(one));
        const RunOutcome listed = run_listed(seed, choice, one);
        CHECK(listed.hash == one.hash);
        CHECK(listed.foundings == one.foundings);
    }
    CHECK(foundings > 0);
}

TEST_CASE("who is left can go on with the majority of any ring", "[sim]") {
    const NodeId a{1};
    const NodeId b{2};
    const NodeId c{3};
    const ClusterId cluster{1};
    Quorums quorums;
    quorums.saw(ring_of(4, {{a, 1}, {b, 1}, {c, 1}}));
    CHECK(quorums.can_go_on(cluster, {{a, Epoch{4}}, {b, Epoch{3}}}));
    CHECK_FALSE(quorums.can_go_on(cluster, {{a, Epoch{4}}}));
    CHECK_FALSE(quorums.can_go_on(ClusterId{2}, {{a, Epoch{4}}, {b, Epoch{4}}}));
    // A ring that only the dead were in: it waits for whoever hears of it.
    quorums.saw(ring_of(5, {{a, 1}}));
    CHECK(quorums.can_go_on(cluster, {{a, Epoch{4}}}));
    // Who is in a later ring does not go back.
    CHECK_FALSE(quorums.can_go_on(cluster, {{b, Epoch{5}}, {c, Epoch{4}}}));
}
