// Nodes die, alone and together; every acknowledged write stays readable.
#include <catch2/catch.hpp>
#include <csignal>
#include <regex>
#include <set>

#include "e2e/cluster.h"
#include "e2e/stream_client.h"

using namespace grapevine::e2e;

namespace {

using Values = std::map<std::string, std::string>;

// Inserts keys, and overwrites each, until three share a primary. That server and all values.
std::string write_until_three_share(const Cluster& cluster, Values& written) {
    std::map<std::string, int> keys_of;
    for (int i = 0;; ++i) {
        REQUIRE(i < 20);
        const std::string key = "key" + std::to_string(i);
        cluster.put(key, "first");
        written[key] = "latest" + std::to_string(i);
        const std::string server = cluster.put(key, written[key]);
        if (++keys_of[server] == 3) return server;
    }
}

// 20 keys on at least four servers, five of them overwritten.
Values write_twenty(const Cluster& cluster) {
    Values written;
    std::set<std::string> servers;
    for (int i = 0; i < 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        written[key] = "value" + std::to_string(i);
        servers.insert(cluster.put(key, written[key]));
    }
    CHECK(servers.size() >= 4);
    for (int i = 0; i < 20; i += 4) {
        const std::string key = "key" + std::to_string(i);
        written[key] = "overwritten" + std::to_string(i);
        cluster.put(key, written[key]);
    }
    return written;
}

// Kills these, reads everything, and writes again.
void kill_and_check(Cluster& cluster, const std::vector<std::string>& victims, Values& written) {
    cluster.kill(victims);
    for (const auto& [key, server] : cluster.check_all(written)) {
        CHECK(std::find(victims.begin(), victims.end(), server) == victims.end());
    }
    for (auto& [key, value] : written) {
        value += "+";
        cluster.put(key, value);
    }
    cluster.check_all(written);
}

enum class Silence { killed, stopped };

// A client that is connected and has the table of before meets a primary that is dead or silent.
void old_table_meets(Silence silence) {
    Cluster cluster = Cluster::launched(3, 2);
    Values written;
    const std::string victim = write_until_three_share(cluster, written);
    StreamClient client(cluster.address());
    std::vector<std::string> keys_of_victim;
    for (const auto& [key, value] : written) {
        const Told told = client.get(key);
        CHECK(told.value == value);
        if (told.server == victim) keys_of_victim.push_back(key);
    }
    REQUIRE(keys_of_victim.size() == 3);

    cluster.wait_until_whole();
    ::kill(cluster.pid(victim), silence == Silence::killed ? SIGKILL : SIGSTOP);
    for (const std::string& key : keys_of_victim) {
        const Told told = client.get(key);
        CHECK(told.value == written[key]);
        CHECK(told.server != victim);
    }
    const std::string story = client.notes();
    INFO("--verbose told: " << story);
    // Why it left the old primary, what it learned, and that it asked again.
    const std::regex left(silence == Silence::killed ? "refused|reset|ended" : "did not answer");
    CHECK(std::regex_search(story, left));
    CHECK(std::regex_search(story, std::regex("ring [0-9]+ from")));
    CHECK(story.find("sent again") != std::string::npos);
    CHECK(client.put(keys_of_victim.front(), "after") != victim);
    CHECK(client.get(keys_of_victim.front()).value == "after");

    // A stopped process that goes on is not a primary any more, whatever it believes.
    if (silence == Silence::stopped) ::kill(cluster.pid(victim), SIGCONT);
    written[keys_of_victim.front()] = "after";
    cluster.check_all(written);
}

}  // namespace

TEST_CASE("after the death of one of three nodes every key has its latest value", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    Values written;
    const std::string victim = write_until_three_share(cluster, written);
    kill_and_check(cluster, {victim}, written);
}

TEST_CASE("a client with an old table meets a killed node", "[e2e]") {
    old_table_meets(Silence::killed);
}

TEST_CASE("a client with an old table meets a stopped node", "[e2e]") {
    old_table_meets(Silence::stopped);
}

TEST_CASE("two of seven nodes die at once, and after repair two more", "[e2e]") {
    Cluster cluster = Cluster::launched(7, 3);
    Values written = write_twenty(cluster);
    kill_and_check(cluster, {"server2", "server5"}, written);
    cluster.wait_until_replicated();
    kill_and_check(cluster, {"server1", "server7"}, written);
}

TEST_CASE("four of seven nodes with five copies die at once", "[e2e]") {
    Cluster cluster = Cluster::launched(7, 5);
    Values written = write_twenty(cluster);
    kill_and_check(cluster, {"server1", "server3", "server4", "server6"}, written);
}

TEST_CASE("two of three nodes with three copies die at once", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 3);
    Values written;
    write_until_three_share(cluster, written);
    kill_and_check(cluster, {"server1", "server2"}, written);
}

TEST_CASE("keys whose only copy died are unavailable, not absent, and the others work", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 1);
    Values written;
    const std::string victim = write_until_three_share(cluster, written);
    const auto server_of = cluster.check_all(written);
    cluster.kill(victim);
    for (auto& [key, value] : written) {
        if (server_of.at(key) == victim) {
            const auto begin = std::chrono::steady_clock::now();
            const Finished finished = cluster.client({"--get", key, "--timeout", "3"});
            INFO(finished.out << finished.err);
            CHECK(finished.code == 3);
            CHECK(finished.out.empty());
            CHECK(finished.err.find("unavailable") != std::string::npos);
            // Never a hang past the deadline: 3 s and the start and end of a process.
            CHECK(std::chrono::steady_clock::now() - begin < 6s);
        } else {
            CHECK(cluster.get(key).value == value);
            value += "+";
            CHECK(cluster.put(key, value) == server_of.at(key));
        }
    }
}

TEST_CASE("a loss is accepted by who was told of it, and what was lost restarts empty", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 1);
    Values written;
    const std::string victim = write_until_three_share(cluster, written);
    const auto server_of = cluster.check_all(written);
    const Finished whole = cluster.client({"--accept-loss", "--yes"});
    INFO(whole.out << whole.err);
    CHECK(whole.code == 0);
    CHECK(whole.out.find("nothing to give up") != std::string::npos);

    cluster.kill(victim);
    REQUIRE(eventually(patience, [&] { return cluster.table()[victim].state == "down"; }));
    // Nobody is at a terminal to say yes.
    const Finished asked = cluster.client({"--accept-loss"});
    INFO(asked.out << asked.err);
    CHECK(asked.code == 2);
    CHECK(asked.out.find(victim) != std::string::npos);
    CHECK(asked.err.find("nothing was changed") != std::string::npos);
    CHECK(cluster.client({"--get", "key0", "--timeout", "1"}).code ==
          (server_of.at("key0") == victim ? 3 : 0));

    const Finished accepted = cluster.client({"--accept-loss", "--yes"});
    INFO(accepted.out << accepted.err);
    CHECK(accepted.code == 0);
    CHECK(accepted.out.find("restarted empty") != std::string::npos);
    cluster.wait_until_replicated();
    for (const auto& [key, value] : written) {
        if (server_of.at(key) == victim) {
            CHECK(cluster.client({"--get", key}).code == 1);
            CHECK(cluster.put(key, "new") != victim);
            CHECK(cluster.get(key).value == "new");
        } else {
            CHECK(cluster.get(key).value == value);
        }
    }
}
