// Programs and expiry, while nodes die and wall clocks are set.
#include <catch2/catch.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "command/program.h"
#include "command/reply.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

Operation program(OperationKind kind, const std::vector<std::string_view>& words) {
    const command::Program program{.commands = {{.args = words}}};
    return {.kind = kind, .key = std::string(words.at(1)), .value = command::encode(program)};
}

Outcome run(Cluster& cluster, const std::vector<std::string_view>& words) {
    return cluster.run(program(OperationKind::run, words));
}

std::string query(Cluster& cluster, const std::vector<std::string_view>& words) {
    return cluster.run(program(OperationKind::query, words)).value;
}

}  // namespace

TEST_CASE("a counter that is incremented through kills ends where it was told", "[scenario]") {
    const std::uint64_t seed = GENERATE(1, 2, 3, 4, 5);
    CAPTURE(seed);
    Cluster cluster({.nodes = 6, .copies = 3, .seed = seed, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    std::int64_t acknowledged = 0;
    std::int64_t unknown = 0;
    for (int i = 0; i < 300; ++i) {
        if (i == 100 || i == 200) cluster.kill({cluster.primary_of("n")});
        const Outcome outcome = run(cluster, {"INCR", "n"});
        if (outcome.kind == OutcomeKind::ok) {
            ++acknowledged;
            const auto told = command::integer_of(outcome.value);
            REQUIRE(told.has_value());
            CHECK(*told >= acknowledged);
            CHECK(*told <= acknowledged + unknown);
        }
        if (outcome.kind == OutcomeKind::unknown) ++unknown;
    }
    const std::string reply = query(cluster, {"GET", "n"});
    const auto text = command::bulk_of(reply);
    REQUIRE(text.has_value());
    std::int64_t counted = 0;
    std::from_chars(text->data(), text->data() + text->size(), counted);
    CHECK(counted >= acknowledged);
    CHECK(counted <= acknowledged + unknown);
    CHECK(acknowledged > 250);
    CHECK(cluster.run_until_restored());
}

TEST_CASE("a key that expires does so under whoever is the primary, and stays gone", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .seed = 3, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    REQUIRE(run(cluster, {"SET", "k", "v", "PX", "3000"}).value == "+OK\r\n");
    cluster.kill({cluster.primary_of("k")});
    CHECK(cluster.get("k") == "v");
    cluster.run_for(3s);
    CHECK(cluster.get("k") == "not found");
    // Whoever comes next has a clock that is an hour behind.
    for (const std::string& name : cluster.running()) {
        cluster.world().apply(*sim::parse_fault("0s:wall=" + name + "@-3600000"));
    }
    cluster.kill({cluster.primary_of("k")});
    CHECK(cluster.get("k") == "not found");
    CHECK(query(cluster, {"EXISTS", "k"}) == ":0\r\n");
}

// A number of thousands of digits takes a millisecond, and a key of 64 KiB some 60 us for its slot.
TEST_CASE("programs that take long are refused, whatever takes long in them", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2, .seed = 5, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    REQUIRE(run(cluster, {"INCRBYFLOAT", "x", "1e4930"}).kind == OutcomeKind::ok);
    command::Program long_sum{.atomic = true};
    long_sum.commands.assign(100, {.args = {"INCRBYFLOAT", "x", "1"}});
    const auto refused = [&](const command::Program& asked) {
        return cluster
            .run({.kind = OperationKind::run, .key = "x", .value = command::encode(asked)})
            .detail;
    };
    CHECK(refused(long_sum).find("too large") != std::string::npos);
    long_sum.commands.resize(5);
    CHECK(refused(long_sum).find("too large") == std::string::npos);
}

// Copies, those who are filled and whoever takes over are told it as it was asked for.
TEST_CASE("a key may expire as late as can be said", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .seed = 3, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    const std::string latest = std::to_string(std::numeric_limits<std::int64_t>::max());
    CHECK(run(cluster, {"SET", "k", "v", "PXAT", latest}).value == "+OK\r\n");
    CHECK(run(cluster, {"SET", "l", "v"}).value == "+OK\r\n");
    CHECK(run(cluster, {"EXPIRE", "l", "9000000000000000"}).value == ":1\r\n");
    CHECK(run(cluster, {"SET", "m", "v", "EX", "99999999999999"}).value == "+OK\r\n");
    for (int i = 0; i < 3; ++i) {
        const std::string name = cluster.primary_of("k");
        cluster.kill({name});
        cluster.restart({name});
        REQUIRE(cluster.run_until_restored());
    }
    CHECK(query(cluster, {"PEXPIRETIME", "k"}) == ":" + latest + "\r\n");
    for (const char* key : {"k", "l", "m"}) CHECK(cluster.get(key) == "v");
    CHECK(cluster.difference_between_copies() == "");
}

TEST_CASE("a clock that jumps forwards ends keys at once, and their memory comes back",
          "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 2, .seed = 4, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    for (int i = 0; i < 200; ++i) {
        const std::string key = "brief" + std::to_string(i);
        REQUIRE(run(cluster, {"SET", key, "v", "EX", "3600"}).kind == OutcomeKind::ok);
    }
    const auto held = [&] {
        std::size_t keys = 0;
        for (const sim::NodeHost* host : cluster.world().alive()) {
            if (host->stores()) keys += host->store()->count();
        }
        return keys;
    };
    cluster.run_for(1s);
    CHECK(held() == 2 * 200);
    for (const std::string& name : cluster.running()) {
        cluster.world().apply(*sim::parse_fault("0s:wall=" + name + "@3600000"));
    }
    cluster.run_for(2s);
    CHECK(held() == 0);
    CHECK(cluster.difference_between_copies() == "");
}
