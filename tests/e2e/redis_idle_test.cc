// Many connections of Redis clients that say nothing.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <deque>
#include <iostream>

#include "e2e/cluster.h"
#include "e2e/redis_client.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

constexpr std::size_t idle_clients = 10'000;
// A node keeps that many files for other things.
constexpr std::size_t files_of_node = 8192;

// Of this process and of those that it starts.
bool may_open_enough_files() {
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    const std::size_t wanted = idle_clients + files_of_node + 100;
    if (limit.rlim_max >= wanted) return true;
    std::cout << "SKIPPED: processes may open " << limit.rlim_max
              << " files here (ulimit -Hn), not " << wanted << "\n";
    return false;
}

bool has_clients(RedisClient& client, std::size_t count) {
    const std::string wanted = "connected_clients:" + std::to_string(count) + "\r\n";
    return client.ask("INFO clients").find(wanted) != std::string::npos;
}

}  // namespace

TEST_CASE("ten thousand connections that say nothing", "[e2e]") {
    if (!may_open_enough_files()) return;
    const Cluster cluster = Cluster::without_coordinator(1, 1);
    RedisClient client(cluster.address_of("server1"));
    const auto resident = [&] { return resources_of(cluster.pid("server1")).resident_kib; };
    CHECK(client.ask("SET key value") == "+OK\r\n");
    const std::size_t before = resident();
    {
        std::deque<RedisClient> idle;
        for (std::size_t i = 0; i < idle_clients; ++i) {
            idle.emplace_back(cluster.address_of("server1"));
            idle.back().send("PING\r\n");
        }
        std::size_t answered = 0;
        for (RedisClient& each : idle) answered += each.reply() == "+PONG\r\n" ? 1 : 0;
        CHECK(answered == idle_clients);
        CHECK(has_clients(client, idle_clients + 1));
        const std::size_t bytes = (resident() - before) * 1024 / idle_clients;
        std::cout << "an idle connection takes " << bytes << " bytes of its node\n";
        CHECK(bytes < 16UZ * 1024);
        // Others are served, and so are those when they speak.
        CHECK(client.ask("GET key") == "$5\r\nvalue\r\n");
        CHECK(client.ask("INCR counter") == ":1\r\n");
        CHECK(cluster.get("key").value == "value");
        CHECK(idle.front().ask("INCR counter") == ":2\r\n");
        CHECK(idle.back().ask("INCR counter") == ":3\r\n");
        std::string flood;
        for (int i = 0; i < 1000; ++i) flood += "INCR counter\r\n";
        client.send(flood);
        for (int i = 0; i < 1000; ++i) {
            REQUIRE(client.reply() == ":" + std::to_string(i + 4) + "\r\n");
        }
    }
    CHECK(eventually(patience, [&] { return has_clients(client, 1); }));
}
