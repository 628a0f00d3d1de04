// FLUSHALL, which takes as many programs of a partition as it needs.
#include <catch2/catch.hpp>
#include <functional>

#include "resp/world.h"

using namespace grapevine;
using namespace grapevine::resp;

namespace {

constexpr int many = 5000;  // more than one program erases

void fill(World& world, int keys) {
    const std::uint32_t partition = world.front.partition_of(slot_of_key("t")).value;
    for (int i = 0; i < keys; ++i) {
        world.partitions[partition].put("{t}" + std::to_string(i), "v", 0);
    }
}

// Executes the programs, one after the other, until none is left. `before` is told how many there
// were; what it returns is the result, where that is not to be the world's.
std::string settle(World& world, Session& session,
                   const std::function<std::optional<RunResult>(std::size_t)>& before) {
    while (session.step(world.now)) {
    }
    std::size_t count = 0;
    for (auto runs = session.take_runs(); !runs.empty(); runs = session.take_runs()) {
        for (const Run& run : runs) {
            auto result = before(count++);
            session.finished(run.partition, result ? *std::move(result) : world.execute(run));
        }
        while (session.step(world.now)) {
        }
    }
    return session.take_output();
}

}  // namespace

TEST_CASE("FLUSHALL erases any number of keys, a bounded number at a time", "[resp]") {
    World world;
    const auto session = world.connect();
    fill(world, many);
    CHECK(world.say(*session, "SET other v") == "+OK\r\n");
    world.programs = 0;
    const std::string form = GENERATE("FLUSHALL", "FLUSHDB", "flushall ASYNC", "FLUSHALL sync");
    CHECK(world.say(*session, form) == "+OK\r\n");
    CHECK(world.programs >= 16 + 2);
    CHECK(world.say(*session, "DBSIZE") == ":0\r\n");
    CHECK(world.say(*session, "FLUSHALL FROM 0 0 COUNT 5") == "-ERR syntax error\r\n");
    CHECK(world.say(*session, "FLUSHALL NOW") == "-ERR syntax error\r\n");
}

TEST_CASE("what a connection asks behind FLUSHALL is done when that has ended", "[resp]") {
    World world;
    const auto session = world.connect();
    fill(world, many);
    std::string all = "SET {t}x 5\r\nFLUSHALL\r\n";
    std::string expected = "+OK\r\n+OK\r\n";
    for (int i = 0; i < many; i += 100) {
        all += "APPEND {t}" + std::to_string(i) + " w\r\n";
        expected += ":1\r\n";
    }
    CHECK(world.talk(*session, all + "INCR {t}x\r\nGET {t}x\r\n") ==
          expected + ":1\r\n$1\r\n1\r\n");
}

TEST_CASE("FLUSHALL begins anew where the primary changes, whose keys lie in another order",
          "[resp]") {
    World world;
    const auto session = world.connect();
    fill(world, many);
    const std::uint32_t partition = world.front.partition_of(slot_of_key("t")).value;
    session->feed("FLUSHALL\r\n");
    const std::string reply = settle(world, *session, [&](std::size_t count) {
        if (count == 16) world.partitions[partition].seed = 8;
        return std::nullopt;
    });
    CHECK(reply == "+OK\r\n");
    CHECK(world.partitions[partition].count() == 0);
}

TEST_CASE("FLUSHALL says what has become of the keys", "[resp]") {
    World world;
    const auto session = world.connect();
    fill(world, many);
    const auto failing = [](std::size_t from, RunStatus status) {
        return [=](std::size_t count) -> std::optional<RunResult> {
            if (count < from) return std::nullopt;
            return RunResult{.status = status, .replies = {}, .detail = {}, .by = {}};
        };
    };
    session->feed("FLUSHALL\r\n");
    CHECK(settle(world, *session, failing(0, RunStatus::overloaded)) ==
          "-TRYAGAIN too much is under way: nothing was changed\r\n");
    session->feed("FLUSHALL\r\n");
    CHECK(settle(world, *session, failing(16, RunStatus::unavailable)) ==
          "-CLUSTERDOWN some keys are gone and others are left; a partition answered: Hash slot "
          "not served\r\n");
    session->feed("FLUSHALL\r\n");
    const std::string reply = settle(world, *session, failing(0, RunStatus::unknown));
    CHECK(reply.starts_with("-UNKNOWN some keys are gone"));
    CHECK(world.say(*session, "FLUSHALL") == "+OK\r\n");
}
