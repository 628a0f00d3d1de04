#include "resp/cluster_text.h"

#include <catch2/catch.hpp>
#include <string>

#include "resp/world.h"

namespace grapevine::resp {
namespace {

using command::Protocol;

RingPtr four_partitions() {
    auto ring = std::make_shared<Ring>(*ring_of(2, 4, 9, 2));
    ring->table[1].copies = {NodeId{100}, NodeId{101}};
    ring->table[2].copies = {NodeId{101}, NodeId{100}};
    ring->table[3].copies = {NodeId{100}, NodeId{101}};
    Member coordinator;
    coordinator.id = NodeId{200};
    coordinator.role = Role::coordinator;
    coordinator.address = {0x7f000001, 7000};
    ring->members.push_back(coordinator);
    return ring;
}

}  // namespace

TEST_CASE("CLUSTER NODES lists storage members with their ranges", "[resp]") {
    const std::string first = node_name(NodeId{100});
    const std::string second = node_name(NodeId{101});
    CHECK(first.size() == 40);
    CHECK(first != second);
    CHECK(first != shard_name(NodeId{100}));
    ClusterText of_first(NodeId{100}, false);
    of_first.set_ring(four_partitions());
    CHECK(of_first.nodes() ==
          first + " 127.0.0.1:7001@7001 myself,master - 0 0 9 connected 0-8191 12288-16383\n" +
              second + " 127.0.0.1:7002@7002 master - 0 0 9 connected 8192-12287\n");
    ClusterText of_second(NodeId{101}, false);
    of_second.set_ring(four_partitions());
    CHECK(of_second.nodes() ==
          first + " 127.0.0.1:7001@7001 master - 0 0 9 connected 0-8191 12288-16383\n" + second +
              " 127.0.0.1:7002@7002 myself,master - 0 0 9 connected 8192-12287\n");
    CHECK(of_first.info().find("cluster_state:ok\r\ncluster_slots_assigned:16384\r\n"
                               "cluster_slots_ok:16384\r\n") != std::string::npos);
    CHECK(of_first.info().find("cluster_known_nodes:2\r\ncluster_size:2\r\n"
                               "cluster_current_epoch:9\r\n") != std::string::npos);
}

TEST_CASE("CLUSTER SLOTS lists primaries, and copies where asked to", "[resp]") {
    const std::string first = node_name(NodeId{100});
    const std::string second = node_name(NodeId{101});
    const auto node = [](const std::string& port, const std::string& name, const char* nothing) {
        return "*4\r\n$9\r\n127.0.0.1\r\n:" + port + "\r\n$40\r\n" + name + "\r\n" + nothing;
    };
    ClusterText alone(NodeId{100}, false);
    alone.set_ring(four_partitions());
    CHECK(alone.slots(Protocol::resp2) ==
          "*3\r\n*3\r\n:0\r\n:8191\r\n" + node("7001", first, "*0\r\n") +
              "*3\r\n:8192\r\n:12287\r\n" + node("7002", second, "*0\r\n") +
              "*3\r\n:12288\r\n:16383\r\n" + node("7001", first, "*0\r\n"));
    CHECK(alone.slots(Protocol::resp3).find("%0\r\n") != std::string::npos);
    CHECK(alone.replicas_of(first)->empty());
    CHECK_FALSE(alone.replicas_of("nobody"));

    ClusterText both(NodeId{100}, true);
    both.set_ring(four_partitions());
    CHECK(both.slots(Protocol::resp2) ==
          "*3\r\n*4\r\n:0\r\n:8191\r\n" + node("7001", first, "*0\r\n") +
              node("7002", second, "*0\r\n") + "*4\r\n:8192\r\n:12287\r\n" +
              node("7002", second, "*0\r\n") + node("7001", first, "*0\r\n") +
              "*4\r\n:12288\r\n:16383\r\n" + node("7001", first, "*0\r\n") +
              node("7002", second, "*0\r\n"));
    CHECK(both.replicas_of(first)->size() == 1);
}

TEST_CASE("a ring is told once for all, and the next one when it is there", "[resp]") {
    ClusterText text(NodeId{100}, false);
    text.set_ring(four_partitions());
    const std::string* before = &text.slots(Protocol::resp2);
    CHECK(before == &text.slots(Protocol::resp2));
    const std::string nodes = text.nodes();
    auto next = std::make_shared<Ring>(*four_partitions());
    next->members[1].state = MemberState::down;
    next->epoch = Epoch{10};
    text.set_ring(next);
    CHECK(text.nodes() != nodes);
    CHECK(text.nodes().find("master,fail - 0 0 10 disconnected 8192-12287") != std::string::npos);
    CHECK(text.info().find("cluster_slots_fail:0") == std::string::npos);
    CHECK(text.info().find("cluster_state:ok") != std::string::npos);
}

}  // namespace grapevine::resp
