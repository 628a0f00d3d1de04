#include <catch2/catch.hpp>
#include <set>

#include "base/hash.h"
#include "command/execute.h"
#include "command/memory_keys.h"
#include "command/reply.h"
#include "command/words.h"

using namespace grapevine;
using namespace grapevine::command;

namespace {

std::string ask(MemoryKeys& keys, const std::vector<std::string_view>& args) {
    Program program;
    program.commands = {{args}};
    return execute(program, keys);
}

std::vector<std::string> bulks_of(std::string_view reply) {
    const auto count = take_aggregate(reply);
    REQUIRE(count);
    std::vector<std::string> bulks;
    while (const auto part = take_reply(reply)) bulks.emplace_back(bulk_of(*part).value());
    REQUIRE(bulks.size() == *count);
    return bulks;
}

MemoryKeys filled(int keys) {
    MemoryKeys filled;
    for (int i = 0; i < keys; ++i) filled.put("key:" + std::to_string(i), "v", 0);
    return filled;
}

}  // namespace

TEST_CASE("a scan meets every key") {
    const int count = GENERATE(0, 1, 9, 10, 11, 3000);
    const std::string at_once = GENERATE("1", "10", "2000");
    MemoryKeys keys = filled(count);
    std::multiset<std::string> met;
    std::string cursor = "0";
    do {
        std::string reply = ask(keys, {"SCAN", cursor, "COUNT", at_once, "MATCH", "key:*"});
        std::string_view rest = reply;
        REQUIRE(take_aggregate(rest) == 2);
        cursor = bulk_of(*take_reply(rest)).value();
        for (std::string& key : bulks_of(rest)) met.insert(std::move(key));
    } while (cursor != "0");
    CHECK(met.size() == static_cast<std::size_t>(count));
    CHECK(std::set(met.begin(), met.end()).size() == static_cast<std::size_t>(count));
}

TEST_CASE("cursors are read as strtoul() reads numbers") {
    constexpr std::uint64_t largest = ~std::uint64_t{0};
    CHECK(to_cursor("0") == 0);
    CHECK(to_cursor("") == 0);
    CHECK(to_cursor("+00") == 0);
    CHECK(to_cursor("18446744073709551615") == largest);
    CHECK(to_cursor("-1") == largest);
    CHECK(to_cursor("-18446744073709551615") == 1);
    for (const char* text : {"x", "1 ", " 1", "18446744073709551616", "0x1", "-", "+", "--1"}) {
        CHECK_FALSE(to_cursor(text));
    }
}

TEST_CASE("all keys are listed, counted and deleted") {
    MemoryKeys keys = filled(3000);
    CHECK(bulks_of(ask(keys, {"KEYS", "*"})).size() == 3000);
    CHECK(bulks_of(ask(keys, {"KEYS", "key:1???"})).size() == 1000);
    CHECK(ask(keys, {"DBSIZE"}) == ":3000\r\n");
    CHECK(ask(keys, {"FLUSHALL"}) == "+OK\r\n");
    CHECK(ask(keys, {"DBSIZE"}) == ":0\r\n");
}

// As the front asks for it.
TEST_CASE("all keys are deleted, some at a time") {
    const std::string at_once = GENERATE("1", "7", "2000", "10001");
    MemoryKeys keys = filled(300);
    keys.put(std::string(60'000, 'k'), "v", keys.now_ms() + 10);
    std::string order = "0";
    std::string cursor = "0";
    std::size_t calls = 0;
    for (;; ++calls) {
        const std::size_t before = keys.count();
        const std::string reply = ask(keys, {"FLUSHALL", "FROM", order, cursor, "COUNT", at_once});
        if (reply == "+OK\r\n") break;
        REQUIRE(keys.count() < before);
        const auto place = bulks_of(reply);
        REQUIRE(place.size() == 2);
        order = place[0];
        cursor = place[1];
        // Of another order: from the beginning.
        if (calls == 3) order = "99";
        REQUIRE(calls < 1000);
    }
    CHECK(keys.count() == 0);
    CHECK(calls == (at_once == "1" ? 300 : at_once == "7" ? 42 : 0));
    for (const std::string_view count : {"0", "x", "-1"}) {
        CHECK(ask(keys, {"FLUSHALL", "FROM", "0", "0", "COUNT", count}).starts_with("-ERR"));
    }
    CHECK(ask(keys, {"FLUSHALL", "FROM", "0", "x", "COUNT", "1"}) == "-ERR syntax error\r\n");
    CHECK(ask(keys, {"FLUSHALL", "FROM", "0"}) == "-ERR syntax error\r\n");
}

TEST_CASE("keys of a slot are counted and listed") {
    MemoryKeys keys = filled(100);
    for (int i = 0; i < 7; ++i) keys.put("{tag}" + std::to_string(i), "v", 0);
    const std::string slot = std::to_string(slot_of_key("tag"));
    CHECK(ask(keys, {"CLUSTER", "COUNTKEYSINSLOT", slot}) == ":7\r\n");
    CHECK(bulks_of(ask(keys, {"CLUSTER", "GETKEYSINSLOT", slot, "5"})).size() == 5);
    CHECK(bulks_of(ask(keys, {"CLUSTER", "GETKEYSINSLOT", slot, "50"})).size() == 7);
    CHECK(ask(keys, {"CLUSTER", "COUNTKEYSINSLOT", "16384"}) == "-ERR Invalid slot\r\n");
    CHECK(ask(keys, {"CLUSTER", "GETKEYSINSLOT", slot, "-1"}) ==
          "-ERR Invalid slot or number of keys\r\n");
}

TEST_CASE("a key is drawn, also from behind the last one") {
    MemoryKeys keys = filled(3);
    std::set<std::string> drawn;
    for (int i = 0; i < 10; ++i) drawn.emplace(bulk_of(ask(keys, {"RANDOMKEY"})).value());
    CHECK(drawn.size() >= 2);
    MemoryKeys none;
    CHECK(ask(none, {"RANDOMKEY"}) == "_\r\n");
}
