// Programs of a connection, without a session.
#include "resp/lanes.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "command/program.h"

namespace grapevine::resp {
namespace {

struct Fixture {
    FrontLimits limits;
    Lanes lanes{limits};
    std::uint64_t owed = 0;

    void add(std::uint32_t partition, bool writes, const std::string& value = "v") {
        const std::string_view args[] = {"SET", "k", value};
        lanes.add({owed++, 0}, {PartitionId{partition}, "k", true}, writes, args);
    }
};

std::size_t commands_of(const Run& run) {
    return command::decode(run.program).value().commands.size();
}

RunResult ok(std::size_t commands) {
    RunResult result;
    for (std::size_t i = 0; i < commands; ++i) result.replies += "+OK\r\n";
    return result;
}

}  // namespace

TEST_CASE("a lane has one program under way, and what follows gathers", "[lanes]") {
    Fixture fixture;
    fixture.add(1, true);
    fixture.add(2, true);
    auto launch = fixture.lanes.launch();
    REQUIRE(launch.runs.size() == 2);
    for (int i = 0; i < 5; ++i) fixture.add(1, true);
    fixture.add(1, false);
    CHECK(fixture.lanes.launch().runs.empty());
    CHECK(fixture.lanes.parts() == 8);
    const RunResult one = ok(1);
    auto answers = fixture.lanes.finish(PartitionId{1}, one);
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].part.owed == 0);
    CHECK(answers[0].reply == "+OK\r\n");
    // What writes and what does not are kept apart.
    launch = fixture.lanes.launch();
    REQUIRE(launch.runs.size() == 1);
    CHECK(launch.runs[0].writes);
    CHECK(commands_of(launch.runs[0]) == 5);
    const RunResult five = ok(5);
    answers = fixture.lanes.finish(PartitionId{1}, five);
    CHECK(answers.size() == 5);
    CHECK(answers[4].part.owed == 6);
    launch = fixture.lanes.launch();
    REQUIRE(launch.runs.size() == 1);
    CHECK_FALSE(launch.runs[0].writes);
    const RunResult last = ok(1);
    CHECK(fixture.lanes.finish(PartitionId{1}, last).size() == 1);
    CHECK(fixture.lanes.finish(PartitionId{2}, last).size() == 1);
    CHECK(fixture.lanes.parts() == 0);
    CHECK(fixture.lanes.bytes() == 0);
}

TEST_CASE("lanes of one reply alone", "[lanes]") {
    Fixture fixture;
    fixture.add(1, true);
    fixture.add(2, true);
    fixture.add(3, true);
    auto launch = fixture.lanes.launch(1);
    REQUIRE(launch.runs.size() == 1);
    CHECK(launch.runs[0].partition.value == 2);
    CHECK(fixture.lanes.launch(1).runs.empty());
    CHECK(fixture.lanes.launch().runs.size() == 2);
}

TEST_CASE("memory of programs is counted, and given back", "[lanes]") {
    Fixture fixture;
    const std::string large(100'000, 'x');
    fixture.add(1, true, large);
    CHECK(fixture.lanes.bytes() > large.size());
    const std::size_t before = fixture.lanes.bytes();
    for (int i = 0; i < 1000; ++i) fixture.add(1, true, "");
    CHECK(fixture.lanes.bytes() > before + 1000 * sizeof(PartOf));
    const auto program = std::make_shared<const std::string>(std::string(1000, 'p'));
    fixture.lanes.add_program({fixture.owed++, 0}, PartitionId{1}, true, program);
    const auto watched = std::make_shared<WatchSet>();
    watched->failed = true;
    const std::vector<std::vector<std::string>> commands{{"SET", "k", large}};
    fixture.lanes.add_atomic({fixture.owed++, 0}, {PartitionId{1}, "k", true}, commands, true,
                             watched);
    std::size_t answered = 0;
    std::size_t hopeless = 0;
    for (int turn = 0; turn < 1000 && fixture.lanes.parts() > 0; ++turn) {
        const Lanes::Launch launch = fixture.lanes.launch();
        hopeless += launch.hopeless.size();
        for (const Run& run : launch.runs) {
            // The second program is too much for one.
            RunResult result;
            result.status = turn == 1 ? RunStatus::refused : RunStatus::unavailable;
            const auto answers = fixture.lanes.finish(run.partition, result);
            for (const auto& answer : answers) CHECK_FALSE(answer.reply);
            answered += answers.size();
        }
    }
    CHECK(answered == 1002);
    CHECK(hopeless == 1);
    CHECK(fixture.lanes.bytes() == 0);
}

}  // namespace grapevine::resp
