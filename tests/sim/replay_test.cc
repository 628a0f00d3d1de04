// The promise of a seed: the same run, event for event; and what a story says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "effort.h"
#include "sim/chaos.h"
#include "sim/cluster.h"
#include "sim/explain.h"
#include "sim/load.h"
#include "sim/run.h"
#include "sim/story.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

// A swarm's plan, cut short.
RunPlan short_plan(std::uint64_t seed) {
    PlanChoice choice;
    choice.faults_for = 6s;
    choice.partitions = 32;
    return draw_plan(seed, choice);
}

struct Told {
    RunOutcome outcome;
    std::vector<std::string> lines;
    [[nodiscard]] bool says(const std::string& words) const {
        return std::ranges::any_of(
            lines, [&](const auto& line) { return line.find(words) != std::string::npos; });
    }
};

Told tell(const PlanChoice& choice) {
    const RunPlan plan = draw_plan(3, choice);
    Told told;
    Story story(plan, [&](const std::string& line) { told.lines.push_back(line); }, false);
    told.outcome = run(plan, {&story});
    return told;
}

PlanChoice story_of(std::size_t nodes) {
    PlanChoice choice;
    choice.is_story = true;
    choice.nodes = nodes;
    choice.partitions = 64;
    return choice;
}

Told tell_story(std::size_t nodes, std::size_t kill) {
    PlanChoice choice = story_of(nodes);
    choice.kill = kill;
    return tell(choice);
}

Told tell_story(std::size_t nodes, const std::vector<std::string>& faults) {
    PlanChoice choice = story_of(nodes);
    choice.script.emplace();
    for (const std::string& fault : faults) choice.script->push_back(*parse_fault(fault));
    return tell(choice);
}

}  // namespace

TEST_CASE("the same seed gives the same run, another seed another", "[sim]") {
    for (std::uint64_t seed = 12; seed <= testing::effort(14U, 12U); ++seed) {
        const RunOutcome one = run(short_plan(seed));
        const RunOutcome same = run(short_plan(seed));
        const RunOutcome other = run(short_plan(seed + 100));
        INFO("seed " << seed << ": " << one.reason);
        CHECK(one.result == RunResult::pass);
        CHECK(encode(one) == encode(same));
        CHECK(one.hash != other.hash);
        CHECK(one.operations > 100);
    }
}

// What the swarm goes through hundreds of times without sanitizers.
TEST_CASE("seeds of a swarm pass", "[sim]") {
    for (std::uint64_t seed = 1; seed <= testing::effort(20U, 8U); ++seed) {
        const RunOutcome outcome = run(draw_plan(seed));
        INFO("seed " << seed << ": " << outcome.reason);
        CHECK(outcome.result == RunResult::pass);
        CHECK(outcome.operations > 0);
    }
}

namespace {

struct ChaosRun {
    std::uint64_t hash = 0;
    std::uint64_t events = 0;
    std::size_t operations = 0;
    std::vector<Fault> applied;
};

ChaosRun run_chaos(std::uint64_t seed, const std::optional<std::vector<Fault>>& script) {
    Cluster cluster({.nodes = 5, .copies = 3, .seed = seed, .partitions = 32});
    Load load(cluster.world(), {.clients = 3, .choice = KeyChoice::zipfian, .huge_per_mille = 5},
              seed + 1);
    Chaos chaos(cluster, {.gap_max = 300ms, .script = script}, seed + 2, [](const Fault&) {});
    REQUIRE(cluster.run_until_ready());
    load.start();
    chaos.start();
    cluster.run_for(8s);
    chaos.stop();
    CHECK(cluster.run_until_restored());
    load.stop();
    CHECK(cluster.run_until([&] { return load.is_idle(); }, 6s));
    CHECK(cluster.defect() == "");
    const EventLog& log = cluster.world().log();
    return {log.hash(), log.events(), load.history().size(), chaos.applied()};
}

}  // namespace

TEST_CASE("the list of the faults that struck is enough to do the same again", "[sim]") {
    for (std::uint64_t seed = 1; seed <= testing::effort(4U, 1U); ++seed) {
        INFO(seed);
        const ChaosRun drawn = run_chaos(seed, std::nullopt);
        CHECK(drawn.applied.size() > 10);
        std::vector<Fault> script;
        for (const Fault& fault : drawn.applied) script.push_back(*parse_fault(to_string(fault)));
        CHECK(script == drawn.applied);
        const ChaosRun again = run_chaos(seed, script);
        CHECK(again.hash == drawn.hash);
        CHECK(again.events == drawn.events);
        CHECK(again.operations == drawn.operations);
        CHECK(again.applied == drawn.applied);
        // The list matters: without the first fault it is another run.
        script.erase(script.begin());
        CHECK(run_chaos(seed, script).hash != drawn.hash);
    }
}

TEST_CASE("a run goes the same way whoever looks on", "[sim]") {
    const RunPlan plan = short_plan(11);
    const RunOutcome alone = run(plan);
    std::size_t lines = 0;
    Story story(plan, [&](const std::string&) { ++lines; }, true);
    Explain explain("key1", [&](const std::string&) { ++lines; });
    std::size_t events = 0;
    const RunOutcome seen = run(plan, {&story, &explain}, [&](const std::string&) { ++events; });
    CHECK(encode(seen) == encode(alone));
    CHECK(events == alone.events);
    CHECK(lines > 20);
}

TEST_CASE("a run played from the list of its faults goes the same way", "[sim]") {
    const RunPlan drawn = short_plan(12);
    const RunOutcome one = run(drawn);
    REQUIRE_FALSE(one.faults.empty());
    RunPlan listed = drawn;
    listed.chaos.script.emplace();
    for (const std::string& fault : one.faults) listed.chaos.script->push_back(*parse_fault(fault));
    const RunOutcome other = run(listed);
    CHECK(other.hash == one.hash);
    CHECK(other.faults == one.faults);
}

TEST_CASE("a story replays, passes within the promise, and admits what is beyond it", "[sim]") {
    const Told told = tell_story(5, 2);
    INFO(told.outcome.reason);
    CHECK(told.outcome.result == RunResult::pass);
    CHECK(told.lines == tell_story(5, 2).lines);
    CHECK(told.says("are killed at the same instant"));
    CHECK(told.says("copies restored after"));
    CHECK(told.says("20 of 20 keys read their latest value"));
    CHECK_FALSE(told.says("beyond the promise"));

    const Told beyond = tell_story(5, 4);
    INFO(beyond.outcome.reason);
    CHECK(beyond.outcome.result == RunResult::pass);
    CHECK(beyond.says("beyond the promise"));
    CHECK(beyond.outcome.keys_right < 20);
}

TEST_CASE("a story goes on where nobody is left, or nobody that is in a ring", "[sim]") {
    const Told none = tell_story(2, {"500ms:kill=coordinator,server1,server2", "1s:kill=client2"});
    CHECK(none.outcome.result == RunResult::pass);
    CHECK(none.outcome.beyond == 1);
    CHECK(none.says("client2 is killed"));

    const Told anew = tell_story(
        2, {"500ms:kill=coordinator,server1,server2", "1s:restart=server1", "1100ms:kill=server1"});
    CHECK(anew.outcome.result == RunResult::pass);
    CHECK(anew.says("server1 is killed"));
    CHECK(anew.says("beyond the promise, which covers 0 now"));
}

TEST_CASE("only who is there dies, and counts against the promise", "[sim]") {
    const Told told = tell_story(
        3, {"500ms:kill=server3,server3,client9", "600ms:kill=server3", "700ms:restart=server2"});
    INFO(told.outcome.reason);
    CHECK(told.outcome.result == RunResult::pass);
    CHECK(told.outcome.beyond == 0);
    CHECK(told.says("server3 is killed"));
    CHECK(told.says("client9 is not there to be killed"));
    CHECK(told.says("server3 is not there to be killed"));
    CHECK(told.says("server2 is alive, and not restarted"));
    CHECK_FALSE(told.says("not detected"));
    // One after the other, before anybody has noticed: as good as at once.
    const Told soon =
        tell_story(5, {"500ms:kill=server1", "501ms:kill=server2", "502ms:kill=server3"});
    CHECK(soon.outcome.beyond == 1);
    CHECK(soon.says("beyond the promise, which covers 0 now"));
}

TEST_CASE("a story without a coordinator begins when the promise holds", "[sim]") {
    PlanChoice choice = story_of(5);
    choice.coordinator = false;
    choice.kill = 2;
    const Told told = tell(choice);
    INFO(told.outcome.reason);
    CHECK(told.outcome.result == RunResult::pass);
    CHECK(told.outcome.beyond == 0);
    CHECK(told.says("ready: survives 2 simultaneous deaths"));
}

TEST_CASE("the life of a key names its operations, messages and rings", "[sim]") {
    PlanChoice choice;
    choice.is_story = true;
    choice.nodes = 3;
    choice.partitions = 16;
    choice.kill = 1;
    Told told;
    Explain explain("key1", [&](const std::string& line) { told.lines.push_back(line); });
    told.outcome = run(draw_plan(1, choice), {&explain});
    CHECK(told.says("client1 begins: put key1=first value of key1"));
    CHECK(told.says("of client1 (put second value of key1), ring"));
    CHECK(told.says("replicates, since"));
    CHECK(told.says("acknowledges, since"));
    CHECK(told.says("copies server"));
    CHECK(told.says("fault "));
    Explain nobody("no such key", [&](const std::string& line) { told.lines.push_back(line); });
    run(draw_plan(1, choice), {&nobody});
    CHECK(explain.complaint() == "");
    CHECK(
        nobody.complaint().starts_with("no operation touched no such key; this run's keys: key1"));
}
