// Clients that speak Redis's protocol to the nodes of a real cluster.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <numeric>
#include <set>
#include <thread>

#include "base/hash.h"
#include "command/reply.h"
#include "e2e/cluster.h"
#include "e2e/redis_client.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

std::string bulk(const std::string& bytes) {
    return "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
}

std::string integer(std::int64_t number) {
    return ":" + std::to_string(number) + "\r\n";
}

const std::string ok = "+OK\r\n";

std::vector<std::string> addresses(const Cluster& cluster) {
    std::vector<std::string> all;
    for (const auto& [name, row] : cluster.nodes()) all.push_back(row.address);
    return all;
}

}  // namespace

TEST_CASE("a Redis client of any node has every key", "[e2e]") {
    const Cluster cluster = Cluster::launched(5, 3);
    std::vector<RedisClient> clients;
    for (const std::string& address : addresses(cluster)) clients.emplace_back(address);
    for (int i = 0; i < 100; ++i) {
        const std::string key = "key" + std::to_string(i);
        CHECK(clients[static_cast<std::size_t>(i) % 5].ask("SET " + key + " v" + key) == ok);
    }
    for (RedisClient& client : clients) {
        for (int i = 0; i < 100; ++i) {
            const std::string key = "key" + std::to_string(i);
            REQUIRE(client.ask("GET " + key) == bulk("v" + key));
        }
        CHECK(client.ask("DBSIZE") == integer(100));
        CHECK(client.ask("EXISTS key1 key2 key3 nosuch") == integer(3));
        CHECK(client.ask("WAIT 2 0") == integer(2));
        const auto scanned = client.scan("COUNT 10");
        CHECK(std::set(scanned.begin(), scanned.end()).size() == 100);
        CHECK(scanned.size() == 100);  // nobody writes, so none comes twice
    }
    // On connections of their own: who asks is taken for one who knows clusters.
    std::set<std::size_t> sizes;
    for (const std::string& address : addresses(cluster)) {
        sizes.insert(RedisClient(address).ask("CLUSTER NODES").size());
    }
    CHECK(sizes.size() == 1);
    // The native client sees the same keys, and the other way round.
    CHECK(cluster.get("key7").value == "vkey7");
    cluster.put("key7", "written natively");
    CHECK(clients[0].ask("GET key7") == bulk("written natively"));
    // In one slot, atomically.
    CHECK(clients[1].ask("WATCH {t}a") == ok);
    CHECK(clients[1].ask("MULTI") == ok);
    CHECK(clients[1].ask("SET {t}a 1") == "+QUEUED\r\n");
    CHECK(clients[1].ask("INCRBY {t}b 5") == "+QUEUED\r\n");
    CHECK(clients[1].ask("EXEC") == "*2\r\n+OK\r\n:5\r\n");
    CHECK(clients[1].ask("WATCH {t}a") == ok);
    CHECK(clients[2].ask("SET {t}a 2") == ok);
    CHECK(clients[1].ask("MULTI") == ok);
    CHECK(clients[1].ask("SET {t}a 3") == "+QUEUED\r\n");
    CHECK(clients[1].ask("EXEC") == "*-1\r\n");
    CHECK(clients[3].ask("MGET {t}a {t}b nosuch key1") ==
          "*4\r\n" + bulk("2") + bulk("5") + "$-1\r\n" + bulk("vkey1"));
    CHECK(clients[4].ask("FLUSHALL") == ok);
    CHECK(clients[0].ask("DBSIZE") == integer(0));
}

// A primary does nothing else while it executes, so what takes long is refused or cut into pieces.
TEST_CASE("commands that take long cost nobody else the cluster", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 3);
    const auto at = addresses(cluster);
    RedisClient heavy(at[0]);
    RedisClient other(at[1]);
    std::string a;
    std::string b;
    for (int i = 0; i < 2000; ++i) {
        a += i % 2 == 0 ? 'a' : 'b';
        b += i % 3 == 0 ? 'a' : 'b';
    }
    CHECK(heavy.ask("SET {x}a " + a) == ok);
    CHECK(heavy.ask("SET {x}b " + b) == ok);
    const std::string length = heavy.ask("LCS {x}a {x}b LEN");
    CHECK(length.starts_with(':'));
    // A pipeline is done, a command at a time. As one, it would take seconds.
    std::string pipeline;
    for (int i = 0; i < 256; ++i) pipeline += "LCS {x}a {x}b LEN\r\n";
    heavy.send(pipeline);
    for (int i = 0; i < 256; ++i) REQUIRE(heavy.reply() == length);
    CHECK(heavy.ask("MULTI") == ok);
    for (int i = 0; i < 150; ++i) REQUIRE(heavy.ask("LCS {x}a {x}b LEN") == "+QUEUED\r\n");
    CHECK(heavy.ask("EXEC").starts_with("-ERR"));
    CHECK(heavy.ask("MULTI") == ok);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(heavy.ask("SETRANGE {x}s 16777200 x") == "+QUEUED\r\n");
    }
    CHECK(heavy.ask("EXEC").starts_with("-ERR"));
    CHECK(heavy.ask("EXISTS {x}s") == integer(0));
    CHECK(heavy.ask("KEYS *[" + std::string(60'000, 'a') + "]z").starts_with("-ERR a pattern"));
    std::vector<std::string> many(70'000, "key");
    many[0] = "EXISTS";
    CHECK(heavy.ask(many).starts_with("-ERR too many arguments"));
    CHECK(other.ask("SET {x}c 1") == ok);
    CHECK(other.ask("GET {x}c") == bulk("1"));
    // Nobody was missed.
    CHECK(cluster.client({"--status"}).out.find("epoch 2") != std::string::npos);
}

TEST_CASE("a coordinator tells Redis clients where to go", "[e2e]") {
    const Cluster cluster = Cluster::launched(1, 1);
    RedisClient client(cluster.address());
    CHECK(client.ask("PING").starts_with("-ERR this is Grapevine's coordinator"));
}

TEST_CASE("pipelines of a hundred thousand commands come back in order", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 2);
    RedisClient client(addresses(cluster)[0]);
    constexpr int commands = 100'000;
    std::string bytes;
    std::string expected;
    for (int i = 0; i < commands; ++i) {
        const std::string number = std::to_string(i % 100);
        bytes +=
            i % 10 == 0 ? "PING " + std::to_string(i) + "\r\n" : "INCR counter" + number + "\r\n";
        expected += i % 10 == 0 ? bulk(std::to_string(i)) : integer(i / 100 + 1);
    }
    // All of it before a single reply is read.
    client.send(bytes);
    std::string told;
    for (int i = 0; i < commands && !client.ended(); ++i) told += client.reply();
    CHECK((told == expected));
}

TEST_CASE("values of a Redis client have up to 16 MiB", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 2);
    RedisClient client(addresses(cluster)[1]);
    const std::string largest(16UZ * 1024 * 1024, 'x');
    CHECK(client.ask({"SET", "large", largest}) == ok);
    CHECK((client.ask("GET large") == bulk(largest)));
    CHECK(client.ask({"SET", "larger", largest + "x"}) ==
          "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
    CHECK(client.ask("APPEND large x") ==
          "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
    CHECK(client.ask("STRLEN large") == integer(static_cast<std::int64_t>(largest.size())));
    // Together they are too much for one answer of a primary.
    std::string gets;
    for (int i = 0; i < 4; ++i) gets += "GET large\r\n";
    client.send(gets);
    for (int i = 0; i < 4; ++i) CHECK((client.reply() == bulk(largest)));
    CHECK(client.ask("GET larger") == "$-1\r\n");
}

TEST_CASE("a client that knows clusters is told where keys are", "[e2e]") {
    const Cluster cluster = Cluster::launched(5, 3);
    RedisClient aware(addresses(cluster)[0]);
    RedisClient plain(addresses(cluster)[0]);
    CHECK(aware.ask("CLUSTER SLOTS").starts_with("*"));
    // A ring that has just changed is no reason to send clients around yet.
    const auto is_moved = [&](int i) {
        return aware.ask("GET nosuch" + std::to_string(i)).starts_with("-MOVED ");
    };
    CHECK(eventually(patience, [&] {
        for (int i = 0; i < 50; ++i) {
            if (is_moved(i)) return true;
        }
        return false;
    }));
    std::size_t moved = 0;
    for (int i = 0; i < 50; ++i) {
        const std::string key = "key" + std::to_string(i);
        CHECK(plain.ask("SET " + key + " v") == ok);
        const std::string told = aware.ask("GET " + key);
        if (told == bulk("v")) continue;
        ++moved;
        const std::string head = "-MOVED " + std::to_string(slot_of_key(key)) + " ";
        REQUIRE(told.starts_with(head));
        // Who is named has it.
        RedisClient there(told.substr(head.size(), told.size() - head.size() - 2));
        CHECK(there.ask("CLUSTER SLOTS").starts_with("*"));
        CHECK(there.ask("GET " + key) == bulk("v"));
    }
    CHECK(moved > 20);
    CHECK(moved < 50);
}

TEST_CASE("keys of a Redis client expire, and nobody reads them after that", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 2);
    RedisClient client(addresses(cluster)[0]);
    CHECK(client.ask("SET short v PX 300") == ok);
    CHECK(client.ask("SET long v EX 1000") == ok);
    CHECK(client.ask("SET forever v") == ok);
    CHECK(client.ask("TTL forever") == integer(-1));
    const std::string left = client.ask("TTL long");
    CHECK((left == integer(1000) || left == integer(999)));
    CHECK(eventually(patience, [&] { return client.ask("GET short") == "$-1\r\n"; }));
    CHECK(client.ask("TTL short") == integer(-2));
    CHECK(client.ask("EXISTS short long forever") == integer(2));
    CHECK(client.ask("EXPIRE forever 99999999999999") == integer(1));
    CHECK(client.ask("PEXPIREAT forever 9223372036854775807") == integer(1));
    CHECK(client.ask("PEXPIRETIME forever") == integer(9'223'372'036'854'775'807));
    // Its memory returns by itself: nobody asks for this one.
    CHECK(client.ask("SET unasked v PX 100") == ok);
    CHECK(eventually(patience, [&] { return client.ask("DBSIZE") == integer(2); }));
}

TEST_CASE("counters are exact through deaths", "[e2e]") {
    Cluster cluster = Cluster::launched(7, 3);
    constexpr int workers = 4;
    constexpr int counters = 16;
    std::atomic<bool> stop = false;
    struct Tally {
        std::vector<std::int64_t> done = std::vector<std::int64_t>(counters);
        std::vector<std::int64_t> unknown = std::vector<std::int64_t>(counters);
        std::vector<std::set<std::string>> told = std::vector<std::set<std::string>>(counters);
        std::vector<std::string> odd;
    };
    std::vector<Tally> tallies(workers);
    std::vector<std::thread> threads;
    // Servers 1 and 2 stay.
    for (int worker = 0; worker < workers; ++worker) {
        threads.emplace_back([&, worker] {
            Tally& tally = tallies[static_cast<std::size_t>(worker)];
            RedisClient client(cluster.address_of(worker % 2 == 0 ? "server1" : "server2"));
            for (int i = 0; !stop && !client.ended(); ++i) {
                const auto at = static_cast<std::size_t>(i % counters);
                const std::string told = client.ask("INCR counter" + std::to_string(at));
                if (told.starts_with(":")) {
                    ++tally.done[at];
                    if (!tally.told[at].insert(told).second) tally.odd.push_back("twice " + told);
                } else if (told.starts_with("-UNKNOWN")) {
                    ++tally.unknown[at];
                } else {
                    tally.odd.push_back(told);
                }
            }
        });
    }
    const auto done = [&] {
        RedisClient client(cluster.address_of("server1"));
        return client.ask("GET counter0");
    };
    for (const std::string victim : {"server3", "server4", "server5"}) {
        const std::string before = done();
        CHECK(eventually(patience, [&] { return done() != before; }));
        cluster.kill(victim);
        // Served again, all partitions.
        cluster.wait_until_whole();
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    RedisClient client(cluster.address_of("server2"));
    for (std::size_t at = 0; at < counters; ++at) {
        std::int64_t acknowledged = 0;
        std::int64_t unknown = 0;
        std::set<std::string> all;
        for (const Tally& tally : tallies) {
            acknowledged += tally.done[at];
            unknown += tally.unknown[at];
            all.insert(tally.told[at].begin(), tally.told[at].end());
        }
        // No value was told to two.
        CHECK(all.size() == static_cast<std::size_t>(acknowledged));
        const auto value = std::stoll(
            std::string(*command::bulk_of(client.ask("GET counter" + std::to_string(at)))));
        CHECK(value >= acknowledged);
        CHECK(value <= acknowledged + unknown);
    }
    for (const Tally& tally : tallies) {
        INFO((tally.odd.empty() ? "" : tally.odd.front()));
        CHECK(tally.odd.empty());
    }
}
