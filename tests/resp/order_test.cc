// Order and bounds: what a session has executed, and when.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "resp/world.h"

namespace grapevine::resp {
namespace {

void read_all(World& world, Session& session) {
    while (session.step(world.now)) {
    }
}

RunResult failed(RunStatus status) {
    return {.status = status, .replies = {}, .detail = "it cannot be done", .by = {}};
}

}  // namespace

TEST_CASE("partitions go side by side, replies in order", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string a = key_in(1);
    const std::string b = key_in(2);
    session->feed("SET " + a + " 1\r\nGET " + b + "\r\nPING\r\nGET " + a + "\r\n");
    read_all(world, *session);
    auto runs = session->take_runs();
    REQUIRE(runs.size() == 2);  // the second on `a` waits for the first
    CHECK(session->take_runs().empty());
    CHECK(runs[0].writes);
    CHECK_FALSE(runs[1].writes);
    // The later one is answered first, and waits.
    session->finished(runs[1].partition, world.execute(runs[1]));
    CHECK(session->take_output().empty());
    CHECK(session->take_runs().empty());
    session->finished(runs[0].partition, world.execute(runs[0]));
    CHECK(session->take_output() == "+OK\r\n$-1\r\n+PONG\r\n");
    runs = session->take_runs();
    REQUIRE(runs.size() == 1);
    session->finished(runs[0].partition, world.execute(runs[0]));
    CHECK(session->take_output() == "$1\r\n1\r\n");
}

TEST_CASE("what this node can do by itself makes no program, and keeps its place", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string a = key_in(1);
    const std::string b = key_in(2);
    session->feed("SET " + a + " 1\r\n");
    read_all(world, *session);
    const auto runs = session->take_runs();
    REQUIRE(runs.size() == 1);
    world.at_once_until = never;
    // Behind what is under way on its partition; the other one's is executed, and waits to be told.
    session->feed("GET " + a + "\r\nGET " + b + "\r\nINCR " + b + " x\r\n");
    read_all(world, *session);
    CHECK(session->take_runs().empty());
    CHECK(session->output_size() == 0);
    session->finished(runs[0].partition, world.execute(runs[0]));
    CHECK(world.settle(*session) ==
          "+OK\r\n$1\r\n1\r\n$-1\r\n-ERR wrong number of arguments for 'incr' command\r\n");
    CHECK(world.programs == 2);
    CHECK(world.talk(*session, "GET " + a + "\r\nGET none\r\n") == "$1\r\n1\r\n$-1\r\n");
    CHECK(world.programs == 2);
}

TEST_CASE("what must not be told after a time is known until it was taken", "[resp]") {
    World world;
    const auto session = world.connect();
    world.at_once_until = never;
    session->feed("GET a\r\n");
    read_all(world, *session);
    CHECK(session->tell_until() == never);
    world.at_once_until = world.now + 7ms;
    session->feed("SET a 1\r\n");
    read_all(world, *session);
    world.at_once_until = world.now + 9ms;
    session->feed("SET a 2\r\n");
    read_all(world, *session);
    CHECK(session->tell_until() == world.now + 7ms);
    CHECK(session->take_output() == "$-1\r\n+OK\r\n+OK\r\n");
    CHECK(session->tell_until() == never);
    // All of it, where it is large.
    session->feed("SETRANGE a 99999 x\r\nGET a\r\nSET a 3\r\n");
    read_all(world, *session);
    CHECK(session->take_output().size() > 99'999);
    CHECK(session->tell_until() == world.now + 9ms);
    CHECK(session->take_output() == "+OK\r\n");
    CHECK(session->tell_until() == never);
    // Where nothing is told there is nothing to be told in time.
    CHECK(world.say(*session, "CLIENT REPLY OFF").empty());
    session->feed("SET a 4\r\n");
    read_all(world, *session);
    CHECK(session->output_size() == 0);
    CHECK(session->tell_until() == never);
    // Nor where there is something else to be written.
    session->feed("CLIENT REPLY ON\r\nCLIENT REPLY OFF\r\nSET a 5\r\n");
    read_all(world, *session);
    CHECK(session->tell_until() == never);
    CHECK(take_all(*session) == "+OK\r\n");
}

// One that was executed at once behind what others took long to say was told after the lease under
// which it was.
TEST_CASE("a write is not executed at once behind what is owed", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string a = key_in(1);
    const std::string b = key_in(2);
    session->feed("GET " + a + "\r\n");
    read_all(world, *session);
    auto runs = session->take_runs();
    REQUIRE(runs.size() == 1);
    world.at_once_until = world.now + 7ms;
    session->feed("SET " + b + " 2\r\n");
    read_all(world, *session);
    auto later = session->take_runs();
    REQUIRE(later.size() == 1);
    CHECK(later[0].writes);
    session->finished(later[0].partition, world.execute(later[0]));
    session->finished(runs[0].partition, world.execute(runs[0]));
    CHECK(session->tell_until() == never);
    CHECK(take_all(*session) == "$-1\r\n+OK\r\n");
    session->feed("SET " + b + " 3\r\n");
    read_all(world, *session);
    CHECK(session->take_runs().empty());
    CHECK(session->tell_until() == world.now + 7ms);
}

TEST_CASE("a large write is not executed at once", "[resp]") {
    World world;
    const auto session = world.connect();
    world.at_once_until = world.now + 7ms;
    const auto set = [](std::size_t size) {
        return "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$" + std::to_string(size) + "\r\n" +
               std::string(size, 'x') + "\r\n";
    };
    CHECK(world.talk(*session, set(1'000'000)) == "+OK\r\n");
    CHECK(world.programs == 0);
    CHECK(world.talk(*session, set(2'000'000)) == "+OK\r\n");
    CHECK(world.programs == 1);
    CHECK(world.talk(*session, "STRLEN a\r\n") == ":2000000\r\n");
    CHECK(world.programs == 1);
}

TEST_CASE("commands that this node executes by itself are not answered where that is not wanted",
          "[resp]") {
    World world;
    world.at_once_until = never;
    const auto session = world.connect();
    CHECK(world.talk(*session, "CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\n") == "$1\r\n1\r\n");
}

TEST_CASE("what follows on a partition under way gathers in one program", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string key = key_in(3);
    session->feed("INCR " + key + "\r\n");
    read_all(world, *session);
    const auto first = session->take_runs();
    REQUIRE(first.size() == 1);
    std::string expected = ":1\r\n";
    for (int i = 2; i <= 50; ++i) {
        session->feed("INCR " + key + "\r\n");
        expected += ":" + std::to_string(i) + "\r\n";
    }
    read_all(world, *session);
    CHECK(session->take_runs().empty());
    session->finished(first[0].partition, world.execute(first[0]));
    CHECK(session->take_output() + world.settle(*session) == expected);
    CHECK(world.programs == 2);
    CHECK(world.largest == 49);
}

TEST_CASE("programs that read have fewer commands where replies are large", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string key = key_in(3);
    CHECK(world.say(*session, "SET " + key + " " + std::string(1000, 'x')) == "+OK\r\n");
    std::string gets;
    for (int i = 0; i < 256; ++i) gets += "GET " + key + "\r\n";
    // Few, until it is known how large replies are.
    CHECK(world.talk(*session, gets).size() == 256UZ * 1009);
    CHECK(world.largest == 8);
    for (int i = 0; i < 4; ++i) static_cast<void>(world.talk(*session, gets));
    CHECK(world.largest == 128);
    CHECK(world.talk(*session, "APPEND " + key + " " + std::string(60'000, 'x') + "\r\n") ==
          ":61000\r\n");
    for (int i = 0; i < 4; ++i) static_cast<void>(world.talk(*session, gets));
    world.largest = 0;
    static_cast<void>(world.talk(*session, gets));
    CHECK(world.largest <= 32);
    CHECK(world.largest >= 4);
    // And more again where they are small.
    CHECK(world.say(*session, "SET " + key + " x") == "+OK\r\n");
    for (int i = 0; i < 8; ++i) static_cast<void>(world.talk(*session, gets));
    CHECK(world.largest == 128);
}

TEST_CASE("what is too much for one program is done a command at a time", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string key = key_in(3);
    std::string sets;
    std::string replies;
    for (int i = 0; i < 20; ++i) {
        sets += "INCR " + key + "\r\n";
        replies += ":" + std::to_string(i + 1) + "\r\n";
    }
    world.commands_max = 1;
    CHECK(world.talk(*session, sets) == replies);
    world.commands_max = 0;
    CHECK(world.talk(*session, "INCR " + key + "\r\n") == "-ERR too large\r\n");
}

TEST_CASE("values that are too large together come one by one", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string key = key_in(3);
    const std::string large(16UZ * 1024 * 1024, 'x');
    CHECK(world.talk(*session, "*3\r\n$3\r\nSET\r\n$" + std::to_string(key.size()) + "\r\n" + key +
                                   "\r\n$16777216\r\n" + large + "\r\n") == "+OK\r\n");
    std::string asked;
    std::string expected;
    for (int i = 1; i <= 4; ++i) {
        asked += fmt::format("GETSET {0} {1}\r\nGET {0}\r\n", key, i);
        const std::string before = i == 1 ? large : std::to_string(i - 1);
        expected += fmt::format("${}\r\n{}\r\n$1\r\n{}\r\n", before.size(), before, i);
    }
    CHECK((world.talk(*session, asked) == expected));
    CHECK(world.talk(*session, "*3\r\n$3\r\nSET\r\n$" + std::to_string(key.size()) + "\r\n" + key +
                                   "\r\n$16777216\r\n" + large + "\r\n") == "+OK\r\n");
    const std::string get = "GET " + key + "\r\n";
    const std::string one = "$16777216\r\n" + large + "\r\n";
    CHECK((world.talk(*session, get + get + get + get) == one + one + one + one));
}

TEST_CASE("failures are told to each command of a program", "[resp]") {
    struct Row {
        RunStatus status;
        std::string reply;
    };
    const std::vector<Row> rows{
        {RunStatus::unavailable, "-CLUSTERDOWN Hash slot not served\r\n"},
        {RunStatus::unknown,
         "-UNKNOWN no answer came in time: what was asked may have been done, or not\r\n"},
        {RunStatus::overloaded, "-TRYAGAIN too much is under way: nothing was changed\r\n"},
        {RunStatus::full, "-OOM command not allowed when used memory > 'maxmemory'.\r\n"},
    };
    for (const Row& row : rows) {
        World world;
        const auto session = world.connect();
        session->feed("SET a 1\r\nSET a 2\r\nMGET a b c d\r\nDEL a b c\r\nPING\r\n");
        std::string out;
        for (int turn = 0; turn < 10; ++turn) {
            read_all(world, *session);
            for (const Run& run : session->take_runs()) {
                session->finished(run.partition, failed(row.status));
            }
            out += session->take_output();
        }
        CHECK(out == row.reply + row.reply + row.reply + row.reply + "+PONG\r\n");
    }
}

TEST_CASE("a watch that fails keeps its transaction from being executed", "[resp]") {
    World world;
    const auto session = world.connect();
    session->feed("WATCH a\r\nMULTI\r\nSET a 1\r\nEXEC\r\n");
    read_all(world, *session);
    const auto runs = session->take_runs();
    REQUIRE(runs.size() == 1);
    session->finished(runs[0].partition, failed(RunStatus::unavailable));
    CHECK(session->take_runs().empty());
    CHECK(session->take_output() ==
          "-CLUSTERDOWN Hash slot not served\r\n+OK\r\n+QUEUED\r\n*-1\r\n");
}

TEST_CASE("what is owed is bounded", "[resp]") {
    FrontConfig config;
    config.limits.replies_max = 100;
    World world(config);
    const auto session = world.connect();
    std::string sets;
    std::string replies;
    for (int i = 0; i < 1000; ++i) {
        sets += "INCR " + key_in(static_cast<std::uint32_t>(i % 16)) + "\r\n";
        replies += ":" + std::to_string(i / 16 + 1) + "\r\n";
    }
    session->feed(sets);
    std::size_t handled = 0;
    while (session->step(world.now)) ++handled;
    CHECK(handled == 100);
    CHECK(session->is_full());
    CHECK(world.settle(*session) == replies);
    CHECK_FALSE(session->is_full());
}

// Replies that waited for one before them were not counted.
TEST_CASE("what is owed is bounded in bytes", "[resp]") {
    FrontConfig config;
    config.limits.bytes_max = 1'000'000;
    World world(config);
    const auto session = world.connect();
    const std::string slow = key_in(1);
    const std::string fast = key_in(2);
    CHECK(world.say(*session, "SET " + fast + " " + std::string(50'000, 'x')) == "+OK\r\n");
    std::string gets = "GET " + slow + "\r\n";
    for (int i = 0; i < 1000; ++i) gets += "GET " + fast + "\r\n";
    session->feed(gets);
    // The first is not answered for long.
    std::vector<Run> held_up;
    for (bool worked = true; worked;) {
        worked = false;
        while (session->step(world.now)) worked = true;
        for (Run& run : session->take_runs()) {
            worked = true;
            if (run.partition.value == 1) {
                held_up.push_back(std::move(run));
            } else {
                session->finished(run.partition, world.execute(run));
            }
        }
    }
    REQUIRE(held_up.size() == 1);
    CHECK(session->is_full());
    // One program's replies more.
    CHECK(session->owed_bytes() < 1'000'000 + 8 * 60'000);
    session->finished(held_up[0].partition, world.execute(held_up[0]));
    std::string out = session->take_output();
    out += world.settle(*session);
    CHECK(out.size() == 5 + 1000UZ * (50'000 + 10));
    CHECK(session->owed_bytes() < 10'000);
}

TEST_CASE("what much waits for is executed before the rest", "[resp]") {
    FrontConfig config;
    config.limits.bytes_max = 100'000;
    config.limits.commands_per_program = 1;
    World world(config);
    const auto session = world.connect();
    const std::string slow = key_in(1);
    const std::string fast = key_in(2);
    CHECK(world.say(*session, "SET " + fast + " " + std::string(40'000, 'x')) == "+OK\r\n");
    std::string gets = "GET " + slow + "\r\nGET " + slow + "\r\n";
    for (int i = 0; i < 10; ++i) gets += "GET " + fast + "\r\n";
    session->feed(gets);
    read_all(world, *session);
    auto runs = session->take_runs();
    REQUIRE(runs.size() == 2);
    const Run first = std::move(runs[0]);
    REQUIRE(first.partition.value == 1);
    // Replies of the other partition pile up behind the first two.
    Run next = std::move(runs[1]);
    for (int i = 0; i < 3; ++i) {
        session->finished(next.partition, world.execute(next));
        runs = session->take_runs();
        REQUIRE(runs.size() == (i < 2 ? 1 : 0));
        if (!runs.empty()) next = std::move(runs[0]);
    }
    session->finished(first.partition, world.execute(first));
    CHECK(session->take_output() == "$-1\r\n");
    runs = session->take_runs();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].partition.value == 1);
    session->finished(runs[0].partition, world.execute(runs[0]));
    CHECK(session->take_output().size() + world.settle(*session).size() ==
          5 + 10UZ * (40'000 + 10));
}

TEST_CASE("the memory of tasks and their parts is counted", "[resp]") {
    FrontConfig config;
    config.limits.bytes_max = 1'000'000;
    World world(config);
    const auto session = world.connect();
    std::string mget = "MGET";
    for (int i = 0; i < 1000; ++i) mget += " k" + std::to_string(i);
    for (int i = 0; i < 100; ++i) session->feed(mget + "\r\n");
    std::size_t handled = 0;
    while (session->step(world.now)) ++handled;
    CHECK(session->is_full());
    CHECK(handled > 3);
    CHECK(handled < 40);
    CHECK(session->owed_bytes() < 1'200'000);
    std::string one = "*1000\r\n";
    for (int i = 0; i < 1000; ++i) one += "$-1\r\n";
    CHECK(world.settle(*session).size() == 100 * one.size());
    CHECK(session->owed_bytes() < 10'000);
}

TEST_CASE("a hundred thousand commands before the first reply", "[resp]") {
    World world;
    const auto session = world.connect();
    std::string sets;
    std::string replies;
    for (int i = 0; i < 100'000; ++i) {
        sets += "INCR " + key_in(static_cast<std::uint32_t>(i % 16)) + "\r\n";
        replies += ":" + std::to_string(i / 16 + 1) + "\r\n";
    }
    CHECK((world.talk(*session, sets) == replies));
}

TEST_CASE("a flood without replies is bounded and silent", "[resp]") {
    World world;
    const auto session = world.connect();
    CHECK(world.say(*session, "CLIENT REPLY OFF").empty());
    std::string flood;
    for (int i = 0; i < 2000; ++i) {
        flood += "INCR n\r\nPING " + std::string(100, 'x') + "\r\nMGET a b c d\r\nNOSUCH\r\n";
        flood += "KEYS *\r\nMULTI\r\nGET a\r\nPING\r\nEXEC\r\nGET\r\n";
    }
    std::size_t most = 0;
    for (int round = 0; round < 10; ++round) {
        session->feed(flood);
        while (session->step(world.now)) {
        }
        most = std::max(most, session->owed_bytes());
        CHECK(world.settle(*session).empty());
        CHECK(session->owed_bytes() < 10'000);
    }
    CHECK(most <= world.front.limits().bytes_max + 1'000'000);
    CHECK(world.say(*session, "CLIENT REPLY ON") == "+OK\r\n");
    CHECK(world.say(*session, "GET n") == "$5\r\n20000\r\n");
}

TEST_CASE("while it is held, nothing is handled and nothing executed", "[resp]") {
    World world;
    const auto session = world.connect();
    session->feed("INCR n\r\nINCR n\r\n");
    CHECK(session->step(world.now));
    session->hold(true);
    CHECK_FALSE(session->step(world.now));
    CHECK(session->take_runs().empty());
    session->hold(false);
    CHECK(world.settle(*session) == ":1\r\n:2\r\n");
}

TEST_CASE("replies that are too large together are an error", "[resp]") {
    World world;
    const auto session = world.connect();
    std::string mget = "MGET";
    std::string mset = "MSET";
    for (std::uint32_t i = 0; i < 16; ++i) {
        mget += " " + key_in(i);
        mset += " " + key_in(i) + " x";
    }
    CHECK(world.say(*session, mset) == "+OK\r\n");
    const std::string large(20UZ * 1024 * 1024, 'x');
    for (std::uint32_t i = 0; i < 16; ++i) world.partitions[i].put(key_in(i), large, 0);
    CHECK(world.say(*session, mget) == "-ERR the replies are too large together\r\n");
    CHECK(session->owed_bytes() < 10'000);
}

TEST_CASE("a command on all partitions is put together once", "[resp]") {
    World world({.self = self_id}, 1, 1024);
    const auto session = world.connect();
    session->feed("KEYS *\r\n");
    CHECK(session->step(world.now));
    std::set<std::string> programs;
    std::set<std::uint32_t> partitions;
    for (bool more = true; more;) {
        more = false;
        for (const Run& run : session->take_runs()) {
            more = true;
            programs.insert(run.program);
            CHECK(partitions.insert(run.partition.value).second);
            session->finished(run.partition, world.execute(run));
        }
    }
    CHECK(programs.size() == 1);
    CHECK(partitions.size() == 1024);
    CHECK(session->take_output() == "*0\r\n");
}

}  // namespace grapevine::resp
