#include "command/table.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "command/describe.h"
#include "command/docs.h"

using namespace grapevine;
using namespace grapevine::command;

namespace {

void check_row(const CommandInfo& info) {
    INFO(info.name);
    CHECK(std::ranges::none_of(info.name, [](char c) { return c >= 'A' && c <= 'Z'; }));
    CHECK(info.arity != 0);
    CHECK_FALSE(info.since.empty());
    CHECK_FALSE(info.complexity.empty());
    CHECK(info.summary.ends_with('.'));
    CHECK_FALSE((info.has(flag::write) && info.has(flag::readonly)));
    // Where it is executed: by a primary, and then it reads or writes; or by the node.
    const bool stores = info.has(flag::write) || info.has(flag::readonly);
    if (info.runs_on_primary()) CHECK((stores || info.name.starts_with("cluster|")));
    CHECK(find_command(info.name) == &info);
}

std::vector<std::string_view> keys_of(const std::vector<std::string_view>& args) {
    std::vector<std::string_view> keys;
    const CommandInfo* info = find_command(Arguments(args));
    REQUIRE(info != nullptr);
    REQUIRE(arity_allows(*info, args.size()));
    const bool good = for_each_key(*info, args, [&](std::size_t at) { keys.push_back(args[at]); });
    if (!good) return {"none"};
    return keys;
}

std::string refusal_of(const std::vector<std::string_view>& args) {
    const auto info = check_command(args);
    return info ? "" : info.error();
}

using Words = std::vector<std::string_view>;

}  // namespace

TEST_CASE("the rows of the table are complete") {
    CHECK(all_commands().size() > 80);
    for (const CommandInfo* info : all_commands()) {
        check_row(*info);
        for (const CommandInfo& subcommand : info->subcommands) {
            CHECK(subcommand.name.starts_with(std::string(info->name) + "|"));
            check_row(subcommand);
        }
    }
    CHECK(std::ranges::is_sorted(all_commands(), {}, &CommandInfo::name));
}

TEST_CASE("commands are found in any case") {
    CHECK(find_command("GeT")->name == "get");
    CHECK(find_command("OBJECT|Encoding")->name == "object|encoding");
    CHECK(find_command(Arguments(Words{"Object", "ENCODING", "k"}))->name == "object|encoding");
    CHECK(find_command(Arguments(Words{"OBJECT"}))->name == "object");
    CHECK(find_command(Arguments(Words{"OBJECT", "none"})) == nullptr);
    CHECK(find_command(Arguments(Words{"GET", "none"}))->name == "get");
    CHECK(find_command("none") == nullptr);
    CHECK(find_command("") == nullptr);
    CHECK(find_command("get|none") == nullptr);
    CHECK(find_command(Arguments()) == nullptr);
}

TEST_CASE("keys are found in arguments") {
    CHECK(keys_of({"GET", "k"}) == Words{"k"});
    CHECK(keys_of({"MGET", "a", "b"}) == Words{"a", "b"});
    CHECK(keys_of({"MSET", "a", "1", "b", "2"}) == Words{"a", "b"});
    CHECK(keys_of({"MSET", "a", "1", "b"}) == Words{"a", "b"});
    CHECK(keys_of({"BITOP", "AND", "d", "a", "b"}) == Words{"d", "a", "b"});
    CHECK(keys_of({"COPY", "a", "b", "REPLACE"}) == Words{"a", "b"});
    CHECK(keys_of({"MEMORY", "USAGE", "k"}) == Words{"k"});
    CHECK(keys_of({"MSETEX", "2", "a", "1", "b", "2", "NX"}) == Words{"a", "b"});
    CHECK(keys_of({"MSETEX", "1", "a", "1", "b", "2"}) == Words{"a"});
    CHECK(keys_of({"MSETEX", "9", "a", "1"}) == Words{"none"});
    CHECK(keys_of({"MSETEX", "0", "a", "1"}) == Words{"none"});
    CHECK(keys_of({"MSETEX", "x", "a", "1"}) == Words{"none"});
    CHECK(keys_of({"MSETEX", "9223372036854775807", "a", "1"}) == Words{"none"});
    CHECK(keys_of({"DBSIZE"}).empty());
    CHECK(keys_of({"PING"}).empty());
}

TEST_CASE("where commands run is in the table") {
    CHECK(find_command("get")->runs_on_primary());
    CHECK_FALSE(find_command("get")->runs_on_every_partition());
    for (const std::string_view name :
         {"keys", "scan", "dbsize", "flushall", "flushdb", "randomkey", "cluster|countkeysinslot",
          "cluster|getkeysinslot"}) {
        INFO(name);
        CHECK(find_command(name)->runs_on_every_partition());
    }
    for (const std::string_view name : {"ping", "watch", "info", "object", "object|help", "wait"}) {
        INFO(name);
        CHECK_FALSE(find_command(name)->runs_on_primary());
    }
}

TEST_CASE("calls that cannot be are refused in words") {
    CHECK(refusal_of({"GET", "k"}).empty());
    CHECK(refusal_of({"GET"}) == "ERR wrong number of arguments for 'get' command");
    CHECK(refusal_of({"OBJECT", "ENCODING"}) ==
          "ERR wrong number of arguments for 'object|encoding' command");
    CHECK(refusal_of({"object", "nO"}) == "ERR unknown subcommand 'nO'. Try OBJECT HELP.");
    CHECK(refusal_of({"no", "a", "b"}) ==
          "ERR unknown command 'no', with args beginning with: 'a' 'b' ");
}

TEST_CASE("help lists every subcommand") {
    Reply reply(Protocol::resp3);
    describe_help(*find_command("object"), reply);
    std::string_view rest = reply.bytes();
    CHECK(take_aggregate(rest) == 11);
    CHECK(take_reply(rest) ==
          "+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n");
    CHECK(take_reply(rest) == "+ENCODING\r\n");
}

TEST_CASE("docs tell a command once, however often it is named") {
    CHECK(docs_of({"GET", "SET", "get", "none", "GET"}) == docs_of({"get", "set"}));
    CHECK(docs_of({"SET", "GET"}) != docs_of({"GET", "SET"}));
    CHECK(docs_of(Words(65'000, "bitfield")) == docs_of({"bitfield"}));
}
