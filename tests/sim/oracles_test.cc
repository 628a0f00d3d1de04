// The oracles are awake: runs that break a rule that this run's plan promises.
#include <catch2/catch.hpp>
#include <utility>

#include "sim/availability.h"
#include "sim/convergence.h"
#include "sim/defect.h"
#include "sim/run.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

RunPlan gentle_plan(Duration pause) {
    PlanChoice choice;
    choice.is_story = true;
    choice.nodes = 5;
    choice.partitions = 16;
    choice.script.emplace();
    for (const auto& [at, kind] :
         {std::pair(Duration(1s), FaultKind::pause), std::pair(1s + pause, FaultKind::resume)}) {
        choice.script->push_back({.at = at, .kind = kind, .names = {"server2"}});
    }
    RunPlan plan = draw_plan(1, choice);
    plan.is_gentle = true;
    return plan;
}

}  // namespace

TEST_CASE("who stops for 300 ms stays, and an eviction of somebody alive is found", "[sim]") {
    const RunOutcome within = run(gentle_plan(300ms));
    CHECK(within.result == RunResult::pass);
    CHECK(within.evicted_alive == 0);
    const RunOutcome beyond = run(gentle_plan(2s));
    CHECK(beyond.result == RunResult::broken);
    CHECK(beyond.rule == to_string(Rule::false_eviction));
    CHECK(beyond.evicted_alive == 1);
}

TEST_CASE("a partition that stays without service though its copy is back is found", "[sim]") {
    const auto look_at = [](PlantedBugs bugs) {
        WorldConfig config{.nodes = 4, .copies = 1, .partitions = 16};
        config.node.bugs = bugs;
        Cluster cluster(config);
        REQUIRE(cluster.run_until_ready());
        Availability availability(cluster.world());
        availability.start();
        cluster.pause({"server2"});
        cluster.run_for(2s);  // it is evicted, and what it held is down
        cluster.resume({"server2"});
        cluster.run_for(outage_max + 6s);
        CHECK(availability.looks() > availability.armed_looks());
        CHECK(availability.armed_looks() > 0);
        return cluster.world().checks().rule();
    };
    CHECK(look_at({}) != Rule::available);
    CHECK(look_at({Bug::distrust_returned_copy}) == Rule::available);
}

TEST_CASE("a short outage of many partitions is none of seconds", "[sim]") {
    Cluster cluster({.nodes = 4, .copies = 3, .partitions = 8192});
    REQUIRE(cluster.run_until_ready());
    Availability availability(cluster.world());
    availability.start();
    cluster.run_for(7s);
    cluster.kill({"server2"});
    cluster.run_for(1s);
    CHECK(cluster.defect().empty());
    CHECK(availability.longest() < 1s);
    CHECK(availability.longest() > 100ms);
}

TEST_CASE("large clusters are watched, and what is too large is told", "[sim]") {
    Cluster cluster({.nodes = 3, .copies = 1, .partitions = 16});
    REQUIRE(cluster.run_until_ready());
    for (std::size_t i = 4; i <= 70; ++i) cluster.world().start(server_name(i));
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 70; }, 60s));
    Availability availability(cluster.world());
    Availability small(cluster.world(), 70);  // the coordinator is one more
    availability.start();
    small.start();
    cluster.run_for(outage_max + 1s);
    CHECK(availability.armed_looks() > 0);
    CHECK_FALSE(availability.is_blind());
    CHECK(small.armed_looks() == 0);
    CHECK(small.is_blind());
}

TEST_CASE("idle clients are forgotten, and one that is not is found", "[sim]") {
    PlanChoice choice;
    choice.is_story = true;
    choice.nodes = 3;
    choice.partitions = 16;
    RunPlan plan = draw_plan(1, choice);
    plan.checks_memory = true;
    plan.world.request_memory = 12s;
    const RunOutcome forgotten = run(plan);
    INFO(forgotten.reason);
    CHECK(forgotten.result == RunResult::pass);
    Cluster cluster({.nodes = 3, .partitions = 16, .request_memory = 12s});
    REQUIRE(cluster.run_until_ready());
    REQUIRE(cluster.put("k", "v") == "OK");
    Convergence convergence(cluster);
    cluster.run_for(1s);
    CHECK(convergence.is_whole());
    CHECK(convergence.difference() == "");
    CHECK(convergence.remembered() != "");
    cluster.run_for(13s);
    CHECK(convergence.remembered() == "");
}

TEST_CASE("a copy that lags behind what is committed differs", "[sim]") {
    Cluster cluster({.nodes = 3, .copies = 3, .partitions = 16});
    REQUIRE(cluster.run_until_ready());
    Convergence convergence(cluster);
    REQUIRE(cluster.put("k", "v") == "OK");
    // Copies learn of the commit with the next operation, or some milliseconds later.
    CHECK(convergence.difference() != "");
    cluster.run_for(1s);
    CHECK(convergence.difference() == "");
}

TEST_CASE("who refuses for its memory what adds nothing to it, or has enough of it, is found",
          "[sim]") {
    const auto rule_of = [](OperationKind kind, bool is_full) {
        Cluster cluster({.nodes = 1, .copies = 1, .partitions = 16});
        REQUIRE(cluster.run_until_ready());
        if (is_full) cluster.world().apply(*parse_fault("0s:full=server1@0"));
        const NodeHost& host = *cluster.world().node("server1");
        Request request;
        request.kind = kind;
        Reply reply;
        reply.status = Status::full;
        cluster.world().checks().before_answer(host, request, reply, false, {});
        return cluster.world().checks().rule();
    };
    CHECK(rule_of(OperationKind::put, true) != Rule::room);
    CHECK(rule_of(OperationKind::put, false) == Rule::room);
    CHECK(rule_of(OperationKind::get, true) == Rule::room);
    CHECK(rule_of(OperationKind::erase, true) == Rule::room);
}
