// Commands that the primary's own process asks for: executed at once, or not at all.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/reply.h"
#include "replication/lines.h"
#include "replication/replication.h"
#include "replication/trio.h"

using namespace grapevine;

namespace {

const Lines lines;

void with_lines(ReplicationConfig& config) {
    config.interpreter = &lines;
}

struct Done {
    std::optional<AtOnce> at_once;
    std::string reply;
};

Done execute(Trio& trio, NodeId at, const std::vector<std::string_view>& words, bool writes) {
    command::Reply reply;
    const auto done = trio.peer(at).replication.execute(
        trio.now, {.key = words[1], .writes = writes, .args = words}, reply);
    trio.collect(at);
    return {done, reply.take()};
}

}  // namespace

TEST_CASE("a primary without other copies writes at once", "[replication]") {
    Trio trio(1, 1, with_lines);
    const Done first = execute(trio, a, {"add", "n"}, true);
    REQUIRE(first.at_once);
    CHECK(first.reply == "1;");
    CHECK(first.at_once->version.counter == 1);
    CHECK(execute(trio, a, {"add", "n"}, true).reply == "2;");
    CHECK(execute(trio, a, {"get", "n"}, false).reply == "2;");
    CHECK(trio.value(a, "n") == "2");
}

TEST_CASE("what changes nothing is no operation", "[replication]") {
    Trio trio(1, 1, with_lines);
    const Done done = execute(trio, a, {"get", "n"}, true);
    REQUIRE(done.at_once);
    CHECK(done.at_once->version == Version{});
    CHECK(execute(trio, a, {"add", "n"}, true).at_once->version.counter == 1);
}

TEST_CASE("where others hold copies only reads go at once", "[replication]") {
    Trio trio(2, 2, with_lines);
    CHECK_FALSE(execute(trio, a, {"add", "n"}, true).at_once);
    CHECK(trio.value(a, "n") == "(none)");
    trio.put(a, "n", "5");
    // Not before it is committed.
    CHECK(execute(trio, a, {"get", "n"}, false).reply == "-;");
    trio.deliver();
    const Done read = execute(trio, a, {"get", "n"}, false);
    REQUIRE(read.at_once);
    CHECK(read.reply == "5;");
    CHECK(read.at_once->valid_until == never);
    CHECK_FALSE(execute(trio, b, {"get", "n"}, false).at_once);
}

TEST_CASE("a fill is one of the others", "[replication]") {
    Trio trio(2, 1, with_lines);
    REQUIRE(execute(trio, a, {"add", "n"}, true).at_once);
    trio.change({.arrangements = {{.partition = Trio::partition, .copies = {a}, .fills = {b}}}});
    CHECK_FALSE(execute(trio, a, {"add", "n"}, true).at_once);
}

TEST_CASE("without a lease nothing goes at once, and what was told under one ends with it",
          "[replication]") {
    Trio trio(1, 1, with_lines);
    trio.peer(a).lease_until = trio.now + 5ms;
    const Done done = execute(trio, a, {"add", "n"}, true);
    REQUIRE(done.at_once);
    CHECK(done.at_once->valid_until == trio.now + 5ms);
    trio.peer(a).lease_until = trio.now;
    CHECK_FALSE(execute(trio, a, {"add", "n"}, true).at_once);
    CHECK_FALSE(execute(trio, a, {"get", "n"}, false).at_once);
    trio.peer(a).lease_until = never;
    CHECK(execute(trio, a, {"get", "n"}, false).reply == "1;");
}
