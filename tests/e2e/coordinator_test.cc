// A cluster without its coordinator: killed, or never there.
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

using Values = std::map<std::string, std::string>;

constexpr auto npos = std::string::npos;

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

TEST_CASE("a cluster is stopped at its dead coordinator's address, and no other one is", "[e2e]") {
    Cluster cluster = Cluster::launched(2, 2);
    const std::string port = cluster.address().substr(cluster.address().find(':') + 1);
    Process stranger({program("kvnode"), "--bootstrap", "--rep", "1", "--first-port",
                      std::to_string(std::stoi(port) + 10)});
    INFO(stranger.out() << stranger.err());
    REQUIRE(
        eventually(patience, [&] { return stranger.out().find(", pid ") != std::string::npos; }));
    cluster.coordinator().signal(SIGKILL);
    REQUIRE(cluster.coordinator().wait(patience).has_value());
    stop_and_check(cluster, "");

    const Finished refused = cluster.client({"--stop"});
    CHECK(refused.code == 3);
    CHECK(refused.err.find("of a cluster that had no coordinator there") != std::string::npos);
    CHECK_FALSE(stranger.ended());
}

TEST_CASE("a coordinator that was killed is asked by nobody who is on its machine", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    cluster.put("key1", "value1");
    cluster.coordinator().signal(SIGKILL);
    REQUIRE(cluster.coordinator().wait(patience).has_value());
    const Finished got = cluster.client({"--get", "key1"});
    INFO(got.out << got.err);
    CHECK(got.code == 0);
    CHECK(got.out.starts_with("key1, value1, server"));
    const std::string told = cluster.address() + " does not answer; going on with ";
    CHECK(got.err.find(told) != std::string::npos);
    CHECK(got.err.find('\n') == got.err.size() - 1);
    CHECK(cluster.client({"--ring"}).code == 0);
    // Several addresses: one that answers is enough, and nobody has to search.
    const Finished direct =
        run({program("client"), "--coordinator",
             cluster.address() + "," + cluster.address_of("server2"), "--get", "key1"});
    CHECK(direct.code == 0);
    CHECK(direct.err.empty());
}

TEST_CASE("a coordinator that ends says how to stop the nodes that it did not launch", "[e2e]") {
    Cluster cluster = Cluster::by_hand(2, 1);
    cluster.coordinator().signal(SIGINT);
    REQUIRE(cluster.coordinator().wait(patience).has_value());
    const std::string said = cluster.coordinator().out();
    INFO(said);
    CHECK(said.find("2 nodes that were not launched here keep running; to stop them: client "
                    "--stop --coordinator ") != std::string::npos);
    CHECK(cluster.coordinator().err().empty());
    stop_and_check(cluster, "");
}

TEST_CASE("a coordinator that ends puts what it launched out first, and says what is so then",
          "[e2e]") {
    // Of these the rest alone is no majority before the others are out, and is one then.
    for (const int launched : {1, 2}) {
        INFO(launched << " launched");
        Cluster cluster = Cluster::launched(launched, 3);
        std::vector<std::unique_ptr<Process>> others;
        for (int i = 0; i < 3 - launched; ++i) {
            others.push_back(std::make_unique<Process>(
                std::vector<std::string>{program("kvnode"), "--seed", cluster.address()}));
        }
        REQUIRE(eventually(patience, [&] { return cluster.table().size() == 3; }));
        REQUIRE(cluster.client({"--wait"}).code == 0);
        const std::string last = others.front()->out();
        cluster.coordinator().signal(SIGINT);
        REQUIRE(cluster.coordinator().wait(patience).has_value());
        const std::string said = cluster.coordinator().out();
        INFO(said);
        CHECK(said.find(launched == 1
                            ? "2 nodes that were not launched here keep running; "
                            : "1 node that was not launched here keeps running; ") != npos);
        const std::string at = last.substr(last.find(" at ") + 4);
        const std::string there = at.substr(0, at.find(','));
        const Finished put =
            run({program("client"), "--coordinator", there, "--put", "key0", "--val", "v"});
        INFO(put.err);
        CHECK(put.code == 0);
        CHECK(run({program("client"), "--coordinator", there, "--stop"}).code == 0);
    }
}

TEST_CASE("a node that was started by hand under a launched one's name is not taken for it",
          "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    cluster.kill("server2");
    REQUIRE(eventually(patience, [&] { return cluster.table().size() == 2; }));
    const Process again({program("kvnode"), "--seed", cluster.address(), "--name", "server2"});
    REQUIRE(eventually(patience, [&] { return again.out().starts_with("server2 at "); }));
    REQUIRE(cluster.client({"--wait"}).code == 0);
    cluster.coordinator().signal(SIGINT);
    REQUIRE(cluster.coordinator().wait(patience).has_value());
    const std::string said = cluster.coordinator().out();
    INFO(said);
    CHECK(said.find("1 node that was not launched here keeps running; to stop it: ") != npos);
    CHECK(is_running(again.pid()));
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

TEST_CASE("a coordinator that is told to starts again who died, under its name", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2, {"--respawn"});
    cluster.put("key1", "value1");
    const pid_t before = cluster.pid("server2");
    REQUIRE(::kill(before, SIGKILL) == 0);
    CHECK(eventually(patience, [&] {
        const auto table = cluster.table();
        const auto row = table.find("server2");
        return row != table.end() && row->second.pid != before && row->second.state == "up";
    }));
    cluster.wait_until_replicated();
    CHECK(cluster.table().size() == 3);
    CHECK(cluster.get("key1").value == "value1");
    // Who leaves is not.
    CHECK(cluster.client({"--leave", "server3"}).code == 0);
    CHECK(eventually(patience, [&] {
        return cluster.coordinator().out().find("server3 (pid " +
                                                std::to_string(cluster.pid("server3")) +
                                                ") ended with status 0\n") != std::string::npos;
    }));
    CHECK(cluster.table().size() == 2);
}

// Ends with its owner.
struct DataFolder {
    DataFolder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
    ~DataFolder() { std::filesystem::remove_all(path); }
    DataFolder(const DataFolder&) = delete;
    DataFolder& operator=(const DataFolder&) = delete;
    std::string path = std::filesystem::temp_directory_path() / "grapevine-e2e-XXXXXX";
};

TEST_CASE("a coordinator with its promises gives the quorum back that died with it", "[e2e]") {
    const DataFolder data;
    Cluster cluster = Cluster::launched(3, 3, {"--data-dir", data.path});
    Values written;
    write_again(cluster, written, "first");
    cluster.wait_until_whole();
    const std::string at = cluster.address();
    const std::string port = at.substr(at.find(':') + 1);
    const std::vector<std::string> command = {program("coordinator"), "--port", port, "--rep", "3",
                                              "--data-dir",           data.path};
    const Finished second = run(
        {program("coordinator"), "--port", std::to_string(free_port()), "--data-dir", data.path});
    CHECK(second.code == 3);
    CHECK(second.err.find("another process uses " + data.path) != std::string::npos);

    cluster.coordinator().signal(SIGKILL);
    cluster.kill_now("server1");
    cluster.kill_now("server2");
    REQUIRE(cluster.coordinator().wait(patience).has_value());
    const Finished elsewhere = run(
        {program("coordinator"), "--port", std::to_string(free_port()), "--data-dir", data.path});
    CHECK(elsewhere.code == 3);
    CHECK(elsewhere.err.find("the ring knows the coordinator of this --data-dir at " + at) !=
          std::string::npos);
    const Process again(command);
    INFO(again.out() << again.err());
    CHECK(eventually(patience, [&] { return again.out().find("ready\n") != std::string::npos; }));
    for (const auto& [key, server] : cluster.check_all(written)) CHECK(server == "server3");
}

TEST_CASE("a coordinator that is started again founds no second cluster, and joins when told to",
          "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    Values written;
    write_again(cluster, written, "first");
    const std::string at = cluster.address();
    const std::string port = at.substr(at.find(':') + 1);
    cluster.coordinator().signal(SIGKILL);
    REQUIRE(cluster.coordinator().wait(patience).has_value());

    const Finished refused = run({program("coordinator"), "--port", port, "--rep", "2"});
    CHECK(refused.code == 3);
    CHECK(refused.err.find("nothing was founded; to join it use --seed") != std::string::npos);
    // Nor does it leave the folder that it made for logs.
    const DataFolder state;
    const Finished with_nodes = run({"/usr/bin/env", "XDG_STATE_HOME=" + state.path,
                                     program("coordinator"), "--port", port, "--nodes", "2"});
    CHECK(with_nodes.code == 3);
    CHECK(with_nodes.out.find("logs are in " + state.path) != std::string::npos);
    CHECK(std::filesystem::is_empty(state.path + "/grapevine"));

    const std::string member = cluster.address_of("server2");
    const Process again({program("coordinator"), "--port", port, "--seed", member});
    INFO(again.out() << again.err());
    CHECK(eventually(patience, [&] { return again.out().find("ready\n") != std::string::npos; }));
    cluster.check_all(written);  // asks at the coordinator's address
    // With its vote two of the three may die, one after the other.
    cluster.wait_until_whole();
    cluster.kill("server1");
    cluster.check_all(written);
    cluster.wait_until_replicated();
    cluster.kill_now("server3");
    cluster.check_all(written);
}

TEST_CASE("a second coordinator serves the ring without a vote, until the first is gone", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    Values written;
    write_again(cluster, written, "first");
    const std::string second = "127.0.0.1:" + std::to_string(free_port());
    const auto coordinators = [&] {
        const Finished told = run({program("client"), "--coordinator", second, "--ring", "--json"});
        std::vector<std::string> found;
        for (const std::string& address : {cluster.address(), second}) {
            if (told.out.find('"' + address + '"') != std::string::npos) found.push_back(address);
        }
        return found;
    };
    const std::string first = cluster.address();
    const Process waiting(
        {program("coordinator"), "--listen", second, "--seed", cluster.address_of("server1")});
    INFO(waiting.out() << waiting.err());
    CHECK(eventually(patience, [&] { return waiting.out().find("ready\n") != std::string::npos; }));
    CHECK(coordinators() == std::vector{first});
    CHECK(eventually(patience, [&] {
        return waiting.err().find("still asking, in case it goes") != std::string::npos;
    }));

    cluster.coordinator().signal(SIGKILL);
    CHECK(eventually(patience, [&] { return coordinators() == std::vector{second}; }));
    cluster.ask_at(second);
    cluster.check_all(written);
    cluster.wait_until_whole();
    cluster.kill("server2");
    cluster.check_all(written);
}

TEST_CASE("what waits to be let in is stopped with the cluster, or by its address", "[e2e]") {
    const std::string port = std::to_string(free_port());
    const std::vector<std::string> first = {
        program("coordinator"), "--port", port, "--nodes", "2", "--rep", "2"};
    const DataFolder logs;
    const auto start = [&](const std::vector<std::string>& command) {
        std::vector<std::string> all = command;
        all.insert(all.end(), {"--log-dir", logs.path});
        return std::make_unique<Process>(all);
    };
    const auto is_ready = [](const Process& process) {
        return eventually(patience, [&] { return process.out().find("ready\n") != npos; });
    };
    const auto stop = [](const std::string& at) {
        return run({program("client"), "--coordinator", at, "--stop"});
    };
    const std::string at = "127.0.0.1:" + port;
    const std::string second_port = std::to_string(free_port());
    const std::vector<std::string> second = {program("coordinator"), "--port", second_port,
                                             "--seed", at};
    const auto asks = [](const Process& process) {
        return eventually(patience, [&] { return process.err().find("still asking") != npos; });
    };
    {
        const auto coordinator = start(first);
        REQUIRE(is_ready(*coordinator));
        Process waiting(second);
        REQUIRE(asks(waiting));
        const Finished stopped = stop(at);
        INFO(stopped.out << stopped.err);
        CHECK(stopped.code == 0);
        CHECK(stopped.out.find("127.0.0.1:" + second_port + " that is no member stopped") != npos);
        CHECK(waiting.wait(patience));
        CHECK(coordinator->wait(patience));
    }
    // Left over, it keeps a new cluster from being founded, and is stopped as that says.
    const auto coordinator = start(first);
    REQUIRE(is_ready(*coordinator));
    Process waiting(second);
    REQUIRE(asks(waiting));
    coordinator->signal(SIGINT);
    REQUIRE(coordinator->wait(patience));
    const auto refused = start(first);
    REQUIRE(refused->wait(patience));
    CHECK(refused->err().find("--stop --coordinator 127.0.0.1:" + second_port) != npos);
    const Finished stopped = stop("127.0.0.1:" + second_port);
    INFO(stopped.out << stopped.err);
    CHECK(stopped.code == 0);
    CHECK(stopped.out.find("did not answer") != npos);
    CHECK(waiting.wait(patience));
    const auto again = start(first);
    CHECK(is_ready(*again));
    CHECK(stop(at).code == 0);
}

// A coordinator with its promises, and a node that it did not launch.
struct Lone {
    Lone() {
        REQUIRE(
            eventually(patience, [&] { return first.out().find("waiting for peers") != npos; }));
        node.emplace(std::vector<std::string>{program("kvnode"), "--seed", at});
        REQUIRE(eventually(patience, [&] { return node->out().starts_with("server1 at "); }));
    }
    DataFolder data;
    std::string port = std::to_string(free_port());
    std::string at = "127.0.0.1:" + port;
    std::vector<std::string> command = {program("coordinator"), "--port", port, "--rep", "1",
                                        "--data-dir",           data.path};
    Process first{command};
    std::optional<Process> node;
};

TEST_CASE("a coordinator that goes on after its death is known by its new process", "[e2e]") {
    Lone cluster;
    const std::string& at = cluster.at;
    cluster.first.signal(SIGKILL);
    REQUIRE(cluster.first.wait(patience));
    const Process again(cluster.command);
    REQUIRE(eventually(patience, [&] { return again.out().find("ready\n") != npos; }));
    const auto told = [&](std::vector<std::string> verb) {
        verb.insert(verb.begin(), {program("client"), "--coordinator", at});
        return run(verb).out;
    };
    const std::string pid = std::to_string(again.pid());
    CHECK(told({"--pid", "coordinator"}) == pid + "\n");
    CHECK(told({"--ring", "--json"}).find("\"pid\": " + pid) != npos);
    CHECK(told({"--stop"}).find("coordinator (pid " + pid + ") stopped") != npos);
}

TEST_CASE("a cluster with promises that was stopped is founded anew by the next start", "[e2e]") {
    const DataFolder data;
    const std::string port = std::to_string(free_port());
    const std::vector<std::string> command = {program("coordinator"), "--port", port, "--rep", "2",
                                              "--data-dir",           data.path};
    std::vector<std::string> with_nodes = command;
    with_nodes.insert(with_nodes.end(), {"--nodes", "2", "--log-dir", data.path + "/logs"});
    const auto client = [&](std::vector<std::string> verb) {
        verb.insert(verb.begin(), {program("client"), "--coordinator", "127.0.0.1:" + port});
        return run(verb);
    };
    const auto is_ready = [](const Process& process) {
        return eventually(patience, [&] { return process.out().find("ready\n") != npos; });
    };
    for (const bool by_client : {true, false}) {
        INFO("by client: " << by_client);
        Process first(with_nodes);
        REQUIRE(is_ready(first));
        CHECK(client({"--put", "k", "--val", "v"}).code == 0);
        CHECK(std::filesystem::exists(data.path + "/promises"));
        if (by_client) {
            CHECK(client({"--stop"}).code == 0);
        } else {
            first.signal(SIGINT);
        }
        REQUIRE(first.wait(patience));
        INFO(first.out() << first.err());
        CHECK(first.out().find("the cluster has ended, and what it held") != npos);
        CHECK_FALSE(std::filesystem::exists(data.path + "/promises"));
    }
    Process again(with_nodes);
    REQUIRE(is_ready(again));
    CHECK(client({"--get", "k"}).code == 1);
    CHECK(client({"--put", "k", "--val", "w"}).code == 0);
    CHECK(client({"--stop"}).code == 0);
    REQUIRE(again.wait(patience));
}

TEST_CASE("promises of a cluster whose nodes run on are kept", "[e2e]") {
    Lone cluster;
    const std::string& at = cluster.at;
    REQUIRE(run({program("client"), "--coordinator", at, "--wait"}).code == 0);
    cluster.first.signal(SIGINT);
    REQUIRE(cluster.first.wait(patience));
    CHECK(std::filesystem::exists(cluster.data.path + "/promises"));
    const Process again(cluster.command);
    CHECK(eventually(patience, [&] { return again.out().find("ready\n") != npos; }));
    INFO(again.out());
    CHECK(again.out().find("going on as the coordinator of ring ") != npos);
    const std::size_t before = again.out().find("as it was when this coordinator ended:\n");
    const std::size_t after = again.out().find("as it is:\n");
    REQUIRE(after != npos);
    CHECK(before < after);
    CHECK(again.out().find("remove " + cluster.data.path + "/promises") != npos);
    CHECK(run({program("client"), "--coordinator", at, "--stop"}).code == 0);
}

TEST_CASE("clients that know the place of an earlier coordinator find the cluster", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    cluster.put("key1", "value1");
    cluster.coordinator().signal(SIGKILL);
    REQUIRE(cluster.coordinator().wait(patience).has_value());
    const std::string second = "127.0.0.1:" + std::to_string(free_port());
    Process other(
        {program("coordinator"), "--listen", second, "--seed", cluster.address_of("server1")});
    INFO(other.out() << other.err());
    REQUIRE(eventually(patience, [&] { return other.out().find("ready\n") != npos; }));
    REQUIRE(eventually(patience, [&] {
        const Finished told = run({program("client"), "--coordinator", second, "--ring"});
        return told.out.find(second) != npos && told.out.find("coordinator") != npos;
    }));
    const Finished got = cluster.client({"--get", "key1"});  // at the place of the first
    INFO(got.out << got.err);
    CHECK(got.code == 0);
    CHECK(got.out.starts_with("key1, value1, server"));
    CHECK(got.err.find(" does not answer; going on with ") != npos);
}
