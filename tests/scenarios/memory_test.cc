// Nodes that have no memory left: puts are refused, and nothing else changes.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

TEST_CASE("a primary without memory refuses puts while reads, deletes and copies go on",
          "[scenario]") {
    Cluster cluster({.nodes = 4, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(40, "v");
    const auto begin = [&](sim::FaultKind kind, const Names& names) {
        cluster.world().apply({.kind = kind, .names = names});
    };
    begin(sim::FaultKind::full, cluster.all_but({}));
    CHECK(cluster.put("new", "value") == "unavailable");
    CHECK(cluster.put("key1", "a value that is longer than what was there") == "unavailable");
    CHECK(cluster.put("key2", "w2") == "OK");  // takes no more than before
    CHECK(cluster.get("key1") == "v1");
    CHECK(cluster.get("new") == "not found");
    CHECK(cluster.erase("key3") == "OK");
    CHECK(cluster.get("key3") == "not found");

    cluster.kill({cluster.primary_of("key1")});  // others take its copies, full or not
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.get("key1") == "v1");
    CHECK(cluster.get("key2") == "w2");
    for (int i = 4; i <= 40; ++i) {
        const std::string number = std::to_string(i);
        CHECK(cluster.get("key" + number) == "v" + number);
    }
    begin(sim::FaultKind::roomy, cluster.running());
    cluster.run_for(200ms);  // copies say so to their primaries
    CHECK(cluster.put("new", "value") == "OK");
    CHECK(cluster.get("new") == "value");
    cluster.run_for(1s);
    CHECK(cluster.difference_between_copies() == "");
}

namespace {

// Names of keys of which this node is a copy, and not the primary.
std::vector<std::string> keys_behind(const Cluster& cluster, const std::string& node,
                                     std::size_t count) {
    std::vector<std::string> keys;
    for (int i = 0; keys.size() < count; ++i) {
        const std::string key = "hot" + std::to_string(i);
        const Names copies = cluster.copies_of(key);
        const bool is_copy = std::ranges::find(copies, node) != copies.end();
        if (is_copy && copies.front() != node) keys.push_back(key);
    }
    return keys;
}

}  // namespace

TEST_CASE("a node that is full keeps others from adding to what it is a copy of", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_settled());
    const std::string low = "server2";
    const std::string value(1000, 'v');
    const auto keys = keys_behind(cluster, low, 400);
    constexpr std::int64_t room_kib = 64;
    cluster.world().apply({.kind = sim::FaultKind::full, .names = {low}, .number = room_kib});
    const auto memory_of = [&](const std::string& name) {
        return cluster.world().node(name)->store()->memory_bytes();
    };

    std::vector<std::string> stored;
    std::size_t refused = 0;
    for (const std::string& key : keys) {
        const std::string answer = cluster.put(key, value);
        if (answer == "OK") stored.push_back(key);
        if (answer == "unavailable") ++refused;
    }
    CHECK(stored.size() + refused == keys.size());
    CHECK(stored.size() > 30);
    // And what was under way, not yet told to be committed.
    CHECK(stored.size() < 64 + 20);
    cluster.run_for(1s);
    CHECK(memory_of(low) < sim::memory_max + (20 << 10));

    const std::string replaced(1000, 'w');
    CHECK(cluster.put(stored[0], replaced) == "OK");
    CHECK(cluster.get(stored[0]) == replaced);
    CHECK(cluster.get(stored[1]) == value);
    // Where it holds nothing there is room.
    for (int i = 0; i < 20; ++i) {
        const std::string key = "cold" + std::to_string(i);
        const Names copies = cluster.copies_of(key);
        const bool is_copy = std::ranges::find(copies, low) != copies.end();
        CHECK(cluster.put(key, value) == (is_copy ? "unavailable" : "OK"));
    }
    for (std::size_t i = 0; i < stored.size() / 2; ++i) CHECK(cluster.erase(stored[i]) == "OK");
    cluster.run_for(1s);
    for (std::size_t i = 0; i < stored.size() / 4; ++i) {
        CHECK(cluster.put(stored[i], value) == "OK");
    }
    cluster.run_for(1s);
    CHECK(cluster.difference_between_copies() == "");
}
