#include "command/execute.h"

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/limits.h"
#include "command/memory_keys.h"
#include "command/reply.h"

using namespace grapevine;
using namespace grapevine::command;

namespace {

using Line = std::vector<std::string_view>;

Program program_of(const std::vector<Line>& lines) {
    Program program;
    for (const Line& line : lines) program.commands.push_back({line});
    return program;
}

std::string run(MemoryKeys& keys, const std::vector<Line>& lines) {
    return execute(program_of(lines), keys);
}

// Lines and the replies to them, one after the other on the same keys.
struct Exchange {
    Line line;
    std::string_view reply;
};

void check(const std::vector<Exchange>& exchanges) {
    MemoryKeys keys;
    for (const auto& [line, reply] : exchanges) {
        std::string told;
        for (const std::string_view word : line) told.append(word.substr(0, 40)).append(" ");
        INFO(told);
        CHECK(run(keys, {line}) == reply);
    }
}

}  // namespace

// Some of each file: the tables of tests/conformance have all of it, and want the reference.

TEST_CASE("values are set and read") {
    check({{{"GET", "k"}, "_\r\n"},
           {{"set", "k", "Hello"}, "+OK\r\n"},
           {{"APPEND", "k", " World"}, ":11\r\n"},
           {{"GETRANGE", "k", "-5", "-1"}, "$5\r\nWorld\r\n"},
           {{"SETRANGE", "k", "6", "Redis"}, ":11\r\n"},
           {{"SET", "k", "x", "NX", "GET"}, "$11\r\nHello Redis\r\n"},
           {{"MGET", "k", "n"}, "*2\r\n$11\r\nHello Redis\r\n_\r\n"},
           {{"SET", "k", "x", "NX", "XX"}, "-ERR syntax error\r\n"},
           {{"GETDEL", "k"}, "$11\r\nHello Redis\r\n"},
           {{"EXISTS", "k"}, ":0\r\n"}});
}

TEST_CASE("numbers are counted") {
    check({{{"INCRBY", "k", "41"}, ":41\r\n"},
           {{"INCR", "k"}, ":42\r\n"},
           {{"INCRBYFLOAT", "k", "0.1"}, "$4\r\n42.1\r\n"},
           {{"INCR", "k"}, "-ERR value is not an integer or out of range\r\n"},
           {{"SET", "k", "9223372036854775807"}, "+OK\r\n"},
           {{"INCR", "k"}, "-ERR increment or decrement would overflow\r\n"},
           {{"INCRBYFLOAT", "n", "inf"}, "-ERR increment would produce NaN or Infinity\r\n"}});
}

TEST_CASE("bits are set and counted") {
    check({{{"SETBIT", "k", "7", "1"}, ":0\r\n"},
           {{"BITCOUNT", "k"}, ":1\r\n"},
           {{"BITPOS", "k", "1"}, ":7\r\n"},
           {{"BITOP", "NOT", "d", "k"}, ":1\r\n"},
           {{"GET", "d"}, "$1\r\n\xfe\r\n"},
           {{"BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u8", "0", "255", "GET", "u8", "0"},
            "*2\r\n_\r\n:1\r\n"},
           {{"SETBIT", "k", "134217728", "1"},
            "-ERR bit offset is not an integer or out of range\r\n"}});
}

// They were written all the same, so a WATCH of the key failed, and every copy was told.
TEST_CASE("bits that are so already are not written") {
    MemoryKeys keys;
    run(keys, {{"SET", "k", "@"}});
    const Version before = keys.find("k")->version;
    CHECK(run(keys, {{"SETBIT", "k", "1", "1"}, {"SETBIT", "k", "7", "0"}}) == ":1\r\n:0\r\n");
    CHECK(run(keys, {{"BITFIELD", "k", "SET", "u8", "0", "64", "INCRBY", "u8", "0", "256"}}) ==
          "*2\r\n:64\r\n:64\r\n");
    CHECK(run(keys, {{"BITFIELD", "k", "OVERFLOW", "FAIL", "SET", "u8", "0", "256"}}) ==
          "*1\r\n_\r\n");
    CHECK(keys.find("k")->version == before);
    const auto changes = [&](const Line& command) {
        const std::uint64_t count = keys.changes();
        run(keys, {command});
        return keys.changes() != count;
    };
    CHECK(changes({"SETBIT", "k", "8", "0"}));  // it grows
    CHECK(changes({"SETBIT", "n", "0", "0"}));  // it comes to be
    CHECK(changes({"BITFIELD", "m", "SET", "u8", "0", "0"}));
    CHECK(changes({"BITFIELD", "k", "SET", "u8", "0", "1", "SET", "u8", "0", "64"}));
}

TEST_CASE("the longest common subsequence is found") {
    check({{{"MSET", "a", "ohmytext", "b", "mynewtext"}, "+OK\r\n"},
           {{"LCS", "a", "b"}, "$6\r\nmytext\r\n"},
           {{"LCS", "a", "b", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN"},
            "%2\r\n$7\r\nmatches\r\n*1\r\n*3\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n:4\r\n"
            "$3\r\nlen\r\n:6\r\n"}});
}

TEST_CASE("keys expire when their time has come") {
    MemoryKeys keys;
    keys.set_now_ms(1'000'000);
    CHECK(run(keys, {{"SET", "k", "v", "PX", "1500"}, {"PTTL", "k"}, {"TTL", "k"}}) ==
          "+OK\r\n:1500\r\n:2\r\n");
    CHECK(run(keys, {{"PEXPIRETIME", "k"}, {"EXPIRETIME", "k"}}) == ":1001500\r\n:1002\r\n");
    keys.set_now_ms(1'001'499);
    CHECK(run(keys, {{"GET", "k"}, {"PTTL", "k"}, {"TTL", "k"}}) == "$1\r\nv\r\n:1\r\n:0\r\n");
    keys.set_now_ms(1'001'500);
    CHECK(run(keys, {{"GET", "k"}, {"TTL", "k"}, {"DEL", "k"}}) == "_\r\n:-2\r\n:0\r\n");
    CHECK(
        run(keys, {{"SET", "k", "v"}, {"EXPIRE", "k", "10", "GT"}, {"EXPIRE", "k", "10", "LT"}}) ==
        "+OK\r\n:0\r\n:1\r\n");
    CHECK(run(keys, {{"EXPIREAT", "k", "1001"}, {"EXISTS", "k"}}) == ":1\r\n:0\r\n");
    // Set with a time that has passed already: as if it had been there and expired.
    CHECK(run(keys, {{"SET", "k", "v"}, {"SET", "k", "w", "PXAT", "5"}, {"GET", "k"}}) ==
          "+OK\r\n+OK\r\n_\r\n");
}

TEST_CASE("commands that are none, and for others to answer") {
    check({{{"NONE", "a"}, "-ERR unknown command 'NONE', with args beginning with: 'a' \r\n"},
           {{"get"}, "-ERR wrong number of arguments for 'get' command\r\n"},
           {{"OBJECT", "none"}, "-ERR unknown subcommand 'none'. Try OBJECT HELP.\r\n"},
           {{"PING"}, "-ERR this command is not for a primary\r\n"}});
}

TEST_CASE("an atomic program is answered by one array") {
    MemoryKeys keys;
    Program program = program_of({{"SET", "k", "5"}, {"NONE"}, {"INCR", "k"}});
    program.atomic = true;
    CHECK(execute(program, keys) ==
          "*3\r\n+OK\r\n-ERR unknown command 'NONE', with args beginning with: \r\n:6\r\n");
    program.commands.clear();
    CHECK(execute(program, keys) == "*0\r\n");
}

TEST_CASE("nothing is executed where a watched key was changed") {
    MemoryKeys keys;
    run(keys, {{"SET", "k", "1"}});
    const Version version = keys.find("k")->version;
    Program program = program_of({{"SET", "done", "1"}});
    program.atomic = true;
    program.watched = {{"k", version}, {"absent", {}}};
    CHECK(execute(program, keys) == "*1\r\n+OK\r\n");

    program.watched = {{"k", version}, {"done", {}}};  // came to be
    CHECK(execute(program, keys) == "_\r\n");
    run(keys, {{"DEL", "done"}});
    CHECK(execute(program, keys) == "*1\r\n+OK\r\n");

    run(keys, {{"SET", "k", "1"}, {"DEL", "done"}});  // the same value, another version
    CHECK(execute(program, keys) == "_\r\n");
    CHECK_FALSE(keys.find("done"));
}

TEST_CASE("the version of a key is told") {
    check({{{"GRAPEVINE.VERSION", "k"}, "*2\r\n:0\r\n:0\r\n"},
           {{"SET", "k", "v"}, "+OK\r\n"},
           {{"GRAPEVINE.VERSION", "k"}, "*2\r\n:1\r\n:1\r\n"}});
}

TEST_CASE("values and keys of any size are taken up to the limit") {
    const std::string largest(value_size_max, 'x');
    const std::string larger(value_size_max + 1, 'x');
    const std::string longest(key_size_max, 'k');
    const std::string longer(key_size_max + 1, 'k');
    constexpr auto refused = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
    check({{{"SET", "k", largest}, "+OK\r\n"},
           {{"SET", "k", larger}, refused},
           {{"SETNX", "n", larger}, refused},
           {{"SETEX", "n", "10", larger}, refused},
           {{"GETSET", "k", larger}, refused},
           {{"MSET", "n", "v", "k", larger}, refused},
           {{"MSETNX", "n", "v", "m", larger}, refused},
           {{"MSETEX", "2", "n", "v", "m", larger}, refused},
           {{"APPEND", "n", larger}, refused},
           {{"APPEND", "k", "x"}, refused},
           {{"SETRANGE", "k", "16777216", "x"}, refused},
           {{"BITFIELD", "k", "SET", "u8", "134217727", "1"}, refused},
           {{"EXISTS", "n", "m"}, ":0\r\n"},
           {{"STRLEN", "k"}, ":16777216\r\n"},
           {{"SET", longest, "v"}, "+OK\r\n"},
           {{"SET", longer, "v"}, "-ERR key exceeds 65536 bytes\r\n"},
           {{"MSET", "n", "v", longer, "v"}, "-ERR key exceeds 65536 bytes\r\n"},
           {{"BITOP", "NOT", longer, "k"}, "-ERR key exceeds 65536 bytes\r\n"},
           {{"GET", longer}, "_\r\n"},
           {{"EXISTS", "n"}, ":0\r\n"}});
}

TEST_CASE("replies end before they do not fit a frame") {
    MemoryKeys keys;
    const std::string large(value_size_max, 'x');
    run(keys, {{"SET", "k", large}});
    CHECK(run(keys, {{"MGET", "k", "k"}}) ==
          "-ERR reply exceeds 25165824 bytes, ask for fewer keys\r\n");
    std::vector<Line> lines(10, Line{"GET", "k"});
    lines.push_back({"SET", "k", "v"});
    const std::string replies = run(keys, lines);
    CHECK(replies.size() < frame_size_max);
    CHECK(replies.ends_with("-ERR the replies before this one are too large\r\n"));
    // What is answered by that error was not executed.
    CHECK(keys.find("k")->value.size() == value_size_max);
}

TEST_CASE("what only reads is known before it is executed") {
    const auto does = [](const Line& line) { return writes(Command{line}); };
    CHECK(does({"SET", "k", "v"}));
    CHECK(does({"set", "k", "v"}));
    CHECK_FALSE(does({"SET", "k"}));
    CHECK_FALSE(does({"NONE", "k"}));
    CHECK_FALSE(does({"GET", "k"}));
    CHECK_FALSE(does({"GETEX", "k"}));
    CHECK(does({"GETEX", "k", "PERSIST"}));
    CHECK_FALSE(does({"BITFIELD", "k", "GET", "u8", "0", "OVERFLOW", "SAT", "GET", "u8", "1"}));
    CHECK(does({"BITFIELD", "k", "GET", "u8", "0", "SET", "u8", "0", "1"}));
    CHECK(does({"FLUSHALL"}));
    CHECK_FALSE(does({"OBJECT", "ENCODING", "k"}));
    CHECK(writes(program_of({{"GET", "k"}, {"DEL", "k"}})));
    CHECK_FALSE(writes(program_of({{"GET", "k"}, {"STRLEN", "k"}})));
    CHECK(takes_memory(program_of({{"DEL", "k"}, {"APPEND", "k", "v"}})));
    CHECK_FALSE(takes_memory(program_of({{"DEL", "k"}, {"EXPIRE", "k", "5"}})));
}
