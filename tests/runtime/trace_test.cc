#include "runtime/trace.h"

#include <catch2/catch.hpp>
#include <string>

namespace grapevine {
namespace {

TraceLine parsed(const std::string& line) {
    auto result = parse_trace_line(line);
    REQUIRE(result.has_value());
    REQUIRE(result->has_value());
    return std::move(**result);
}

Outcome outcome_of(OutcomeKind kind, const std::string& value = {},
                   const std::string& server = "server1") {
    Outcome outcome;
    outcome.kind = kind;
    outcome.value = value;
    outcome.server_name = server;
    return outcome;
}

}  // namespace

TEST_CASE("operations of a trace") {
    const TraceLine put = parsed("put key1 value1 -> OK");
    CHECK(put.operation.kind == OperationKind::put);
    CHECK(put.operation.key == "key1");
    CHECK(put.operation.value == "value1");
    REQUIRE(put.expected.has_value());
    CHECK(put.expected->kind == OutcomeKind::ok);
    CHECK_FALSE(put.expected->value.has_value());

    const TraceLine get = parsed("  get key1\t-> value1, server3\r");
    CHECK(get.operation.kind == OperationKind::get);
    CHECK(get.expected->value == "value1");
    CHECK(get.expected->server == "server3");

    CHECK(parsed("del key1").operation.kind == OperationKind::erase);
    CHECK_FALSE(parsed("del key1").expected.has_value());
    CHECK(parsed("put k v if-absent").operation.condition == Condition::absent);
    const TraceLine conditional = parsed("del k if-version 3.1 -> condition false");
    CHECK(conditional.operation.condition == Condition::version);
    CHECK(conditional.operation.expected == Version{.epoch = Epoch{3}, .counter = 1});
    CHECK(conditional.expected->kind == OutcomeKind::condition_failed);
}

TEST_CASE("quoted words of a trace hold any bytes") {
    const TraceLine line = parsed(R"(put "a key" "\"\\\n\x00," -> OK)");
    CHECK(line.operation.key == "a key");
    CHECK(line.operation.value == std::string("\"\\\n\0,", 5));
    CHECK(parsed(R"(put k "")").operation.value.empty());
    // A quoted word is never a keyword.
    CHECK(parsed(R"(get k -> "not found")").expected->value == "not found");
    CHECK(parsed("get k -> not found").expected->kind == OutcomeKind::not_found);
    CHECK(parsed(R"(put k "->" -> OK)").operation.value == "->");
    CHECK(parsed(R"(put "#" v)").operation.key == "#");
}

TEST_CASE("comments and empty lines hold no operation") {
    for (const char* line : {"", "   ", "# put a b", "#", "\r"}) {
        const auto result = parse_trace_line(line);
        REQUIRE(result.has_value());
        CHECK_FALSE(result->has_value());
    }
}

TEST_CASE("lines that make no sense are errors") {
    for (const char* line :
         {"set a b", "put", "put a", "get", "get a b", "get a if-absent", "del a if-absent",
          "put a b if-version", "put a b if-version x", "put a b -> value", "get a -> b c", "-> OK",
          "put \"a b", R"(put "\q" v)", R"(put "\x4" v)", "\"put\" a b", "put a b ->",
          "get a -> b,"}) {
        CAPTURE(line);
        CHECK_FALSE(parse_trace_line(line).has_value());
    }
}

TEST_CASE("mismatches are told, matches are not") {
    const TraceLine get = parsed("get key1 -> value1");
    CHECK(mismatch(get, outcome_of(OutcomeKind::ok, "value1")).empty());
    CHECK(mismatch(get, outcome_of(OutcomeKind::not_found)) == "expected value1, got not found");
    CHECK(mismatch(get, outcome_of(OutcomeKind::ok, "value2")) ==
          "expected value1, got value2, server1");
    const TraceLine named = parsed("put key1 v -> OK, server2");
    CHECK(mismatch(named, outcome_of(OutcomeKind::ok, "", "server2")).empty());
    CHECK(mismatch(named, outcome_of(OutcomeKind::ok)) == "expected OK, server2, got OK, server1");
    CHECK(mismatch(parsed("get key1"), outcome_of(OutcomeKind::unknown)).empty());
    CHECK(mismatch(parsed("get k -> not found"), outcome_of(OutcomeKind::not_found)).empty());
}

}  // namespace grapevine
