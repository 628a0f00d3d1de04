#include "bench/resp.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "bench/answers.h"
#include "bench/resp_dialect.h"

using namespace grapevine;
using namespace grapevine::bench;

namespace {

std::string error_of(std::string_view bytes) {
    const auto reply = parse_resp(bytes);
    return reply ? "" : reply.error().message;
}

}  // namespace

TEST_CASE("replies of Redis are found one after the other", "[resp]") {
    std::string_view bytes = "+OK\r\n$5\r\nva\r\ne\r\n$-1\r\n$0\r\n\r\n:12\r\n-MOVED 1 host:2\r\n";
    std::vector<std::string> found;
    while (!bytes.empty()) {
        const auto reply = parse_resp(bytes);
        REQUIRE(reply);
        REQUIRE(*reply);
        found.push_back(((*reply)->absent ? "absent" : "") + std::string(1, (*reply)->type) +
                        std::string((*reply)->text));
        bytes.remove_prefix((*reply)->size);
    }
    CHECK(found ==
          std::vector<std::string>{"+OK", "$va\r\ne", "absent$", "$", ":12", "-MOVED 1 host:2"});
}

TEST_CASE("a reply of Redis that is not whole is waited for", "[resp]") {
    for (const std::string whole : {"+OK\r\n", "$5\r\nvalue\r\n", "$-1\r\n", ":7\r\n", "-no\r\n"}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            INFO(whole << " cut at " << size);
            const auto reply = parse_resp(whole.substr(0, size));
            REQUIRE(reply);
            CHECK_FALSE(*reply);
        }
        CHECK((*parse_resp(whole))->size == whole.size());
    }
}

TEST_CASE("what is no reply of Redis is refused", "[resp]") {
    CHECK(error_of("*1\r\n") == "a reply of an unknown type");
    CHECK(error_of("$x\r\n") == "\"x\" is no length of bytes");
    CHECK(error_of("$-2\r\n") == "\"-2\" is no length of bytes");
    CHECK(error_of("$99999999999999\r\n") == "\"99999999999999\" is no length of bytes");
    CHECK(error_of("$2\r\nabc\r\n") == "bytes do not end where they should");
    CHECK(error_of("+OK\rx") == "a line that does not end");
    CHECK(error_of(std::string(70'000, 'x')) == "a line that does not end");
}

TEST_CASE("commands to Redis", "[resp]") {
    std::string out;
    append_resp(out, {"SET", "k", "12345678901"});
    CHECK(out == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$11\r\n12345678901\r\n");
    RespDialect dialect("val", 2);
    out.clear();
    dialect.say(out, {.sequence = 1, .put = true, .key = "bench1"});
    dialect.say(out, {.sequence = 2, .put = false, .key = "bench22"});
    CHECK(out ==
          "*3\r\n$3\r\nSET\r\n$6\r\nbench1\r\n$3\r\nval\r\n"
          "*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$5\r\n30000\r\n"
          "*2\r\n$3\r\nGET\r\n$7\r\nbench22\r\n");
}

TEST_CASE("answers of Redis belong to operations in their order, cut anywhere", "[resp]") {
    const std::string stream = "+OK\r\n$3\r\nval\r\n$-1\r\n$2\r\nva\r\n-MOVED 7 host:1\r\n";
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        Answers answers;
        for (const bool put : {true, false, false, false, true}) answers.ask(put);
        RespDialect dialect("val", 0);
        REQUIRE(dialect.hear(stream.substr(0, cut), answers));
        REQUIRE(dialect.hear(stream.substr(cut), answers));
        const std::string absent = "a key was not found, or of another size";
        CHECK(answers.defects ==
              std::vector<std::string>{"", "", absent, absent, "MOVED 7 host:1"});
    }
}

TEST_CASE("a put that waits for replicas is answered with its WAIT", "[resp]") {
    Answers answers;
    for (const bool put : {true, true, false, true}) answers.ask(put);
    RespDialect dialect("val", 2);
    REQUIRE(dialect.hear("+OK\r\n", answers));
    CHECK(answers.defects.empty());
    REQUIRE(dialect.hear(":2\r\n+OK\r\n:1\r\n$3\r\nval\r\n-MOVED\r\n:0\r\n", answers));
    CHECK(answers.defects == std::vector<std::string>{"", "too few replicas have it", "", "MOVED"});
    CHECK_FALSE(dialect.hear("+OK\r\n", answers));  // to what was not asked
}
