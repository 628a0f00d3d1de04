// Nodes that leave, as an operator sees them.
#include <catch2/catch.hpp>
#include <csignal>
#include <optional>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

constexpr auto npos = std::string::npos;

Process node(const Cluster& cluster, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {program("kvnode"), "--seed", cluster.address()});
    return Process(options);
}

void check_left(Process& node) {
    const auto status = node.wait(patience);
    REQUIRE(status);
    INFO(node.err());
    CHECK(status->code == 0);
}

}  // namespace

TEST_CASE("a node that is told to end leaves first", "[e2e]") {
    Cluster cluster = Cluster::by_hand(2, 2);
    Process third = node(cluster);
    REQUIRE(eventually(patience, [&] { return cluster.table().size() == 3; }));
    cluster.put("key1", "value1");
    third.signal(SIGTERM);
    check_left(third);
    CHECK(cluster.table().size() == 2);
    CHECK(cluster.get("key1").value == "value1");
}

// One partition of 32 MB at 4 MB/s takes 8 s; it may stand still for 2 s and the 4.2 s
// that a value of the largest size takes.
TEST_CASE("a node that leaves slowly is not ended while its bytes arrive", "[e2e]") {
    const std::string port = std::to_string(free_port());
    const std::string at = "127.0.0.1:" + port;
    Process leaver({program("kvnode"), "--bootstrap", "--rep", "1", "--partitions", "1", "--port",
                    port, "--backfill-rate", "4", "--drain-timeout", "2"});
    REQUIRE(eventually(patience, [&] { return leaver.out().starts_with("server1 at "); }));
    std::string puts;
    for (int i = 0; i < 100; ++i) {
        puts += "put key" + std::to_string(i) + " " + std::string(320'000, 'x') + "\n";
    }
    REQUIRE(run({program("client"), "--coordinator", at, "-"}, puts).code == 0);
    Process other({program("kvnode"), "--seed", at});
    REQUIRE(eventually(patience, [&] { return other.out().starts_with("server2 at "); }));
    const std::string there = other.out().substr(std::string("server2 at ").size());
    leaver.signal(SIGTERM);
    check_left(leaver);
    const Finished got = run({program("client"), "--coordinator", there.substr(0, there.find(',')),
                              "--get", "key7", "--raw"});
    CHECK(got.code == 0);
    CHECK(got.out == std::string(320'000, 'x'));
}

TEST_CASE("client --leave returns when the node is out", "[e2e]") {
    Cluster cluster = Cluster::by_hand(2, 1);
    cluster.put("key1", "value1");
    const auto wrong = cluster.client({"--leave", "nobody"});
    CHECK(wrong.code == 1);
    CHECK(wrong.err == "client: nobody is not in the ring; --ring shows who is\n");
    CHECK(cluster.client({"--leave", "coordinator"}).code == 2);
    Process third = node(cluster);
    REQUIRE(eventually(patience, [&] { return cluster.table().size() == 3; }));
    const auto left = cluster.client({"--leave", "server3"});
    INFO(left.err);
    CHECK(left.code == 0);
    CHECK(left.out.ends_with("has left: 2 nodes stay; survives 0 simultaneous deaths\n"));
    CHECK(left.out.find("fewer copies") == npos);
    check_left(third);
    CHECK(cluster.get("key1").value == "value1");
}

TEST_CASE("client --leave gives up soon where nobody answers", "[e2e]") {
    const Finished alone = run({program("client"), "--coordinator",
                                "127.0.0.1:" + std::to_string(free_port()), "--leave", "server1"},
                               {}, 15s);
    CHECK(alone.code == 3);
    CHECK(alone.err.find("no ring could be fetched") != npos);
}

TEST_CASE("client --leave says that zones do not suffice any more", "[e2e]") {
    const Cluster cluster = Cluster::without_coordinator(2, {{"--name", "server1", "--zone", "a"},
                                                             {"--name", "server2", "--zone", "a"},
                                                             {"--name", "server3", "--zone", "b"}});
    const auto left = cluster.client({"--leave", "server3"});
    INFO(left.out << left.err);
    CHECK(left.code == 0);
    CHECK(left.out.find("when server3 is out the 2 copies of a key are in 1 zone: several are lost "
                        "together with one\n") != npos);
}

TEST_CASE("client --leave says that a node died before it was out", "[e2e]") {
    for (const int copies : {1, 2}) {
        Cluster cluster = Cluster::by_hand(2, copies);
        Process third = node(cluster, {"--backfill-rate", "1"});
        REQUIRE(eventually(patience, [&] { return cluster.table().size() == 3; }));
        REQUIRE(eventually(patience, [&] { return cluster.client({"--status"}).code == 0; }));
        std::string puts;
        for (int i = 0; i < 60; ++i) {
            puts += "put key" + std::to_string(i) + " " + std::string(320'000, 'x') + "\n";
        }
        REQUIRE(run({program("client"), "--coordinator", cluster.address(), "-"}, puts).code == 0);
        Process asker(
            {program("client"), "--coordinator", cluster.address(), "--leave", "server3"});
        REQUIRE(eventually(patience, [&] { return asker.out().find("to move") != npos; }));
        third.signal(SIGKILL);
        const auto status = asker.wait(patience);
        REQUIRE(status);
        INFO(asker.out() << asker.err());
        CHECK(status->code == 4);
        CHECK(asker.err().find("ended before all was moved that it holds") != npos);
        CHECK((asker.err().find("wait for it to return") != npos) == (copies == 1));
    }
}

TEST_CASE("client --leave says that keys have fewer copies where too few nodes stay", "[e2e]") {
    Cluster cluster = Cluster::by_hand(2, 2);
    cluster.put("key1", "value1");
    const auto left = cluster.client({"--leave", "server2"});
    INFO(left.out << left.err);
    CHECK(left.code == 0);
    CHECK(
        left.out.starts_with("keys have fewer copies when server2 is out: 2 copies of a key are "
                             "wanted, and 1 node stays\n"));
    CHECK(left.out.find("has left: 1 node stays; every partition has 1 copy; 2 are wanted, but "
                        "there is 1 node; ") != npos);
    CHECK(cluster.get("key1").value == "value1");
}

// A cluster of one node, with nobody else.
struct Lonely {
    explicit Lonely(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {program("kvnode"), "--bootstrap", "--rep", "1", "--port",
                                         address.substr(address.find(':') + 1)});
        process.emplace(options);
        REQUIRE(eventually(patience, [&] { return process->out().starts_with("server1 at "); }));
    }
    std::string address = "127.0.0.1:" + std::to_string(free_port());
    std::optional<Process> process;
};

TEST_CASE("the last node stays until it is told again, or its time is over", "[e2e]") {
    Lonely only;
    const auto refused =
        run({program("client"), "--coordinator", only.address, "--leave", "server1"});
    CHECK(refused.code == 3);
    CHECK(refused.err ==
          "client: no other node stays that could hold what server1 holds: nothing was changed\n");
    only.process->signal(SIGTERM);
    const auto says = [&](const char* what) { return only.process->err().find(what) != npos; };
    CHECK(eventually(patience, [&] { return says("to move"); }));
    CHECK_FALSE(only.process->ended());
    only.process->signal(SIGTERM);
    const auto status = only.process->wait(patience);
    REQUIRE(status);
    CHECK(status->code == 4);
    CHECK(says("kvnode: it ends before it could leave: told to again\n"));
}

TEST_CASE("a node that cannot leave says why, and ends", "[e2e]") {
    Lonely only({"--drain-timeout", "0.5"});
    only.process->signal(SIGTERM);
    const auto status = only.process->wait(patience);
    REQUIRE(status);
    CHECK(status->code == 4);
    CHECK(only.process->err().find("kvnode: it ends before it could leave: no other node stays "
                                   "that could hold what it holds\n") != npos);
}
