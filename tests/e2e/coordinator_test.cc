// A cluster without its coordinator: killed, or never there.
#include <catch2/catch.hpp>
#include <csignal>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

using Values = std::map<std::string, std::string>;

void write_again(const Cluster& cluster, Values& written, const std::string& value) {
    for (int i = 0; i < 12; ++i) {
        const std::string key = "key" + std::to_string(i);
        written[key] = value + std::to_string(i);
        cluster.put(key, written[key]);
    }
}

void survives_a_death(Cluster& cluster, const std::string& victim, Values& written) {
    cluster.check_all(written);
    write_again(cluster, written, "before");
    cluster.kill(victim);
    for (const auto& [key, server] : cluster.check_all(written)) CHECK(server != victim);
    write_again(cluster, written, "after");
    cluster.check_all(written);
    cluster.wait_until_replicated();
}

void stop_and_check(const Cluster& cluster, const std::string& already_dead) {
    const Finished stopped = cluster.client({"--stop"});
    INFO(stopped.out << stopped.err);
    CHECK(stopped.code == 0);
    for (const auto& [name, row] : cluster.nodes()) {
        INFO(name);
        if (name != already_dead) CHECK(eventually(10s, [&] { return !is_running(row.pid); }));
    }
}

}  // namespace

TEST_CASE("a cluster whose coordinator was killed works, loses a node, and is stopped", "[e2e]") {
    Cluster cluster = Cluster::launched(5, 3);
    Values written;
    write_again(cluster, written, "first");
    cluster.coordinator().signal(SIGKILL);
    REQUIRE(cluster.coordinator().wait(patience).has_value());
    cluster.ask_at(cluster.address_of("server4"));
    survives_a_death(cluster, "server2", written);
    stop_and_check(cluster, "server2");
}

TEST_CASE("a cluster that never had a coordinator works, loses a node, and is stopped", "[e2e]") {
    Cluster cluster = Cluster::without_coordinator(4, 3);
    Values written;
    write_again(cluster, written, "first");
    // The founder is the address that clients were told; here another one dies.
    survives_a_death(cluster, "server3", written);
    stop_and_check(cluster, "server3");
}

TEST_CASE("a node and the coordinator that die together are both survived", "[e2e]") {
    Cluster cluster = Cluster::launched(5, 3);
    Values written;
    write_again(cluster, written, "first");
    cluster.wait_until_whole();
    cluster.coordinator().signal(SIGKILL);
    cluster.kill_now("server1");
    cluster.ask_at(cluster.address_of("server5"));
    for (const auto& [key, server] : cluster.check_all(written)) CHECK(server != "server1");
    write_again(cluster, written, "after");
    cluster.check_all(written);
}
