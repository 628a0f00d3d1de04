#include "bench/http.h"

#include <catch2/catch.hpp>
#include <string>

#include "bench/answers.h"
#include "bench/etcd_dialect.h"
#include "bench/etcd_target.h"

using namespace grapevine;
using namespace grapevine::bench;

namespace {

const std::string counted =
    "HTTP/1.1 200 OK\r\nDate: now\r\ncontent-length: 5\r\nX: y\r\n\r\nabcde";
const std::string chunked =
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n"
    "\r\n";

std::string error_of(const std::string& bytes) {
    std::string pieces;
    const auto reply = parse_http(bytes, pieces);
    return reply ? "" : reply.error().message;
}

std::string reply_with(const std::string& body, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

std::string base64(std::string_view bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

}  // namespace

TEST_CASE("a reply of HTTP with a length", "[http]") {
    std::string pieces;
    const std::string bytes = counted + "more";
    const auto reply = parse_http(bytes, pieces);
    REQUIRE(reply);
    REQUIRE(*reply);
    CHECK((*reply)->status == 200);
    CHECK((*reply)->body == "abcde");
    CHECK((*reply)->size == counted.size());
}

TEST_CASE("a reply of HTTP in chunks", "[http]") {
    std::string pieces = "of another";
    const std::string bytes = chunked + "more";
    const auto reply = parse_http(bytes, pieces);
    REQUIRE(reply);
    REQUIRE(*reply);
    CHECK((*reply)->status == 404);
    CHECK((*reply)->body == "abc0123456789");
    CHECK((*reply)->size == chunked.size());
}

TEST_CASE("a reply of HTTP that is not whole is waited for", "[http]") {
    for (const std::string& whole : {counted, chunked}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            INFO("cut at " << size);
            std::string pieces;
            const auto reply = parse_http(whole.substr(0, size), pieces);
            REQUIRE(reply);
            CHECK_FALSE(*reply);
        }
    }
}

TEST_CASE("what is no reply of HTTP is refused", "[http]") {
    CHECK(error_of("+OK\r\n\r\n") == "no reply of HTTP/1.1");
    CHECK(error_of("HTTP/1.1 x\r\n\r\n") == "no reply of HTTP/1.1");
    CHECK(error_of("HTTP/1.1 200 OK\r\n\r\n") == "a reply of HTTP without a length");
    CHECK(error_of("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n") ==
          "a reply of HTTP without a length");
    CHECK(error_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n") ==
          "a chunk of no size");
    CHECK(error_of(std::string(70'000, 'x')) == "a head that does not end");
}

TEST_CASE("base64", "[http]") {
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("what etcd is asked", "[http]") {
    EtcdDialect dialect("foo");
    std::string out;
    dialect.say(out, {.sequence = 1, .put = true, .key = "foobar"});
    CHECK(out ==
          "POST /v3/kv/put HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33\r\n\r\n"
          R"({"key":"Zm9vYmFy","value":"Zm9v"})");
    out.clear();
    EtcdDialect("foo").say(out, {.sequence = 1, .put = false, .key = "foobar"});
    CHECK(out.starts_with("POST /v3/kv/range HTTP/1.1\r\n"));
    CHECK(out.ends_with(R"({"key":"Zm9vYmFy"})"));
}

TEST_CASE("what etcd answers, cut anywhere", "[http]") {
    const std::string found = reply_with(R"({"header":{},"kvs":[{"key":"aw==","value":"Zm9v"}]})");
    const std::string other = reply_with(R"({"header":{},"kvs":[{"key":"aw==","value":"Zg=="}]})");
    const std::string none = reply_with(R"({"header":{}})");
    const std::string refused =
        reply_with(R"({"error":"etcdserver: no leader"})", "503 Service Unavailable");
    for (std::size_t cut = 0; cut < none.size(); ++cut) {
        EtcdDialect dialect("foo");
        Answers answers;
        for (const std::string& reply : {found, other, none, refused}) {
            answers.ask(false);
            REQUIRE(dialect.hear(reply.substr(0, cut), answers));
            REQUIRE(dialect.hear(reply.substr(cut), answers));
        }
        answers.ask(true);
        REQUIRE(dialect.hear(none, answers));
        CHECK(answers.defects == std::vector<std::string>{"", "another value",
                                                          "a key was not found",
                                                          "an answer other than 200 OK", ""});
        CHECK_FALSE(dialect.hear(none, answers));  // to what was not asked
    }
}

TEST_CASE("the version of etcd is told by its answer", "[http]") {
    CHECK(etcd_version_in(R"({"etcdserver":"3.4.23","etcdcluster":"3.4.0"})") == "3.4.23");
    CHECK(etcd_version_in("404 page not found") == "of an unknown version");
}
