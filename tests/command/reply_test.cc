#include "command/reply.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace grapevine::command;

namespace {

std::string in(Protocol protocol, void (*write)(Reply&)) {
    Reply reply(protocol);
    write(reply);
    return reply.take();
}

struct Both {
    void (*write)(Reply&);
    std::string_view resp3;
    std::string_view resp2;
};

const std::vector<Both> both = {
    {[](Reply& r) { r.ok(); }, "+OK\r\n", "+OK\r\n"},
    {[](Reply& r) { r.error("ERR a\r\nb"); }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
    {[](Reply& r) { r.integer(-5); }, ":-5\r\n", ":-5\r\n"},
    {[](Reply& r) { r.bulk(std::string_view("a\0\r\n", 4)); },
     std::string_view("$4\r\na\0\r\n\r\n", 10), std::string_view("$4\r\na\0\r\n\r\n", 10)},
    {[](Reply& r) { r.null(); }, "_\r\n", "$-1\r\n"},
    {[](Reply& r) { r.boolean(true); }, "#t\r\n", ":1\r\n"},
    {[](Reply& r) { r.boolean(false); }, "#f\r\n", ":0\r\n"},
    {[](Reply& r) { r.verbatim("abc"); }, "=7\r\ntxt:abc\r\n", "$3\r\nabc\r\n"},
    {[](Reply& r) { r.array(0); }, "*0\r\n", "*0\r\n"},
    {[](Reply& r) {
         r.map(1);
         r.bulk("k");
         r.set(2);
         r.null();
         r.integer(1);
     },
     "%1\r\n$1\r\nk\r\n~2\r\n_\r\n:1\r\n", "*2\r\n$1\r\nk\r\n*2\r\n$-1\r\n:1\r\n"},
};

bool is_reply(std::string_view bytes) {
    std::string resp2;
    const bool converts = append_resp2(resp2, bytes);
    CHECK(converts == (reply_size(bytes) == bytes.size()));
    return converts;
}

}  // namespace

TEST_CASE("both protocols are written, and one is made into the other") {
    for (const Both& reply : both) {
        CHECK(in(Protocol::resp3, reply.write) == reply.resp3);
        CHECK(in(Protocol::resp2, reply.write) == reply.resp2);
        std::string made;
        CHECK(append_resp2(made, reply.resp3));
        CHECK(made == reply.resp2);
        // What is RESP2 already stays so.
        made.clear();
        CHECK(append_resp2(made, reply.resp2));
        CHECK(made == reply.resp2);
    }
    CHECK(in(Protocol::resp3, [](Reply& r) { r.null_array(); }) == "_\r\n");
    CHECK(in(Protocol::resp2, [](Reply& r) { r.null_array(); }) == "*-1\r\n");
}

TEST_CASE("types that are not written here are made into RESP2 too") {
    const auto made = [](std::string_view resp3) {
        std::string resp2;
        REQUIRE(append_resp2(resp2, resp3));
        return resp2;
    };
    CHECK(made(",1.5\r\n") == "$3\r\n1.5\r\n");
    CHECK(made("(123\r\n") == "$3\r\n123\r\n");
    CHECK(made("!5\r\nERR x\r\n") == "-ERR x\r\n");
    CHECK(made(">1\r\n:1\r\n") == "*1\r\n:1\r\n");
    CHECK(made("*-1\r\n") == "*-1\r\n");
    CHECK(made("+a\r\n_\r\n") == "+a\r\n$-1\r\n");
}

TEST_CASE("replies are taken one by one") {
    std::string_view bytes = "+OK\r\n*2\r\n:1\r\n%1\r\n$1\r\nk\r\n_\r\n:7\r\n$3\r\nab";
    CHECK(take_reply(bytes) == "+OK\r\n");
    const auto nested = take_reply(bytes);
    REQUIRE(nested == "*2\r\n:1\r\n%1\r\n$1\r\nk\r\n_\r\n");
    CHECK(integer_of(*take_reply(bytes)) == 7);
    CHECK_FALSE(take_reply(bytes));  // not complete
    CHECK(bytes == "$3\r\nab");

    std::string_view elements = *nested;
    CHECK(take_aggregate(elements) == 2);
    CHECK(integer_of(*take_reply(elements)) == 1);
    CHECK(take_aggregate(elements) == 2);
    CHECK(bulk_of(*take_reply(elements)) == "k");
    CHECK_FALSE(take_aggregate(elements));
    CHECK_FALSE(bulk_of(*take_reply(elements)));
    CHECK(elements.empty());
}

TEST_CASE("bytes that are no reply are refused") {
    CHECK(is_reply(":1\r\n"));
    for (const std::string_view bytes :
         {"x", "1\r\n", "\r\n", ":1", ":1\r", ":1\n", "$2\r\na\r\n", "$-2\r\n", "$x\r\n",
          "$1\r\nab\r\n", "*1\r\n", "*-2\r\n", "*x\r\n", "%1\r\n:1\r\n", "*9999999999999999999\r\n",
          "*4611686018427387904\r\n:1\r\n", "%4611686018427387904\r\n:1\r\n",
          "$9223372036854775807\r\n\r\n", "*1\r\n:1\r\nx"}) {
        INFO(bytes);
        CHECK_FALSE(is_reply(bytes));
    }
    std::string deep;
    for (int i = 0; i < reply_depth_max; ++i) deep += "*1\r\n";
    CHECK(is_reply(deep + ":1\r\n"));
    CHECK_FALSE(is_reply("*1\r\n" + deep + ":1\r\n"));
}
