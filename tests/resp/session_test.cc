#include "resp/session.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "command/table.h"
#include "resp/local.h"
#include "resp/world.h"

namespace grapevine::resp {
namespace {

struct Row {
    std::string line;
    std::string reply;
};

void check(World& world, Session& session, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        INFO(row.line);
        CHECK(world.say(session, row.line) == row.reply);
    }
}

// A number that INFO tells.
std::uint64_t told(const std::string& info, const std::string& field) {
    const std::size_t at = info.find(field + ":");
    REQUIRE(at != std::string::npos);
    return std::stoull(info.substr(at + field.size() + 1));
}

const std::string cross_slot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";

}  // namespace

TEST_CASE("every command of the table is answered by somebody", "[resp]") {
    std::set<std::string_view> local;
    for (const std::string_view name : local_names()) {
        INFO(name);
        CHECK(command::find_command(name) != nullptr);
        CHECK(local.insert(name).second);
    }
    const auto check_one = [&](const command::CommandInfo& info) {
        INFO(info.name);
        const bool is_parent = !info.subcommands.empty();
        CHECK((info.runs_on_primary() || is_parent || find_local(info) != nullptr));
        CHECK((!info.runs_on_primary() || find_local(info) == nullptr));
    };
    for (const command::CommandInfo* info : command::all_commands()) {
        check_one(*info);
        for (const command::CommandInfo& subcommand : info->subcommands) check_one(subcommand);
    }
}

TEST_CASE("what a node answers by itself", "[resp]") {
    World world;
    const auto session = world.connect();
    check(
        world, *session,
        {
            {"PING", "+PONG\r\n"},
            {"ping hi", "$2\r\nhi\r\n"},
            {"PING a b", "-ERR wrong number of arguments for 'ping' command\r\n"},
            {"ECHO hi", "$2\r\nhi\r\n"},
            {"ECHO", "-ERR wrong number of arguments for 'echo' command\r\n"},
            {"NOSUCH a b", "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' \r\n"},
            {"CLIENT NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n"},
            {"SELECT 0", "+OK\r\n"},
            {"SELECT 1", "-ERR DB index is out of range\r\n"},
            {"AUTH default x", "+OK\r\n"},
            {"AUTH other x", "-WRONGPASS invalid username-password pair or user is disabled.\r\n"},
            {"CLIENT GETNAME", "$-1\r\n"},
            {"CLIENT SETNAME me", "+OK\r\n"},
            {"CLIENT GETNAME", "$2\r\nme\r\n"},
            {"CLIENT SETNAME \"a b\"",
             "-ERR Client names cannot contain spaces, newlines or "
             "special characters.\r\n"},
            {"CLIENT SETINFO LIB-NAME x", "+OK\r\n"},
            {"CLIENT SETINFO FOO x", "-ERR Unrecognized option 'FOO'\r\n"},
            {"CLIENT ID", ":1\r\n"},
            {"CLIENT MAINT_NOTIFICATIONS ON",
             "-ERR maintenance notifications are not offered by this server\r\n"},
            {"ROLE", "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"},
            {"READONLY", "+OK\r\n"},
            {"READWRITE", "+OK\r\n"},
            {"ASKING", "+OK\r\n"},
            {"WAIT 1 100", ":0\r\n"},
            {"WAIT x 100", "-ERR value is not an integer or out of range\r\n"},
            {"WAIT 1 -1", "-ERR timeout is negative\r\n"},
            {"CONFIG GET save", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n"},
            {"CONFIG GET nosuch", "*0\r\n"},
            {"CONFIG GET data* append[o]*",
             "*4\r\n$10\r\nappendonly\r\n$2\r\nno\r\n$9\r\ndatabases\r\n$1\r\n1\r\n"},
            {"CONFIG SET save \"\"", "+OK\r\n"},
            {"CONFIG SET databases 1",
             "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set "
             "immutable config\r\n"},
            {"CONFIG SET databases 2",
             "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set "
             "immutable config\r\n"},
            {"CLUSTER KEYSLOT foo", ":12182\r\n"},
            {"CLUSTER KEYSLOT {foo}bar", ":12182\r\n"},
            {"FUNCTION FLUSH", "+OK\r\n"},
            {"COMMAND GETKEYS MSET a 1 b 2", "*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
            {"COMMAND GETKEYS PING x", "-ERR The command has no key arguments\r\n"},
            {"COMMAND INFO nosuch", "*1\r\n$-1\r\n"},
            {"RESET", "+RESET\r\n"},
            {"CLIENT GETNAME", "$-1\r\n"},
            {"QUIT", "+OK\r\n"},
        });
    CHECK(session->is_over());
    CHECK(world.say(*session, "PING").empty());
}

// WAIT counted members: after a death, two members of whom one was being filled, it answered 1.
TEST_CASE("WAIT answers how many backups have every key", "[resp]") {
    World world({}, 3);
    const auto session = world.connect();
    const auto check_copies = [&](std::size_t copies, std::size_t waited) {
        CHECK(told(world.say(*session, "INFO replication"), "grapevine_copies") == copies);
        for (const char* wanted : {"0", "1", "2"}) {
            CHECK(world.say(*session, std::string("WAIT ") + wanted + " 10") ==
                  ":" + std::to_string(waited) + "\r\n");
        }
        // It is refused by no number of copies.
        CHECK(world.say(*session, "CONFIG GET min-replicas-to-write").ends_with("\r\n0\r\n"));
    };
    world.front.set_ring(world.now, ring_of(3, 16, 2, 3));
    check_copies(3, 2);
    // Of one partition a copy is being filled.
    auto filled = std::make_shared<Ring>(*ring_of(3, 16, 3, 3));
    Entry& entry = filled->table[7];
    entry.fills.push_back({.id = *(entry.copies.end() - 1), .opened = Epoch{3}});
    entry.copies.pop_back();
    world.front.set_ring(world.now, filled);
    check_copies(2, 1);
    // One has no other copy.
    auto alone = std::make_shared<Ring>(*filled);
    while (alone->table[9].copies.size() > 1) alone->table[9].copies.pop_back();
    world.front.set_ring(world.now, alone);
    check_copies(1, 0);
    // And its primary is down.
    auto down = std::make_shared<Ring>(*alone);
    for (Member& member : down->members) {
        if (member.id == down->table[9].primary()) member.state = MemberState::down;
    }
    world.front.set_ring(world.now, down);
    check_copies(0, 0);
}

TEST_CASE("HELLO chooses the version of the protocol", "[resp]") {
    World world;
    const auto session = world.connect();
    CHECK(world.say(*session, "HELLO 4") == "-NOPROTO unsupported protocol version\r\n");
    CHECK(world.say(*session, "HELLO x") ==
          "-ERR Protocol version is not an integer or out of range\r\n");
    CHECK(world.say(*session, "HELLO 3 FOO") == "-ERR Syntax error in HELLO option 'FOO'\r\n");
    const std::string hello = world.say(*session, "HELLO 3 AUTH default x SETNAME me");
    CHECK(hello.starts_with("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
    CHECK(hello.find("$5\r\nproto\r\n:3\r\n") != std::string::npos);
    CHECK(hello.find("$2\r\nid\r\n:1\r\n") != std::string::npos);
    check(world, *session,
          {
              {"CLIENT GETNAME", "$2\r\nme\r\n"},
              {"GET nosuch", "_\r\n"},
              {"MGET {a}1 {a}2", "*2\r\n_\r\n_\r\n"},
              {"MGET a b c", "*3\r\n_\r\n_\r\n_\r\n"},
              {"CONFIG GET save", "%1\r\n$4\r\nsave\r\n$0\r\n\r\n"},
          });
    CHECK(world.say(*session, "HELLO 2").starts_with("*14\r\n"));
    CHECK(world.say(*session, "GET nosuch") == "$-1\r\n");
    // What every reply must be, whatever the command.
    for (const std::string line :
         {"COMMAND",        "COMMAND DOCS",  "COMMAND LIST",
          "COMMAND COUNT",  "INFO",          "INFO server clients",
          "CLIENT LIST",    "CLIENT INFO",   "CLIENT HELP",
          "CLUSTER NODES",  "CLUSTER SLOTS", "CLUSTER SHARDS",
          "CLUSTER INFO",   "CLUSTER HELP",  "CONFIG GET *",
          "MEMORY STATS",   "TIME",          "COMMAND GETKEYSANDFLAGS SET a b",
          "LATENCY LATEST", "SLOWLOG GET",   "COMMAND INFO get"}) {
        for (const std::string version : {"2", "3"}) {
            INFO(line << " in RESP" << version);
            static_cast<void>(world.say(*session, "HELLO " + version));
            const std::string reply = world.say(*session, line);
            CHECK(reply.front() != '-');
            CHECK(command::reply_size(reply) == reply.size());
            const bool has_resp3 = reply.find_first_of("%~_=", 0) == 0;
            CHECK((version == "3" || !has_resp3));
        }
    }
}

TEST_CASE("a node tells its zone, where it has one", "[resp]") {
    World world({.zone = "rack 1"});
    const auto session = world.connect();
    CHECK(world.say(*session, "HELLO 3").starts_with("%8\r\n"));
    CHECK(world.say(*session, "HELLO").ends_with("$17\r\navailability_zone\r\n$6\r\nrack 1\r\n"));
    CHECK(world.say(*session, "INFO server").contains("\r\navailability_zone:rack 1\r\n"));
    CHECK(world.say(*session, "CONFIG GET availability-zone").contains("rack 1"));
    World anywhere;
    const auto other = anywhere.connect();
    CHECK(anywhere.say(*other, "HELLO 3").starts_with("%7\r\n"));
    CHECK(anywhere.say(*other, "INFO server").contains("\r\navailability_zone:\r\n"));
}

// Of the bytes of keys alone it was tens of thousands on an empty node.
TEST_CASE("the fragmentation of memory is one where there are no keys", "[resp]") {
    World world;
    const auto session = world.connect();
    const auto ratio = [&](std::uint64_t used, std::uint64_t rss) {
        world.facts.used_memory = used;
        world.facts.rss = rss;
        const std::string info = world.say(*session, "INFO memory");
        const std::string field = "mem_fragmentation_ratio:";
        const std::size_t at = info.find(field) + field.size();
        return info.substr(at, info.find('\r', at) - at);
    };
    world.facts.rss_at_start = 20'000'000;
    CHECK(ratio(0, 20'000'000) == "1.00");
    CHECK(ratio(0, 21'000'000) == "1.05");
    CHECK(ratio(20'000'000, 60'000'000) == "1.50");
}

TEST_CASE("keys of several partitions", "[resp]") {
    World world;
    const auto session = world.connect();
    check(world, *session,
          {
              {"SET a 1", "+OK\r\n"},
              {"GET a", "$1\r\n1\r\n"},
              {"GET b", "$-1\r\n"},
              {"MSET a 1 b 2 c 3 a 4", "+OK\r\n"},
              {"MSET a 1 b", "-ERR wrong number of arguments for 'mset' command\r\n"},
              {"MGET c nosuch a b c", "*5\r\n$1\r\n3\r\n$-1\r\n$1\r\n4\r\n$1\r\n2\r\n$1\r\n3\r\n"},
              {"EXISTS a b c a nosuch", ":4\r\n"},
              {"TOUCH a b nosuch", ":2\r\n"},
              {"DBSIZE", ":3\r\n"},
              {"DEL a nosuch", ":1\r\n"},
              {"UNLINK b c", ":2\r\n"},
              {"DBSIZE", ":0\r\n"},
              {"MSETNX a 1 b 2", cross_slot},
              {"MSETNX {t}a 1 {t}b 2", ":1\r\n"},
              {"RENAME a b", cross_slot},
              {"RENAME {t}a {t}c", "+OK\r\n"},
              {"KEYS *", "*2\r\n$4\r\n{t}b\r\n$4\r\n{t}c\r\n"},
              {"RANDOMKEY", "$4\r\n{t}b\r\n"},
              {"CLUSTER COUNTKEYSINSLOT 15891", ":2\r\n"},
              {"CLUSTER COUNTKEYSINSLOT 1", ":0\r\n"},
              {"CLUSTER COUNTKEYSINSLOT 16384", "-ERR Invalid slot\r\n"},
              {"CLUSTER GETKEYSINSLOT 15891 1", "*1\r\n$4\r\n{t}b\r\n"},
              {"FLUSHALL", "+OK\r\n"},
              {"DBSIZE", ":0\r\n"},
              {"RANDOMKEY", "$-1\r\n"},
              {"GET", "-ERR wrong number of arguments for 'get' command\r\n"},
              {"SET a 1 FOO", "-ERR syntax error\r\n"},
          });
}

TEST_CASE("SCAN tells every key, however few at a time", "[resp]") {
    World world;
    const auto session = world.connect();
    std::set<std::string> all;
    for (int i = 0; i < 500; ++i) {
        const std::string key = "key" + std::to_string(i);
        all.insert(key);
        REQUIRE(world.say(*session, "SET " + key + " v") == "+OK\r\n");
    }
    const auto scan_all = [&](const std::string& options, const auto& between) {
        std::set<std::string> told;
        std::string cursor = "0";
        std::size_t calls = 0;
        do {
            REQUIRE(++calls < 10'000);
            const std::string reply = world.say(*session, "SCAN " + cursor + options);
            std::string_view rest = reply;
            REQUIRE(command::take_aggregate(rest) == 2);
            cursor = *command::bulk_of(*command::take_reply(rest));
            const auto count = command::take_aggregate(rest);
            for (std::size_t i = 0; i < *count; ++i) {
                told.emplace(*command::bulk_of(*command::take_reply(rest)));
            }
            between();
        } while (cursor != "0");
        return told;
    };
    CHECK(scan_all("", [] {}) == all);
    CHECK(scan_all(" COUNT 1", [] {}) == all);
    CHECK(scan_all(" COUNT 1000", [] {}) == all);
    CHECK(scan_all(" MATCH key1 COUNT 100", [] {}) == std::set<std::string>{"key1"});
    CHECK(scan_all(" TYPE list", [] {}).empty());
    // Primaries change, and with them the order in which keys lie.
    int changes = 20;
    CHECK(scan_all(" COUNT 7", [&] {
              if (--changes < 0) return;
              world.executor = NodeId{world.executor.value + 1};
              for (auto& [id, keys] : world.partitions) keys.seed = world.executor.value;
          }) == all);
    CHECK(world.say(*session, "SCAN x") == "-ERR invalid cursor\r\n");
    CHECK(world.say(*session, "SCAN 0 COUNT 0") == "-ERR syntax error\r\n");
    CHECK(world.say(*session, "SCAN 18446744073709551615") == "*2\r\n$1\r\n0\r\n*0\r\n");
}

TEST_CASE("transactions", "[resp]") {
    World world;
    const auto session = world.connect();
    const auto other = world.connect();
    check(world, *session,
          {
              {"EXEC", "-ERR EXEC without MULTI\r\n"},
              {"DISCARD", "-ERR DISCARD without MULTI\r\n"},
              {"MULTI", "+OK\r\n"},
              {"MULTI", "-ERR MULTI calls can not be nested\r\n"},
              {"WATCH a", "-ERR WATCH inside MULTI is not allowed\r\n"},
              {"SET a 1", "+QUEUED\r\n"},
              {"PING", "+QUEUED\r\n"},
              {"INCR a", "+QUEUED\r\n"},
              {"GET {a}x", "+QUEUED\r\n"},
              {"EXEC", "*4\r\n+OK\r\n+PONG\r\n:2\r\n$-1\r\n"},
              {"MULTI", "+OK\r\n"},
              {"SET a 7", "+QUEUED\r\n"},
              {"DISCARD", "+OK\r\n"},
              {"GET a", "$1\r\n2\r\n"},
              {"MULTI", "+OK\r\n"},
              {"NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: \r\n"},
              {"SET a 8", "+QUEUED\r\n"},
              {"EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n"},
              {"MULTI", "+OK\r\n"},
              {"SET a 8", "+QUEUED\r\n"},
              {"SET b 8", "+QUEUED\r\n"},
              {"EXEC", cross_slot},
              {"GET a", "$1\r\n2\r\n"},
              {"MULTI", "+OK\r\n"},
              {"FLUSHALL", "-ERR Command not allowed inside a transaction\r\n"},
              {"EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n"},
              {"MULTI", "+OK\r\n"},
              {"EXEC", "*0\r\n"},
              {"EXEC x", "-ERR wrong number of arguments for 'exec' command\r\n"},
              {"MULTI", "+OK\r\n"},
              {"EXEC x",
               "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' "
               "command\r\n"},
              {"DISCARD", "-ERR DISCARD without MULTI\r\n"},
              {"MULTI", "+OK\r\n"},
              {"PING", "+QUEUED\r\n"},
              {"EXEC", "*1\r\n+PONG\r\n"},
              {"MULTI", "+OK\r\n"},
              {"INCR {a}text", "+QUEUED\r\n"},
              {"SET {a}text x", "+QUEUED\r\n"},
              {"INCR {a}text", "+QUEUED\r\n"},
              {"EXEC", "*3\r\n:1\r\n+OK\r\n-ERR value is not an integer or out of range\r\n"},
          });
}

TEST_CASE("a transaction is not executed where what it watches has changed", "[resp]") {
    World world;
    const auto session = world.connect();
    const auto other = world.connect();
    const auto in_transaction = [&] {
        CHECK(world.say(*session, "MULTI") == "+OK\r\n");
        CHECK(world.say(*session, "SET {k}mine 1") == "+QUEUED\r\n");
        return world.say(*session, "EXEC");
    };
    const std::string done = "*1\r\n+OK\r\n";
    const std::string not_done = "*-1\r\n";

    CHECK(world.say(*session, "WATCH k {k}2") == "+OK\r\n");
    CHECK(in_transaction() == done);

    CHECK(world.say(*session, "WATCH k") == "+OK\r\n");
    CHECK(world.say(*other, "SET k 1") == "+OK\r\n");
    CHECK(in_transaction() == not_done);
    CHECK(in_transaction() == done);  // EXEC has ended the watch

    CHECK(world.say(*session, "WATCH k") == "+OK\r\n");
    CHECK(world.say(*other, "DEL k") == ":1\r\n");
    CHECK(world.say(*session, "WATCH k") == "+OK\r\n");  // the first one counts
    CHECK(in_transaction() == not_done);

    CHECK(world.say(*session, "WATCH k") == "+OK\r\n");
    CHECK(world.say(*other, "SET k 1") == "+OK\r\n");
    CHECK(world.say(*session, "UNWATCH") == "+OK\r\n");
    CHECK(in_transaction() == done);

    // Nothing but a watch.
    CHECK(world.say(*session, "WATCH k") == "+OK\r\n");
    CHECK(world.talk(*session, "MULTI\r\nEXEC\r\n") == "+OK\r\n*0\r\n");
    CHECK(world.say(*session, "WATCH k") == "+OK\r\n");
    CHECK(world.say(*other, "SET k 2") == "+OK\r\n");
    CHECK(world.talk(*session, "MULTI\r\nEXEC\r\n") == "+OK\r\n*-1\r\n");

    CHECK(world.say(*session, "WATCH a b") == cross_slot);
    CHECK(world.say(*session, "WATCH other") == "+OK\r\n");
    CHECK(in_transaction() == cross_slot);

    // All at once, before the versions are known.
    CHECK(world.talk(*session, "WATCH k\r\nMULTI\r\nSET k 3\r\nEXEC\r\nGET k\r\n") ==
          "+OK\r\n+OK\r\n+QUEUED\r\n" + done + "$1\r\n3\r\n");
}

// As Redis: what is before HELLO is in the protocol that was, what is behind it in the new one.
TEST_CASE("HELLO inside a transaction", "[resp]") {
    World world;
    const auto session = world.connect();
    const auto exec_of = [&](const std::string& line) {
        CHECK(world.say(*session, "MULTI") == "+OK\r\n");
        CHECK(world.say(*session, "GET a") == "+QUEUED\r\n");
        CHECK(world.say(*session, line) == "+QUEUED\r\n");
        CHECK(world.say(*session, "GET a") == "+QUEUED\r\n");
        // What follows waits for it.
        return world.talk(*session, "EXEC\r\nGET a\r\n");
    };
    std::string told = exec_of("HELLO 3");
    CHECK(told.starts_with("*3\r\n$-1\r\n%7\r\n"));
    CHECK(told.ends_with("*0\r\n_\r\n_\r\n"));
    told = exec_of("HELLO 2");
    CHECK(told.starts_with("*3\r\n_\r\n*14\r\n"));
    CHECK(told.ends_with("*0\r\n$-1\r\n$-1\r\n"));
    CHECK(exec_of("HELLO 4") ==
          "*3\r\n$-1\r\n-NOPROTO unsupported protocol version\r\n$-1\r\n$-1\r\n");
    // Nothing is done where what is watched has changed.
    const auto other = world.connect();
    CHECK(world.say(*session, "WATCH a") == "+OK\r\n");
    CHECK(world.say(*other, "SET a 1") == "+OK\r\n");
    CHECK(exec_of("HELLO 3 SETNAME me") == "*-1\r\n$1\r\n1\r\n");
    CHECK(world.say(*session, "CLIENT GETNAME") == "$-1\r\n");
    // A reply that is left out would leave the array incomplete.
    CHECK(world.say(*session, "MULTI") == "+OK\r\n");
    CHECK(world.say(*session, "CLIENT REPLY OFF") ==
          "-ERR Command not allowed inside a transaction\r\n");
    CHECK(world.say(*session, "DISCARD") == "+OK\r\n");
}

TEST_CASE("the keys of a WATCH are bounded", "[resp]") {
    World world;
    const auto session = world.connect();
    std::string watch = "WATCH";
    for (int i = 0; i < 4096; ++i) watch += " {k}" + std::to_string(i);
    CHECK(world.say(*session, watch) == "+OK\r\n");
    CHECK(world.say(*session, "WATCH {k}0") == "+OK\r\n");
    CHECK(world.say(*session, "WATCH {k}more") == "-ERR too many keys are watched\r\n");
}

// What read said another sentence than what wrote.
TEST_CASE("keys that are too long are refused in one sentence", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string longest = "{t}" + std::string(64 * 1024 - 3, 'k');
    const std::string error = "-ERR key exceeds 65536 bytes\r\n";
    const auto ask = [&](const std::string& command, const std::string& key) {
        return world.talk(*session, "*2\r\n$" + std::to_string(command.size()) + "\r\n" + command +
                                        "\r\n$" + std::to_string(key.size()) + "\r\n" + key +
                                        "\r\n");
    };
    for (const char* command : {"GET", "TTL", "DEL", "WATCH", "MGET", "INCR", "STRLEN"}) {
        INFO(command);
        CHECK_FALSE(ask(command, longest).starts_with('-'));
        CHECK(ask(command, longest + "k") == error);
    }
    CHECK(world.say(*session, "MULTI") == "+OK\r\n");
    CHECK(ask("GET", longest + "k") == error);
    CHECK(world.say(*session, "EXEC").starts_with("-EXECABORT"));
}

TEST_CASE("CLIENT REPLY", "[resp]") {
    World world;
    const auto session = world.connect();
    CHECK(world.talk(*session, "CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\n") == "$1\r\n1\r\n");
    CHECK(world.talk(*session, "CLIENT REPLY OFF\r\nSET a 2\r\nPING\r\nMGET a b\r\n").empty());
    CHECK(world.talk(*session, "CLIENT REPLY ON\r\nGET a\r\n") == "+OK\r\n$1\r\n2\r\n");
    // One reply less than none is none: SKIP turned them on again, and clients lost their place.
    CHECK(
        world.talk(*session, "CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\n").empty());
    CHECK(world.talk(*session, "CLIENT REPLY ON\r\nPING\r\n") == "+OK\r\n+PONG\r\n");
}

TEST_CASE("bytes that make no sense end the connection after what was owed", "[resp]") {
    World world;
    const auto session = world.connect();
    CHECK(world.talk(*session, "SET a 1\r\nMGET a b\r\n*1\r\n:\r\nPING\r\n") ==
          "+OK\r\n*2\r\n$1\r\n1\r\n$-1\r\n-ERR Protocol error: expected '$', got ':'\r\n");
    CHECK(session->is_over());
    // Nobody makes a browser speak to this port.
    const auto browser = world.connect();
    CHECK(world.talk(*browser, "POST / HTTP/1.1\r\nHost: x\r\n").empty());
    CHECK(browser->is_killed());
}

TEST_CASE("what would hold everybody up is refused", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string pattern(4097, 'x');
    for (const char* command : {"COMMAND LIST FILTERBY PATTERN ", "CONFIG GET a "}) {
        CHECK(world.say(*session, command + pattern) == "-ERR a pattern exceeds 4096 bytes\r\n");
        CHECK(world.say(*session, command + pattern.substr(1)).starts_with("*"));
    }
    CHECK(world.say(*session, "CLIENT SETNAME " + std::string(1025, 'n')).starts_with("-ERR"));
    CHECK(world.say(*session, "CLIENT SETNAME " + std::string(1024, 'n')) == "+OK\r\n");
    // Commands that the node answers by itself, all in one turn.
    for (const int commands : {128, 129}) {
        CHECK(world.say(*session, "MULTI") == "+OK\r\n");
        for (int i = 0; i < commands; ++i) {
            REQUIRE(world.say(*session, "PING") == "+QUEUED\r\n");
        }
        CHECK(world.say(*session, "EXEC").starts_with(commands == 128 ? "*128\r\n" : "-ERR more"));
    }
}

TEST_CASE("connections know of each other", "[resp]") {
    World world;
    const auto session = world.connect();
    const auto other = world.connect();
    CHECK(world.say(*other, "CLIENT SETNAME second") == "+OK\r\n");
    const std::string list = world.say(*session, "CLIENT LIST");
    CHECK(list.find("id=1 ") != std::string::npos);
    CHECK(list.find("name=second ") != std::string::npos);
    // What clients take apart (redis-py asks for all of Redis 7.0's).
    for (const char* field : {" qbuf-free=", " argv-mem=", " multi-mem=", " rbs=", " rbp=", " obl=",
                              " oll=", " omem=", " tot-mem=", " resp="}) {
        CHECK(list.find(field) != std::string::npos);
    }
    CHECK(world.say(*session, "CLIENT LIST ID 2").find("id=1 ") == std::string::npos);
    CHECK(world.say(*session, "CLIENT KILL ID 3") == ":0\r\n");
    CHECK(world.say(*session, "CLIENT KILL 127.0.0.1:9") == "-ERR No such client\r\n");
    CHECK_FALSE(other->is_killed());
    CHECK(world.say(*session, "CLIENT KILL ID 2") == ":1\r\n");
    CHECK(other->is_killed());
    CHECK(world.front.killed == std::vector<std::uint64_t>{2});
    CHECK(world.say(*session, "CLIENT KILL ID 1 SKIPME no") == ":1\r\n");
    CHECK(session->is_over());
}

TEST_CASE("INFO tells how much was done in the last second", "[resp]") {
    World world;
    const auto session = world.connect();
    const auto per_second = [&] {
        return told(world.say(*session, "INFO stats"), "instantaneous_ops_per_sec");
    };
    CHECK(per_second() < 10);
    for (int i = 0; i < 100; ++i) {
        CHECK(world.say(*session, "PING") == "+PONG\r\n");
        world.now += 20ms;
    }
    CHECK(per_second() > 40);
    CHECK(per_second() < 60);
    CHECK(world.say(*session, "CONFIG RESETSTAT") == "+OK\r\n");
    world.now += 10ms;
    CHECK(per_second() < 60);
    world.now += 10s;
    CHECK(per_second() < 10);
    // Who was not read for a while tells an earlier time.
    for (const int ms : {1, 250, 1000, 1250, 5000}) {
        const Time later = world.now;
        world.now -= std::chrono::milliseconds(ms);
        CHECK(per_second() < 100);
        world.now = later;
    }
}

// Lists of all connections, as many as a transaction takes, kept a node from answering heartbeats.
TEST_CASE("what a transaction makes this node say is bounded", "[resp]") {
    World world;
    const auto session = world.connect();
    std::vector<std::unique_ptr<Session>> others;
    for (int i = 0; i < 100; ++i) {
        others.push_back(world.connect());
        CHECK(world.say(*others.back(), "CLIENT SETNAME " + std::string(1000, 'n')) == "+OK\r\n");
    }
    CHECK(world.say(*session, "MULTI") == "+OK\r\n");
    for (int i = 0; i < 128; ++i) CHECK(world.say(*session, "CLIENT LIST") == "+QUEUED\r\n");
    const std::string replies = world.say(*session, "EXEC");
    CHECK(replies.starts_with("*128\r\n$"));
    CHECK(replies.ends_with("-ERR the replies of the transaction are too large\r\n"));
    CHECK(replies.size() > 4'000'000);
    CHECK(replies.size() < 5'000'000);
}

TEST_CASE("a pipeline is looked ahead in, a single command is not", "[resp]") {
    World world;
    const auto session = world.connect();
    const auto get = [](const std::string& key) {
        return "*2\r\n$3\r\nGET\r\n$1\r\n" + key + "\r\n";
    };
    for (int i = 0; i < 3; ++i) CHECK(world.talk(*session, get("a")) == "$-1\r\n");
    CHECK(world.awaited.empty());
    std::string many;
    for (int i = 0; i < 20; ++i) many += get(std::string(1, static_cast<char>('a' + i)));
    CHECK(world.talk(*session, many).size() == 20 * std::string("$-1\r\n").size());
    REQUIRE(world.awaited.size() == 2);
    CHECK(world.awaited[0].size() == 16);
    CHECK(world.awaited[0].front() == "b");
    CHECK(world.awaited[1] == std::vector<std::string>{"r", "s", "t"});
}

}  // namespace grapevine::resp
