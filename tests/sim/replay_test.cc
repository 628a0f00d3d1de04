// The promise of a seed: the same run, event for event.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

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
