#include "coordinator/report.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "ring/change.h"

namespace grapevine {
namespace {

Member storage(std::uint64_t id, const std::string& name) {
    Member member;
    member.id = NodeId{id};
    member.name = name;
    member.address = {.ip = 0x7f000001, .port = static_cast<std::uint16_t>(7000 + id)};
    member.pid = static_cast<std::uint32_t>(100 + id);
    return member;
}

Ring two_members() {
    Ring ring;
    ring.epoch = Epoch{2};
    ring.genesis = Epoch{2};
    ring.copies_wanted = 2;
    ring.members = {storage(1, "server1"), storage(2, "server2")};
    ring.voters = voters_for(ring.members);
    ring.table.resize(4);
    for (Entry& entry : ring.table) entry.copies = {NodeId{1}, NodeId{2}};
    return ring;
}

}  // namespace

TEST_CASE("a table is as wide as its cells, numbers to the right") {
    CHECK(aligned_table({{"name", "keys"}, {"server10", "7"}, {"s", "12345"}}) ==
          "name      keys\n"
          "server10      7\n"
          "s         12345\n");
}

TEST_CASE("members are listed by number, the coordinator last") {
    Ring ring;
    ring.members = {storage(1, "coordinator"), storage(2, "server10"), storage(3, "server9"),
                    storage(4, "alpha")};
    ring.members[0].role = Role::coordinator;
    std::vector<std::string> names;
    for (const Member* member : members_in_order(ring)) names.push_back(member->name);
    CHECK(names == std::vector<std::string>{"alpha", "server9", "server10", "coordinator"});
}

TEST_CASE("holdings count primaries and complete copies") {
    Ring ring = two_members();
    ring.table[0].copies = {NodeId{2}};
    ring.table[0].fills = {{.id = NodeId{1}, .opened = Epoch{2}}};
    CHECK(holdings(ring, NodeId{1}).primary == 3);
    CHECK(holdings(ring, NodeId{1}).copies == 3);
    CHECK(holdings(ring, NodeId{2}).primary == 1);
    CHECK(holdings(ring, NodeId{2}).copies == 4);
}

TEST_CASE("a ring change is one line that says who came and who went") {
    const Ring before = two_members();
    Ring after = before;
    after.epoch = Epoch{3};
    after.members = {storage(2, "server2"), storage(3, "server3")};
    after.voters = voters_for(after.members);
    for (Entry& entry : after.table) {
        entry.copies = {NodeId{2}};
        entry.fills = {{.id = NodeId{3}, .opened = Epoch{3}}};
    }
    const std::string line = describe_change(&before, after);
    CHECK(
        line.starts_with("epoch 3: server3 joined (127.0.0.1:7003, pid 103); server1 is gone; "
                         "2 nodes; copying 4 partitions; survives "));
    CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("how many copies there are, and why there are not more") {
    Ring ring = two_members();
    CHECK(describe_copies(ring) == "every partition has its 2 copies");
    ring.copies_wanted = 3;
    CHECK(describe_copies(ring) ==
          "every partition has 2 copies; 3 are wanted, but there are 2 nodes");
    ring.members.pop_back();
    CHECK(describe_copies(ring) == "every partition has 1 copy; 3 are wanted, but there is 1 node");
}

TEST_CASE("the coordinator's death is told apart where it costs more than a node's") {
    CHECK(survives(Resilience{.nodes = 2, .members = 2, .beside_coordinator = 1}) ==
          "survives 2 simultaneous deaths");
    CHECK(survives(Resilience{.nodes = 1, .members = 1, .beside_coordinator = {}}) ==
          "survives 1 simultaneous death");
    CHECK(survives(Resilience{.nodes = 2, .members = 1, .beside_coordinator = 0}) ==
          "survives 2 simultaneous deaths of nodes, or the coordinator's alone");
    CHECK(survives(Resilience{.nodes = 3, .members = 2, .beside_coordinator = 1}) ==
          "survives 3 simultaneous deaths of nodes, or the coordinator's and 1 node's");
    CHECK(survives(Resilience{.nodes = 4, .members = 3, .beside_coordinator = 2}) ==
          "survives 4 simultaneous deaths of nodes, or the coordinator's and 2 nodes'");
}

TEST_CASE("no death is survived for want of votes, though there are copies") {
    Ring ring = two_members();
    CHECK(survives(ring) ==
          "survives 0 simultaneous deaths, because server1 has the only vote: start another node "
          "or a coordinator");
    ring.table[0].copies = {NodeId{2}};
    CHECK(survives(ring) == "survives 0 simultaneous deaths");
}

}  // namespace grapevine
