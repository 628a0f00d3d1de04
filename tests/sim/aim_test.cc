// Faults on a whole cluster: that each does what it says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "effort.h"
#include "sim/cluster.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

struct Room {
    Cluster cluster{{.nodes = 5, .copies = 3, .seed = 9, .partitions = 32}};
    World& world = cluster.world();
    Room() {
        REQUIRE(cluster.run_until_restored());
        REQUIRE(cluster.put("k", "v") == "OK");
    }
    void apply(const std::string& fault) { world.apply(*parse_fault(fault)); }
    bool is_alive(const std::string& name) { return world.node(name)->is_alive(); }
    Names alive() {
        Names names;
        for (const NodeHost* host : world.alive()) names.push_back(host->name());
        return names;
    }
};

}  // namespace

TEST_CASE("an aimed kill takes who sends the message, right after", "[sim]") {
    for (const std::string moment :
         {"prepare", "promise", "accept", "accepted", "decided", "gather", "gathered", "replicate",
          "acked", "chunk", "filled"}) {
        INFO(moment);
        Room room;
        std::string sender;
        Time sent;
        room.world.on_message([&](const NodeHost& host, const Envelope& envelope) {
            if (!sender.empty() || !is_at(*parse_moment(moment), envelope)) return;
            sender = host.name();
            sent = room.world.now();
        });
        room.apply("0s:aim=" + moment);
        CHECK(room.world.aimed() == 1);
        room.apply("0s:kill=server2");
        while (sender.empty()) room.world.run_event();
        room.world.run_until(sent);
        CHECK(room.is_alive(sender));
        room.world.run_until(sent + 1us);
        CHECK_FALSE(room.is_alive(sender));
        CHECK(room.world.aimed() == 0);
        CHECK(room.cluster.run_until_restored());
        CHECK(room.cluster.get("k") == "v");
        CHECK(room.cluster.defect() == "");
    }
}

TEST_CASE("an aimed kill takes nobody else, and gives up after a while", "[sim]") {
    Room room;
    room.apply("0s:aim=gather@server2");
    room.apply("0s:kill=server2");
    room.cluster.run_for(1s);
    CHECK(room.alive().size() == 5);
    room.cluster.run_for(3s);
    CHECK(room.world.aimed() == 0);
}

TEST_CASE("corrupted datagrams are rejected, every one, and counted", "[sim]") {
    Room room;
    room.apply("0s:corrupt=20");
    room.cluster.run_for(3s);
    std::uint64_t rejected = 0;
    for (const NodeHost* host : room.world.alive()) rejected += host->corrupted_rejected();
    CHECK(rejected > 100);
    CHECK(rejected <= room.world.network().datagrams_corrupted());
    CHECK(room.cluster.defect() == "");
    room.apply("3s:calm");
    CHECK(room.cluster.run_until_restored());
}

TEST_CASE("when all is calm again, nothing of what was done is left", "[sim]") {
    Room room;
    for (const std::string fault :
         {"0s:pause=server1", "0s:slow=server2@100", "0s:drift=server3@-15625",
          "0s:cut=server1/server4", "0s:flap=server2/server3@50ms", "0s:clog=server4/server5",
          "0s:hang=server1/server5", "0s:refuse=server3/server5", "0s:loss=30", "0s:burst=30@5",
          "0s:duplicate=10@1s", "0s:corrupt=10", "0s:delay=1ms-5ms-100ms", "0s:echo=50@1s",
          "0s:aim=join"}) {
        REQUIRE(room.world.check(*parse_fault(fault)));
        room.apply(fault);
    }
    room.cluster.run_for(2s);
    CHECK_FALSE(room.world.network().is_calm());
    room.apply("2s:calm");
    CHECK(room.world.network().is_calm());
    CHECK(room.world.aimed() == 0);
    for (const NodeHost* host : room.world.alive()) {
        CHECK(host->is_running());
        CHECK(host->slowness() == 1);
        CHECK(host->clock().ppm() == 0);
        for (const NodeHost* other : room.world.alive()) {
            CHECK(room.world.network().is_clear(host->address(), other->address()));
        }
    }
    CHECK(room.cluster.run_until_restored());
    CHECK(room.cluster.get("k") == "v");
    CHECK(room.cluster.defect() == "");
}

TEST_CASE("clocks that are 1 in 64 off, both ways, keep every promise", "[sim]") {
    Room room;
    room.apply("0s:drift=server1,server2,coordinator@15625");
    room.apply("0s:drift=server3,server4,server5@-15625");
    const std::uint64_t epoch = room.cluster.epoch();
    room.cluster.run_for(testing::effort<Duration>(30s, 10s));
    CHECK(room.cluster.epoch() == epoch);  // nobody was evicted
    CHECK(room.cluster.is_restored());
    room.cluster.kill({room.cluster.primary_of("k")});
    CHECK(room.cluster.get("k") == "v");
    CHECK(room.cluster.run_until_restored());
    CHECK(room.cluster.defect() == "");
}

TEST_CASE("who is not there is told so", "[sim]") {
    Room room;
    CHECK(room.world.check(*parse_fault("1s:kill=client2")));
    CHECK(room.world.check(*parse_fault("1s:cut=client3/server5")));
    for (const std::string fault :
         {"1s:kill=server6", "1s:kill=server0", "1s:kill=server01", "1s:kill=bob",
          "1s:restart=client1", "1s:cut=server1/client0", "1s:aim=join@server9",
          "1s:kill=client99999", "1s:kill=client1", "1s:pause=client1"}) {
        INFO(fault);
        CHECK_FALSE(room.world.check(*parse_fault(fault)));
    }
}

TEST_CASE("who joins is somebody else, and is known to the rest of its list", "[sim]") {
    Room room;
    const std::vector<Fault> list{*parse_fault("1s:join=server6,server9"),
                                  *parse_fault("2s:kill=server9")};
    for (const Fault& fault : list) CHECK(room.world.check(fault, list));
    CHECK_FALSE(room.world.check(*parse_fault("2s:kill=server7"), list));
    for (const std::string fault : {"1s:join=server5", "1s:join=coordinator", "1s:join=client2",
                                    "1s:join=bob", "1s:join=server1000"}) {
        INFO(fault);
        CHECK_FALSE(room.world.check(*parse_fault(fault)));
    }
}

TEST_CASE("a node that joins is a member that can be named from then on", "[sim]") {
    Room room;
    room.apply("0s:join=server6,server8");
    CHECK(room.cluster.run_until_restored());
    CHECK(room.cluster.members() ==
          Names{"server1", "server2", "server3", "server4", "server5", "server6", "server8"});
    CHECK(room.world.servers().back() == "server8");
    CHECK(room.world.check(*parse_fault("1s:kill=server8")));
    room.apply("0s:kill=server8");
    CHECK(room.cluster.run_until_restored());
    room.apply("0s:restart=server8");
    CHECK(room.cluster.run_until_restored());
    CHECK(room.cluster.members().size() == 7);
    CHECK(room.cluster.get("k") == "v");
    CHECK(room.cluster.defect() == "");
}
