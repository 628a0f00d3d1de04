#include "sim/run_plan.h"

#include <catch2/catch.hpp>
#include <set>

#include "sim/gentle.h"
#include "sim/script.h"

using namespace grapevine;
using namespace grapevine::sim;

TEST_CASE("plans are drawn over the whole range, seven nodes in the mean", "[sim]") {
    std::size_t nodes = 0;
    std::set<std::uint32_t> partitions;
    std::set<std::uint32_t> copies;
    std::size_t gentle = 0;
    std::size_t beyond = 0;
    std::size_t disasters = 0;
    std::set<std::uint32_t> zones;
    std::size_t weighted = 0;
    std::size_t lasting = 0;
    constexpr std::size_t seeds = 500;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const RunPlan plan = draw_plan(seed);
        nodes += plan.world.nodes;
        partitions.insert(plan.world.partitions);
        copies.insert(plan.world.copies);
        gentle += plan.is_gentle ? 1 : 0;
        beyond += plan.beyond_promise ? 1 : 0;
        disasters += plan.chaos.disaster_at ? 1 : 0;
        lasting += plan.chaos.lasting ? 1 : 0;
        CHECK((!plan.chaos.lasting || plan.chaos.gap_max >= 2s));
        zones.insert(plan.world.zones);
        weighted += plan.world.weights.empty() ? 0 : 1;
        for (const std::uint32_t weight : plan.world.weights) {
            CHECK((weight >= weight_one / 2 && weight <= 3 * weight_one));
        }
        CHECK((!plan.chaos.disaster_at || (!plan.is_gentle && !plan.beyond_promise)));
        CHECK(plan.world.copies <= plan.world.nodes);
        CHECK(to_string(plan) == to_string(draw_plan(seed)));
    }
    CHECK(nodes > seeds * 13 / 2);
    CHECK(nodes < seeds * 15 / 2);
    CHECK(partitions == std::set<std::uint32_t>{16, 32, 64, 128, 256, 512, 1024});
    CHECK(copies == std::set<std::uint32_t>{1, 2, 3, 4, 5});
    CHECK(zones == std::set<std::uint32_t>{0, 2, 3, 4});
    CHECK(weighted > seeds / 8);
    CHECK(weighted < seeds / 3);
    CHECK(lasting > seeds / 6);
    CHECK(gentle > seeds / 12);
    CHECK(beyond > seeds / 16);
    CHECK(disasters > seeds / 16);
    CHECK(disasters < seeds / 4);
}

TEST_CASE("what is fixed is kept, and the rest is drawn as it would be", "[sim]") {
    const RunPlan drawn = draw_plan(5);
    PlanChoice choice;
    choice.nodes = 3;
    choice.copies = 2;
    const RunPlan fixed = draw_plan(5, choice);
    CHECK(fixed.world.nodes == 3);
    CHECK(fixed.world.copies == 2);
    CHECK(fixed.world.partitions == drawn.world.partitions);
    CHECK(fixed.load.clients == drawn.load.clients);
    CHECK(fixed.faults_for == drawn.faults_for);
    CHECK(replay_options(5, choice) == "--faults all --seed 5 --nodes 3 --rep 2");
}

TEST_CASE("a quorum dies in every run that is asked for it alone", "[sim]") {
    PlanChoice choice;
    choice.faults = *FaultMix::parse("loss,force");
    PlanChoice other;
    other.faults = *FaultMix::parse("loss,kill");
    std::size_t disasters = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const RunPlan plan = draw_plan(seed, choice);
        CHECK_FALSE(plan.beyond_promise);
        disasters += plan.chaos.disaster_at ? 1 : 0;
        CHECK_FALSE(draw_plan(seed, other).chaos.disaster_at);
    }
    CHECK(disasters == 30);
}

TEST_CASE("a plan that is spelled out is the same plan", "[sim]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const RunPlan drawn = draw_plan(seed);
        const std::vector<Fault> faults{*parse_fault("1s:kill=server1")};
        const RunPlan again = draw_plan(seed, spelled_out(drawn, {}, faults));
        CHECK(again.world.nodes == drawn.world.nodes);
        CHECK(again.world.network.delay_max == drawn.world.network.delay_max);
        CHECK(again.world.request_memory == drawn.world.request_memory);
        CHECK(again.load.think_max == drawn.load.think_max);
        CHECK(again.chaos.script == faults);
    }
}

TEST_CASE("what is promised in a list follows from what is in it", "[sim]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const RunPlan drawn = draw_plan(seed);
        const auto again = [&](const char* fault) {
            return draw_plan(seed, spelled_out(drawn, {}, {*parse_fault(fault)}));
        };
        const RunPlan gentle = again("1s:kill=server1");
        CHECK(gentle.is_gentle);
        CHECK_FALSE(gentle.beyond_promise);
        CHECK_FALSE(gentle.chaos.beyond_promise);
        const RunPlan harsh = again("1s:cut=server1/coordinator");
        CHECK_FALSE(harsh.is_gentle);
        CHECK_FALSE(harsh.beyond_promise);
        if (!drawn.is_gentle) CHECK(harsh.chaos.disaster_at == drawn.chaos.disaster_at);
    }
    PlanChoice story;
    story.is_story = true;
    story.script.emplace({*parse_fault("1s:pause=server1"), *parse_fault("1250ms:resume=server1")});
    CHECK(draw_plan(1, story).is_gentle);
    story.script->pop_back();
    CHECK_FALSE(draw_plan(1, story).is_gentle);
}

TEST_CASE("nothing is beyond the promise where nobody is killed", "[sim]") {
    PlanChoice deadly;
    deadly.faults = *FaultMix::parse("loss,kill");
    std::size_t beyond = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        for (const char* mild : {"none", "loss", "pause,cut,leave"}) {
            PlanChoice choice;
            choice.faults = *FaultMix::parse(mild);
            CHECK_FALSE(draw_plan(seed, choice).beyond_promise);
        }
        beyond += draw_plan(seed, deadly).beyond_promise ? 1 : 0;
    }
    CHECK(beyond > 0);
}

TEST_CASE("losses are accepted beyond the promise or where a quorum dies alone", "[sim]") {
    std::size_t accepting = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const RunPlan plan = draw_plan(seed);
        if (!plan.chaos.accepts_loss) continue;
        ++accepting;
        CHECK((plan.beyond_promise || plan.chaos.disaster_at));
        CHECK(plan.load.at_once_percent == 0);
    }
    CHECK(accepting > 0);
}

TEST_CASE("gentle faults stay within the limits", "[sim]") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Rng rng(seed);
        const auto faults = draw_gentle_faults(rng, {.length = 40s, .nodes = 5, .kills = true});
        std::map<std::string, Duration> paused;
        for (const Fault& fault : faults) {
            CHECK(fault.percent <= 20);
            if (fault.kind == FaultKind::pause) paused[fault.names.front()] = fault.at;
            if (fault.kind == FaultKind::resume) {
                CHECK(fault.at - paused.at(fault.names.front()) <= 300ms);
            }
        }
        CHECK(is_gentle(faults));
    }
}

TEST_CASE("a list beyond the limits is not gentle", "[sim]") {
    const auto gentle = [](const std::vector<std::string>& texts) {
        std::vector<Fault> faults;
        for (const std::string& text : texts) faults.push_back(*parse_fault(text));
        return is_gentle(faults);
    };
    CHECK(gentle({}));
    CHECK(gentle({"1s:pause=server1", "1300ms:resume=server1", "1800ms:pause=server1",
                  "2s:resume=server1"}));
    CHECK_FALSE(gentle({"1s:pause=server1", "1301ms:resume=server1"}));
    CHECK_FALSE(gentle({"1s:pause=server1"}));
    CHECK_FALSE(gentle({"1s:pause=server1", "1300ms:resume=server1", "1799ms:pause=server1",
                        "2s:resume=server1"}));
    CHECK(gentle({"1s:loss=20"}));
    CHECK_FALSE(gentle({"1s:loss=21"}));
    CHECK(gentle({"1s:slow=server1@100"}));
    CHECK_FALSE(gentle({"1s:slow=server1@101"}));
    CHECK(gentle({"1s:kill=server1", "5s:restart=server1", "9s:kill=server2"}));
    CHECK_FALSE(gentle({"1s:kill=server1", "3s:kill=server2"}));
    CHECK_FALSE(gentle({"1s:kill=server1,server2"}));
    CHECK_FALSE(gentle({"1s:cut=server1/server2"}));
}

TEST_CASE("a script is read, with comments, and its errors name the line", "[sim]") {
    const auto fine = [](const Fault&, const std::vector<Fault>&) { return Result<void>{}; };
    const auto faults = parse_script("file",
                                     "# two at once\n\n  2s:kill=server3,server5  # both\r\n"
                                     "4s:restart=server3",
                                     fine);
    REQUIRE(faults);
    REQUIRE(faults->size() == 2);
    CHECK(to_string((*faults)[0]) == "2s:kill=server3,server5");
    CHECK(to_string((*faults)[1]) == "4s:restart=server3");
    CHECK(parse_script("file", "", fine)->empty());
    const auto marked = parse_script("file",
                                     "\xef\xbb\xbf"
                                     "2s:heal\n",
                                     fine);
    REQUIRE(marked);
    CHECK(marked->size() == 1);

    const auto bad = parse_script("file", "1s:heal\n# fine\n2s:explode=server1\n", fine);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message.starts_with("file:3: "));
    const auto nobody = [](const Fault&, const std::vector<Fault>&) -> Result<void> {
        return fail("there is no server9");
    };
    const auto unknown = parse_script("file", "1s:kill=server9", nobody);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message == "file:1: there is no server9");
    CHECK_FALSE(read_script("/nonexistent/script", fine));
}
