// What a person does first: write, overwrite, read, on one server and on five.
#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

// The same trace on any cluster; the values that are left.
std::map<std::string, std::string> write_trace(const Cluster& cluster) {
    cluster.put("key1", "value1");
    CHECK(cluster.get("key1").value == "value1");
    cluster.put("key1", "value2");
    cluster.put("key2", "value3");
    cluster.put("key3", "value4");
    return {{"key1", "value2"}, {"key2", "value3"}, {"key3", "value4"}};
}

void check_many_primaries(const Cluster& cluster) {
    std::map<std::string, std::string> written;
    std::map<std::string, std::string> server_of;
    for (int i = 0; i < 20; ++i) {
        const std::string key = "many" + std::to_string(i);
        written[key] = "value" + std::to_string(i);
        server_of[key] = cluster.put(key, written[key]);
    }
    // Whoever took the write answers the read: ids agree between calls.
    CHECK(cluster.check_all(written) == server_of);
    std::set<std::string> servers;
    for (const auto& [key, server] : server_of) servers.insert(server);
    CHECK(servers.size() >= 4);
}

}  // namespace

TEST_CASE("a single server answers the basic trace", "[e2e]") {
    const Cluster cluster = Cluster::launched(1, 1);
    for (const auto& [key, server] : cluster.check_all(write_trace(cluster))) {
        CHECK(server == "server1");
    }
}

TEST_CASE("five launched servers answer the basic trace", "[e2e]") {
    const Cluster cluster = Cluster::launched(5, 3);
    const auto written = write_trace(cluster);
    const auto servers = cluster.check_all(written);
    CHECK(cluster.check_all(written) == servers);
    check_many_primaries(cluster);
}

TEST_CASE("five servers that were started one by one answer the basic trace", "[e2e]") {
    const Cluster cluster = Cluster::by_hand(5, 3);
    const auto written = write_trace(cluster);
    const auto servers = cluster.check_all(written);
    CHECK(cluster.check_all(written) == servers);
    check_many_primaries(cluster);
}

TEST_CASE("a coordinator that is told to stop takes its nodes with it", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    cluster.coordinator().signal(SIGTERM);
    const auto status = cluster.coordinator().wait(10s);
    REQUIRE(status.has_value());
    for (const auto& [name, row] : cluster.nodes()) CHECK_FALSE(is_running(row.pid));
}

// Placement follows from the names alone, so these answers are the same everywhere.
TEST_CASE("the README's first example is what happens", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    CHECK(cluster.client({"--put", "key1", "--val", "value1"}).out == "OK, server2\n");
    CHECK(cluster.client({"--get", "key1"}).out == "key1, value1, server2\n");
    const pid_t pid = std::stoi(cluster.client({"--pid", "server2"}).out);
    REQUIRE(kill(pid, SIGKILL) == 0);
    CHECK(cluster.client({"--get", "key1"}).out == "key1, value1, server3\n");
    const Process added({program("kvnode"), "--seed", cluster.address()});
    CHECK(eventually(patience, [&] { return added.out().starts_with("server4 at "); }));
    CHECK(cluster.client({"--put", "", "--val", "v"}).code == 0);
    CHECK(cluster.client({"--get", ""}).out.starts_with(", v, server"));
}
