#include "command/syntax.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "command/describe.h"
#include "command/docs.h"

using namespace grapevine;
using namespace grapevine::command;

namespace {

// For a line of one item.
Parameter read_one(std::string_view line) {
    INFO(line);
    auto all = parse_syntax(line);
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    return std::move(all->front());
}

std::string reply_of(std::string_view line) {
    Reply reply(Protocol::resp3);
    reply_parameters(reply, parse_syntax(line).value());
    return reply.take();
}

// How many arguments they take at least.
int least_of(const std::vector<Parameter>& parameters);

int least_of(const Parameter& parameter) {
    if (parameter.type == "pure-token") return 1;
    int least = parameter.token.empty() ? 0 : 1;
    if (parameter.type == "block") return least + least_of(parameter.parts);
    if (parameter.type != "oneof") return least + 1;
    const auto smaller = [](const Parameter& a, const Parameter& b) {
        return least_of(a) < least_of(b);
    };
    return least + least_of(*std::ranges::min_element(parameter.parts, smaller));
}

int least_of(const std::vector<Parameter>& parameters) {
    int least = 0;
    for (const Parameter& parameter : parameters) {
        if (!parameter.optional) least += least_of(parameter);
    }
    return least;
}

void add_specs(std::set<int>& specs, const std::vector<Parameter>& parameters) {
    for (const Parameter& parameter : parameters) {
        if (parameter.key_spec >= 0) specs.insert(parameter.key_spec);
        add_specs(specs, parameter.parts);
    }
}

// What the row says elsewhere.
void check_syntax(const CommandInfo& info) {
    INFO(info.name << ": " << info.syntax);
    std::vector<Parameter> all;
    if (!info.syntax.empty()) {
        const auto read = parse_syntax(info.syntax);
        REQUIRE(read);
        all = *read;
    }
    std::set<int> wanted;
    if (info.keys.first != 0) wanted.insert(0);
    if (info.more_keys.first != 0) wanted.insert(1);
    std::set<int> found;
    add_specs(found, all);
    CHECK(found == wanted);
    // Whatever it is called with, it refuses.
    if (info.name == "client|maint_notifications") return;
    if (!info.subcommands.empty()) {
        CHECK(all.empty());
        return;
    }
    const int words = info.name.contains('|') ? 2 : 1;
    CHECK(words + least_of(all) == std::abs(info.arity));
}

}  // namespace

TEST_CASE("a syntax is read item by item") {
    CHECK(read_one("value").type == "string");
    CHECK(read_one("offset:integer").name == "offset");
    CHECK(read_one("offset:integer").type == "integer");
    CHECK(read_one("ip:port:string").name == "ip:port");
    CHECK(read_one("key#1").type == "key");
    CHECK(read_one("key#1").key_spec == 1);
    CHECK(read_one("value").key_spec == -1);
    CHECK(read_one("LIB-NAME").name == "lib-name");
    CHECK(read_one("LIB-NAME").type == "pure-token");
    CHECK(read_one("LIB-NAME name").token == "LIB-NAME");
    CHECK(read_one("LIB-NAME name").name == "name");
    CHECK(read_one("[key#0...]").multiple);
    CHECK(read_one("[key#0...]").optional);
    CHECK_FALSE(read_one("key#0...").optional);
    CHECK_FALSE(read_one("key#0...").multiple_token);
    CHECK(read_one("GET... name").multiple);
    CHECK(read_one("GET... name").multiple_token);
    CHECK(read_one("[EX seconds:integer@2.6.12]").since == "2.6.12");
    CHECK(read_one("key#0...@-2.6.12").deprecated_since == "2.6.12");
    CHECK(read_one("key#0...@-2.6.12").since.empty());
    CHECK(parse_syntax("[LEN] [IDX] ON OFF [NX] key#0")->size() == 6);
}

TEST_CASE("a syntax has parts in parts") {
    const Parameter any = read_one("[GET how=(ON|x=(a b:double)...|[OFF@7.0.0])@6.2.0]");
    CHECK(any.type == "oneof");
    CHECK(any.token == "GET");
    CHECK(any.since == "6.2.0");
    REQUIRE(any.parts.size() == 3);
    CHECK(any.parts[0].type == "pure-token");
    CHECK(any.parts[1].type == "block");
    CHECK(any.parts[1].multiple);
    CHECK(any.parts[1].parts.at(1).type == "double");
    CHECK(any.parts[2].optional);
    CHECK(read_one("id=(client-id:integer...)").type == "block");
}

TEST_CASE("what is no syntax is not read") {
    for (const std::string_view line :
         {"",     " ",      "a ",    " a",   "a  b",   "a|b",       "[a",        "a]",
          "[]",   "a=",     "a=()",  "a=(b", "a=(b|)", "a=(b|c d)", "a=(b c|d)", "a:nothing",
          "a:",   "a#",     "a#b",   "a@",   "a@-",    "...",       "a..",       "GET..",
          "GET ", "[a]...", "[a]@7", "a=b",  "a)"}) {
        INFO(line);
        CHECK_FALSE(parse_syntax(line));
    }
}

TEST_CASE("a syntax is told as maps") {
    CHECK(reply_of("key#0 [EX seconds:integer@7.0.0]") ==
          "*2\r\n"
          "%3\r\n$4\r\nname\r\n$3\r\nkey\r\n$4\r\ntype\r\n$3\r\nkey\r\n"
          "$14\r\nkey_spec_index\r\n:0\r\n"
          "%5\r\n$4\r\nname\r\n$7\r\nseconds\r\n$4\r\ntype\r\n$7\r\ninteger\r\n"
          "$5\r\ntoken\r\n$2\r\nEX\r\n$5\r\nsince\r\n$5\r\n7.0.0\r\n"
          "$5\r\nflags\r\n~1\r\n+optional\r\n");
    CHECK(reply_of("a=(ON)") ==
          "*1\r\n"
          "%3\r\n$4\r\nname\r\n$1\r\na\r\n$4\r\ntype\r\n$5\r\nblock\r\n$9\r\narguments\r\n"
          "*1\r\n"
          "%3\r\n$4\r\nname\r\n$2\r\non\r\n$4\r\ntype\r\n$10\r\npure-token\r\n"
          "$5\r\ntoken\r\n$2\r\nON\r\n");
}

TEST_CASE("the syntax of every command has its keys and takes as many arguments as it says") {
    for (const CommandInfo* info : all_commands()) {
        check_syntax(*info);
        for (const CommandInfo& subcommand : info->subcommands) check_syntax(subcommand);
    }
}

TEST_CASE("the syntax of a command is in its docs") {
    const std::string docs = docs_of({"GET"});
    CHECK(docs.contains("$9\r\narguments\r\n" + reply_of("key#0")));
    CHECK_FALSE(docs_of({"DBSIZE"}).contains("arguments\r\n"));
    CHECK(docs_of({"OBJECT"}).contains("$9\r\narguments\r\n" + reply_of("key#0")));
}
