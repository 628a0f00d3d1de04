// Who is told where a key is, and who is answered as if it were here.
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <set>
#include <string>

#include "resp/world.h"

namespace grapevine::resp {

TEST_CASE("MOVED for those who know clusters", "[resp]") {
    const std::string here = key_in(0);
    const std::string there = key_in(1);
    const std::uint32_t slot = slot_of_key(there);
    const std::string moved = "-MOVED " + std::to_string(slot) + " 127.0.0.1:7002\r\n";

    World world({.redirect = Redirect::automatic}, 5);
    const auto plain = world.connect();
    CHECK(world.say(*plain, "SET " + there + " 1") == "+OK\r\n");
    const auto aware = world.connect();
    CHECK(world.say(*aware, "CLUSTER SLOTS").starts_with("*16\r\n"));
    CHECK(world.say(*aware, "GET " + there) == moved);
    CHECK(world.say(*aware, "GET " + here) == "$-1\r\n");
    CHECK(world.say(*aware, "MULTI") == "+OK\r\n");
    CHECK(world.say(*aware, "GET " + there) == moved);
    CHECK(world.say(*aware, "EXEC") ==
          "-EXECABORT Transaction discarded because of previous errors.\r\n");
    // Its own keys alone.
    CHECK(world.say(*aware, "DBSIZE") == ":0\r\n");
    CHECK(world.say(*plain, "DBSIZE") == ":1\r\n");

    World always({.redirect = Redirect::moved}, 5);
    CHECK(always.say(*always.connect(), "GET " + there) == moved);
    World never({.redirect = Redirect::proxy}, 5);
    const auto readonly = never.connect();
    CHECK(never.say(*readonly, "READONLY") == "+OK\r\n");
    CHECK(never.say(*readonly, "GET " + there) == "$-1\r\n");
}

TEST_CASE("what only those say who know clusters", "[resp]") {
    const std::string there = key_in(1);
    const std::string moved =
        "-MOVED " + std::to_string(slot_of_key(there)) + " 127.0.0.1:7002\r\n";
    World world({.redirect = Redirect::automatic}, 5);
    for (const char* line :
         {"CLUSTER SLOTS", "CLUSTER SHARDS", "CLUSTER NODES", "READONLY", "READWRITE", "ASKING"}) {
        INFO(line);
        const auto session = world.connect();
        CHECK_FALSE(world.say(*session, line).starts_with('-'));
        CHECK(world.say(*session, "GET " + there) == moved);
    }
    // What tools ask who want to know what this is.
    for (const char* line : {"CLUSTER INFO", "CLUSTER MYID", "CLUSTER KEYSLOT a", "INFO", "HELLO 3",
                             "COMMAND COUNT", "CONFIG GET cluster-enabled"}) {
        INFO(line);
        const auto session = world.connect();
        CHECK_FALSE(world.say(*session, line).starts_with('-'));
        CHECK_FALSE(session->answers_moved());
    }
}

TEST_CASE("who asks for what is here alone knows clusters", "[resp]") {
    World world({.redirect = Redirect::automatic}, 5, 256);
    const auto aware = world.connect();
    const auto plain = world.connect();
    const auto told = world.connect();
    std::set<PartitionId> partitions;
    // The first key that is elsewhere.
    int elsewhere = 0;
    const auto partition_of = [&](int i) {
        return world.front.partition_of(slot_of_key("key" + std::to_string(i)));
    };
    while (world.front.is_own(partition_of(elsewhere))) ++elsewhere;
    CHECK(world.say(*plain, "GET key" + std::to_string(elsewhere)) == "$-1\r\n");
    // Whoever is told of all keys asks for them in the order in which they came.
    static_cast<void>(world.say(*told, "SCAN 0"));
    for (int i = 0; !aware->answers_moved(); ++i) {
        const std::string key = "key" + std::to_string(i);
        if (!world.front.is_own(partition_of(i))) continue;
        partitions.insert(partition_of(i));
        REQUIRE(partitions.size() < 20);
        // The same partition again proves nothing.
        for (int again = 0; again < 3; ++again) {
            CHECK(world.say(*aware, "GET " + key) == "$-1\r\n");
        }
        CHECK(world.say(*plain, "GET " + key) == "$-1\r\n");
        CHECK(world.say(*told, "GET " + key) == "$-1\r\n");
    }
    CHECK_FALSE(plain->answers_moved());
    CHECK_FALSE(told->answers_moved());
    const auto own = static_cast<double>(world.front.own_slots()) / slot_count;
    CHECK(std::pow(own, partitions.size()) <= std::pow(0.2, 8));
    CHECK(partitions.size() >= 8);

    // One node has everything: that nobody asks for anything else proves nothing.
    World alone({.redirect = Redirect::automatic}, 1);
    const auto session = alone.connect();
    for (int i = 0; i < 200; ++i) {
        static_cast<void>(alone.say(*session, "GET key" + std::to_string(i)));
    }
    CHECK_FALSE(session->answers_moved());
}

TEST_CASE("a partition whose primary has just changed is not pointed at", "[resp]") {
    World world({.redirect = Redirect::moved}, 5);
    const auto session = world.connect();
    const std::string key = key_in(1);
    const std::string slot = std::to_string(slot_of_key(key));
    CHECK(world.say(*session, "GET " + key) == "-MOVED " + slot + " 127.0.0.1:7002\r\n");
    auto changed = std::make_shared<Ring>(*ring_of(5, 16, 2));
    changed->table[1].copies = {NodeId{102}};
    world.front.set_ring(world.now, changed);
    CHECK(world.say(*session, "GET " + key) == "$-1\r\n");
    world.now += 1s;
    CHECK(world.say(*session, "GET " + key) == "-MOVED " + slot + " 127.0.0.1:7003\r\n");
    // Where nobody is up there is nobody to point at: it waits here.
    auto down = std::make_shared<Ring>(*changed);
    down->members[2].state = MemberState::down;
    world.front.set_ring(world.now, down);
    CHECK(world.say(*session, "GET " + key) == "$-1\r\n");
}

}  // namespace grapevine::resp
