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
    check_left(third);
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
