// A majority is killed for good, and a new cluster is founded from what the others hold.
#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

constexpr int keys = 120;
constexpr std::size_t npos = std::string::npos;

std::string key_of(int i) {
    return "key" + std::to_string(i);
}

// The client's --where names who holds it: of these keys, those of which a survivor does. Who gave
// a partition away holds it some seconds longer (ring/trims.h); the three that stay are waited for.
std::set<std::string> held_by(const Cluster& cluster, const std::set<std::string>& names) {
    std::set<std::string> held;
    for (int i = 0; i < keys; ++i) {
        std::string where;
        const auto is_settled = [&] {
            const Finished asked = cluster.client({"--where", key_of(i)});
            REQUIRE(asked.code == 0);
            where = asked.out;
            std::size_t holders = 0;
            for (std::size_t at = where.find("server"); at != npos;
                 at = where.find("server", at + 1))
                ++holders;
            return holders == 3;
        };
        REQUIRE(eventually(patience, is_settled));
        for (const std::string& name : names) {
            if (where.find(name) != npos) held.insert(key_of(i));
        }
    }
    return held;
}

// Those that are killed are not heard any more, and nothing is served.
void wait_until_stuck(const Cluster& cluster) {
    REQUIRE(eventually(patience, [&] {
        return cluster.client({"--status"}).out.find("no majority") != std::string::npos;
    }));
}

}  // namespace

TEST_CASE("what survives of a cluster goes on as a new one", "[e2e]") {
    Cluster cluster = Cluster::without_coordinator(5, 3);
    for (int i = 0; i < keys; ++i) cluster.put(key_of(i), "v" + std::to_string(i));
    cluster.wait_until_whole();
    const std::set<std::string> survivors = {"server1", "server2"};
    const std::set<std::string> held = held_by(cluster, survivors);
    REQUIRE(held.size() < keys);

    const Finished needless = cluster.client({"--force-ring", "--yes"});
    INFO(needless.out << needless.err);
    CHECK(needless.code == 3);
    CHECK(needless.err.find("majority") != std::string::npos);

    const std::vector<std::string> dead = {"server3", "server4", "server5"};
    cluster.ask_at(cluster.address_of("server2"));
    cluster.kill_now(dead);
    wait_until_stuck(cluster);
    const Finished other = cluster.client({"--accept-loss", "--yes"});
    CHECK(other.code == 3);
    CHECK(other.err.find("2 of 5 votes answer, which is no majority") != std::string::npos);
    CHECK(cluster.client({"--status"}).out.find("survives 0 simultaneous deaths") !=
          std::string::npos);
    // Nobody is at a terminal to say yes.
    const Finished asked = cluster.client({"--force-ring"});
    INFO(asked.out << asked.err);
    CHECK(asked.code == 2);
    CHECK(asked.out.find("Silent: server3") != std::string::npos);
    CHECK(asked.err.find("nothing was changed") != std::string::npos);

    const Finished forced = cluster.client({"--force-ring", "--yes"});
    INFO(forced.out << forced.err);
    REQUIRE(forced.code == 0);
    CHECK(forced.out.find("founded cluster") != std::string::npos);
    CHECK(forced.out.find("restarted empty") != std::string::npos);
    cluster.wait_until_replicated();
    for (int i = 0; i < keys; ++i) {
        const std::string key = key_of(i);
        INFO(key);
        if (held.contains(key)) {
            CHECK(cluster.get(key).value == "v" + std::to_string(i));
        } else {
            CHECK(cluster.client({"--get", key}).code == 1);
        }
        CHECK(survivors.contains(cluster.put(key, "w" + std::to_string(i))));
        CHECK(cluster.get(key).value == "w" + std::to_string(i));
    }
    const Finished again = cluster.client({"--force-ring", "--yes"});
    CHECK(again.code == 3);
    // It takes new nodes in the places of the dead.
    cluster.replace_dead();
    cluster.wait_until_whole();
    for (int i = 0; i < keys; ++i) CHECK(cluster.get(key_of(i)).value == "w" + std::to_string(i));
}

TEST_CASE("a coordinator with too few nodes left goes on in the new cluster", "[e2e]") {
    Cluster cluster = Cluster::launched(5, 3);
    for (int i = 0; i < keys; ++i) cluster.put(key_of(i), "v" + std::to_string(i));
    cluster.wait_until_whole();
    const std::set<std::string> held = held_by(cluster, {"server1"});
    const std::vector<std::string> dead = {"server2", "server3", "server4", "server5"};
    cluster.kill_now(dead);
    wait_until_stuck(cluster);
    const Finished forced = cluster.client({"--force-ring", "--yes"});
    INFO(forced.out << forced.err);
    REQUIRE(forced.code == 0);
    cluster.wait_until_replicated();
    for (int i = 0; i < keys; ++i) {
        INFO(key_of(i));
        const bool is_held = held.contains(key_of(i));
        CHECK(cluster.client({"--get", key_of(i)}).code == (is_held ? 0 : 1));
    }
    CHECK(cluster.put("key0", "new") == "server1");
    CHECK(cluster.table().size() == 1);
    CHECK(cluster.client({"--ring"}).out.find("coordinator") != std::string::npos);
}

TEST_CASE("nodes that wait outside with what they held are named where nothing can be founded",
          "[e2e]") {
    Cluster cluster = Cluster::launched(3, 3);
    for (int i = 0; i < keys; ++i) cluster.put(key_of(i), "v" + std::to_string(i));
    cluster.wait_until_whole();
    const std::vector<std::string> stopped = {"server2", "server3"};
    for (const std::string& name : stopped) REQUIRE(::kill(cluster.pid(name), SIGSTOP) == 0);
    const bool are_out = eventually(patience, [&] { return cluster.table().size() == 1; });
    cluster.kill_now("server1");
    for (const std::string& name : stopped) REQUIRE(::kill(cluster.pid(name), SIGCONT) == 0);
    REQUIRE(are_out);
    Finished forced;
    const bool named = eventually(patience, [&] {
        forced = cluster.client({"--force-ring", "--yes", "--timeout", "1"});
        return forced.err.find("server2, server3 wait to be let in") != std::string::npos;
    });
    INFO(forced.out << forced.err);
    CHECK(named);
    CHECK(forced.code == 3);
    const Finished status = cluster.client({"--status", "--timeout", "1"});
    INFO(status.out << status.err);
    CHECK(status.out.find("client --force-ring has nothing to go on with") != std::string::npos);
}

TEST_CASE("who was left behind by a founding anew is told apart", "[e2e]") {
    Cluster cluster = Cluster::without_coordinator(3, 3);
    const std::vector<std::string> silent = {"server2", "server3"};
    cluster.ask_at(cluster.address_of("server1"));
    for (const std::string& name : silent) REQUIRE(::kill(cluster.pid(name), SIGSTOP) == 0);
    wait_until_stuck(cluster);
    const Finished forced = cluster.client({"--force-ring", "--yes"});
    for (const std::string& name : silent) REQUIRE(::kill(cluster.pid(name), SIGCONT) == 0);
    INFO(forced.out << forced.err);
    REQUIRE(forced.code == 0);
    CHECK(forced.out.find("0 partitions restarted empty") != std::string::npos);
    const std::string old = cluster.address_of("server2");
    const auto ask_old = [&](const char* verb) {
        return run({program("client"), "--coordinator", old, verb});
    };
    CHECK(eventually(patience, [&] {
        return ask_old("--status")
                   .err.find("server2 at " + old +
                             " was left behind when its "
                             "cluster was founded anew") != std::string::npos;
    }));
    CHECK(cluster.client({"--status"}).err.empty());
    const Finished stopped = cluster.client({"--stop"});
    CHECK(stopped.code == 0);
    CHECK(stopped.out.find("This cluster was founded anew from ") != std::string::npos);
    CHECK(ask_old("--stop").err.find("server2 at " + old + " was left behind") !=
          std::string::npos);
}
