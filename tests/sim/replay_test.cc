// The promise of a seed: the same run, event for event.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/chaos.h"
#include "sim/cluster.h"
#include "sim/load.h"
#include "sim/story.h"
#include "sim/swarm.h"

using namespace grapevine;
using namespace grapevine::sim;

TEST_CASE("the same seed gives the same run, another seed another", "[sim]") {
    const SwarmOutcome one = run_swarm(11, {});
    const SwarmOutcome same = run_swarm(11, {});
    const SwarmOutcome other = run_swarm(12, {});
    CHECK(one.hash == same.hash);
    CHECK(one.events == same.events);
    CHECK(one.operations == same.operations);
    CHECK(one.hash != other.hash);
    CHECK(one.operations > 0);
    CHECK(one.faults > 0);
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
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
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

TEST_CASE("a story replays, passes within the promise, and admits what is beyond it", "[sim]") {
    StoryConfig config;
    config.world.nodes = 5;
    config.world.partitions = 64;
    config.kill = 2;
    const auto told = [&] {
        std::vector<std::string> lines;
        const StoryOutcome outcome =
            tell_story(config, [&](const std::string& line) { lines.push_back(line); });
        INFO(outcome.reason);
        CHECK(outcome.result == RunResult::pass);
        return lines;
    };
    const auto lines = told();
    CHECK(lines == told());
    const auto says = [&](const std::string& words) {
        return std::ranges::any_of(
            lines, [&](const auto& line) { return line.find(words) != std::string::npos; });
    };
    CHECK(says("are killed at the same instant"));
    CHECK(says("20 of 20 keys read their latest value"));
    CHECK_FALSE(says("beyond the promise"));
}
