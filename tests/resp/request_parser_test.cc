#include "resp/request_parser.h"

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace grapevine::resp {
namespace {

using Got = RequestParser::Got;

std::string show(const RequestParser& parser, Got got) {
    if (got == Got::error) return "error " + parser.error();
    if (got == Got::too_large) return "too large";
    if (got == Got::too_much) return "too much";
    std::string text;
    for (const std::string_view arg : parser.args()) text += "(" + std::string(arg) + ")";
    return text;
}

// What comes out of bytes that are fed in pieces of one size.
std::vector<std::string> cut(std::string_view bytes, std::size_t piece, ParserLimits limits = {}) {
    RequestParser parser(limits);
    std::vector<std::string> out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        parser.feed(bytes.substr(at, piece));
        for (;;) {
            const Got got = parser.next();
            if (got == Got::nothing) break;
            out.push_back(show(parser, got));
            if (got == Got::error) return out;
        }
    }
    return out;
}

using Out = std::vector<std::string>;

}  // namespace

TEST_CASE("commands come out whole, however their bytes are cut", "[resp]") {
    struct Row {
        std::string bytes;
        Out out;
    };
    const std::vector<Row> rows{
        {"*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n", {"(GET)(foo)"}},
        {"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n", {"(PING)", "(PING)"}},
        {"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", {"(GET)()"}},
        {"*1\r\n$6\r\na\r\nb\r\n\r\n", {"(a\r\nb\r\n)"}},
        {"PING\r\n", {"(PING)"}},
        {"PING\n", {"(PING)"}},
        {"  set  a\tb \r\n", {"(set)(a)(b)"}},
        {"\r\n\r\nPING\r\n", {"(PING)"}},
        {"*0\r\n*-1\r\nPING\r\n", {"(PING)"}},
        {"set a \"x y\\x41\\n\" 'it\\'s'\r\n", {"(set)(a)(x yA\n)(it's)"}},
        {"set a \"\"\r\n", {"(set)(a)()"}},
        {"PING\r\n*1\r\n$4\r\nPING\r\nECHO hi\r\n", {"(PING)", "(PING)", "(ECHO)(hi)"}},
    };
    for (const Row& row : rows) {
        INFO(row.bytes);
        for (const std::size_t piece : {row.bytes.size(), std::size_t{1}, std::size_t{3}}) {
            CHECK(cut(row.bytes, piece) == row.out);
        }
    }
}

TEST_CASE("bytes that make no sense are refused in Redis's words", "[resp]") {
    struct Row {
        std::string bytes;
        std::string error;
    };
    const std::string long_text(70'000, 'x');
    const std::vector<Row> rows{
        {"*x\r\n", "invalid multibulk length"},
        {"*2147483648\r\n", "invalid multibulk length"},
        {"*01\r\n", "invalid multibulk length"},
        {"*1\r\n:5\r\n", "expected '$', got ':'"},
        {"*1\r\nfoo\r\n", "expected '$', got 'f'"},
        {"*1\r\n$-1\r\n", "invalid bulk length"},
        {"*1\r\n$x\r\n", "invalid bulk length"},
        {"*1\r\n$536870913\r\n", "invalid bulk length"},
        {"set a \"b\r\n", "unbalanced quotes in request"},
        {"set a 'b\r\n", "unbalanced quotes in request"},
        {"set a \"b\"c\r\n", "unbalanced quotes in request"},
        {long_text, "too big inline request"},
        {"*" + long_text, "too big mbulk count string"},
        {"*1\r\n$" + long_text, "too big bulk count string"},
    };
    for (const Row& row : rows) {
        INFO(row.bytes.substr(0, 40));
        for (const std::size_t piece : {row.bytes.size(), std::size_t{1000}, std::size_t{7}}) {
            CHECK(cut(row.bytes, piece) == Out{"error Protocol error: " + row.error});
        }
    }
}

TEST_CASE("what is larger than a value may be is read past", "[resp]") {
    const ParserLimits limits{.part_max = 10, .command_max = 100, .parts_max = 20};
    const std::string large(11, 'x');
    const std::string bytes = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$11\r\n" + large + "\r\nPING\r\n";
    for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{5}}) {
        CHECK(cut(bytes, piece, limits) == Out{"too large", "(PING)"});
    }
    const auto parts = [](std::size_t number, std::size_t size) {
        const std::string part = fmt::format("${}\r\n{}\r\n", size, std::string(size, 'a'));
        std::string all = fmt::format("*{}\r\n", number);
        for (std::size_t i = 0; i < number; ++i) all += part;
        return all;
    };
    CHECK(cut(parts(21, 1) + "PING\r\n", 4, limits) == Out{"too much", "(PING)"});
    CHECK(cut(parts(20, 1) + "PING\r\n", 4, limits).size() == 2);
    CHECK(cut(parts(9, 10) + "PING\r\n", 4, limits) == Out{"too much", "(PING)"});
    CHECK(cut(parts(9, 11) + "PING\r\n", 4, limits) == Out{"too large", "(PING)"});
    // As many arguments as are promised, and one more.
    CHECK(cut(parts(65'537, 30), 100'000).front().starts_with("(a"));
    CHECK(cut(parts(65'538, 30), 100'000) == Out{"too much"});
}

TEST_CASE("memory grows with what has come, not with what is announced", "[resp]") {
    RequestParser parser;
    parser.feed("*1000000000\r\n$500000000\r\n");
    CHECK(parser.next() == Got::nothing);
    CHECK(parser.memory_bytes() < 1000);
    // A value that is too large is not kept.
    const std::string block(64UZ * 1024, 'x');
    for (int i = 0; i < 1000; ++i) {
        parser.feed(block);
        REQUIRE(parser.next() == Got::nothing);
    }
    CHECK(parser.memory_bytes() < 4 * block.size());
}

TEST_CASE("keys of the commands that come next are seen", "[resp]") {
    RequestParser parser;
    std::array<std::string_view, 3> keys;
    const auto seen = [&] {
        const std::size_t count = parser.look_ahead(keys);
        return std::vector<std::string>(keys.begin(), keys.begin() + count);
    };
    const std::string get_b = "*2\r\n$3\r\nGET\r\n$2\r\nbb\r\n";
    parser.feed("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\r\n$9\r\n" + get_b);
    CHECK(seen() == Out{"a", "bb"});
    CHECK(parser.next() == Got::command);
    CHECK(show(parser, Got::command) == "(SET)(a)(\r\n$9)");
    CHECK(seen() == Out{"bb"});
    // No more than there is room for, and none that is not whole.
    parser.feed(get_b + get_b + get_b.substr(0, get_b.size() - 1));
    CHECK(seen() == Out{"bb", "bb", "bb"});
    for (int i = 0; i < 3; ++i) CHECK(parser.next() == Got::command);
    CHECK(seen().empty());
    // Nor within a command.
    CHECK(parser.next() == Got::nothing);
    parser.feed("\n" + get_b);
    CHECK(seen().empty());
    CHECK(parser.next() == Got::command);
    CHECK(seen() == Out{"bb"});
    CHECK(parser.next() == Got::command);
    for (const std::string odd :
         {"PING\r\n", "*1\r\n$4\r\nPING\r\n", "*2\r\n$18446744073709551615\r\nx\r\n$1\r\na\r\n",
          "*2\r\n$3\r\nGET\r\n$18446744073709551614\r\na\r\n", "*99999999999999999999\r\n",
          "*2\r\n$-1\r\n", "*2", "*2\r\n$3"}) {
        RequestParser another;
        another.feed(odd);
        INFO(odd);
        CHECK(another.look_ahead(keys) == 0);
    }
}

}  // namespace grapevine::resp
