// Nodes that are asked to leave: what they hold moves to others first, and no request fails.
#include "scenarios/scenario.h"
#include "sim/load.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

void leave(Cluster& cluster, const Names& names) {
    cluster.world().apply({.kind = sim::FaultKind::leave, .names = names});
}

bool is_gone(const Cluster& cluster, const std::string& name) {
    return !cluster.world().node(name)->is_alive();
}

NodeId id_of(const Cluster& cluster, const std::string& name) {
    return cluster.world().node(name)->id();
}

}  // namespace

// The primaries that change attest that they stepped down, so nobody waits until a lease has ended.
TEST_CASE("a join and a leave keep no key waiting for a lease", "[scenario]") {
    Cluster cluster({.nodes = 4, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    constexpr std::size_t keys = 60;
    cluster.put_keys(keys, "v");
    Duration longest{};
    std::size_t next = 0;
    const auto write_until = [&](const std::function<bool()>& condition) {
        const Time limit = cluster.world().now() + 20s;
        while (!condition()) {
            REQUIRE(cluster.world().now() < limit);
            const Time begun = cluster.world().now();
            REQUIRE(cluster.put("key" + std::to_string(1 + next++ % keys), "w") == "OK");
            longest = std::max(longest, cluster.world().now() - begun);
            cluster.run_for(1ms);
        }
    };
    const auto leads_some = [&] {
        const RingPtr ring = cluster.world().newest_ring();
        return fully_replicated(*ring) && std::ranges::any_of(ring->table, [&](const Entry& entry) {
                   return entry.primary() == id_of(cluster, "server5");
               });
    };
    cluster.world().start("server5");
    write_until(leads_some);
    leave(cluster, {"server5"});
    write_until([&] { return is_gone(cluster, "server5"); });
    CHECK(longest < 150ms);
}

TEST_CASE("a node that leaves is gone when others hold what it held, and no request fails",
          "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    sim::Load load(cluster.world(), {.clients = 6, .keys = 20, .think_max = 5ms}, 1);
    load.start();
    const std::string leaver = cluster.primary_of("key1");
    leave(cluster, {leaver});
    bool was_short = false;
    cluster.world().on_ring([&](const sim::NodeHost&, const RingPtr& ring) {
        for (const Entry& entry : ring->table) was_short = was_short || entry.copies.size() < 3;
    });
    REQUIRE(cluster.run_until([&] { return is_gone(cluster, leaver); }, 10s));
    CHECK_FALSE(was_short);  // at every moment three copies
    CHECK(cluster.members() == cluster.all_but({leaver}));
    REQUIRE(cluster.run_until_restored());
    cluster.run_for(1s);
    load.stop();
    REQUIRE(cluster.run_until([&] { return load.is_idle(); }, 10s));
    for (const OperationRecord& record : load.history()) {
        CHECK(record.outcome != RecordOutcome::unknown);
        CHECK(record.outcome != RecordOutcome::no_effect);
    }
    cluster.check_keys(20, "v");
    cluster.run_for(1s);
    CHECK(cluster.difference_between_copies() == "");
}

TEST_CASE("several leave at once, down to one", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    leave(cluster, {"server1", "server3", "server4", "server5"});
    REQUIRE(cluster.run_until([&] { return cluster.running() == Names{"server2"}; }, 20s));
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(20, "v");
}

TEST_CASE("a leaver that dies half-way costs nothing, and who replaces it is a member like others",
          "[scenario]") {
    Cluster cluster({.nodes = 4, .copies = 2, .partitions = 256});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    leave(cluster, {"server2"});
    cluster.run_for(80ms);
    REQUIRE_FALSE(is_gone(cluster, "server2"));
    cluster.kill({"server2"});
    REQUIRE(cluster.run_until_restored());
    cluster.restart({"server2"});
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.members().size() == 4);
    cluster.check_keys(20, "v");
}

TEST_CASE("the last node does not go with what it holds", "[scenario]") {
    Cluster cluster({.nodes = 2, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    leave(cluster, {"server1", "server2"});
    cluster.run_for(10s);
    CHECK(cluster.running().size() == 2);
    CHECK(cluster.get("key1") == "v1");
    cluster.world().start("server3");
    REQUIRE(cluster.run_until([&] { return cluster.running() == Names{"server3"}; }, 20s));
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(10, "v");
}

TEST_CASE("a node that was evicted as the last copy comes back before it goes", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    cluster.pause({"server2"});
    const NodeId id = cluster.world().node("server2")->id();
    REQUIRE(cluster.run_until([&] { return !cluster.world().newest_ring()->is_up(id); }, 3s));
    leave(cluster, {"server2"});
    cluster.resume({"server2"});
    REQUIRE(cluster.run_until([&] { return is_gone(cluster, "server2"); }, 20s));
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(10, "v");
}

// Of two nodes one has the vote. It is the one that leaves, and what it decides last is lost.
TEST_CASE("who left does not end before the others can go on without it", "[scenario]") {
    Cluster cluster({.nodes = 2, .copies = 1, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    const RingPtr ring = cluster.world().newest_ring();
    REQUIRE(ring->voters.size() == 1);
    const NodeId voter = ring->voters.front().id;
    const std::string leaver = cluster.world().name_of(voter);
    cluster.world().on_ring([&](const sim::NodeHost&, const RingPtr& newer) {
        if (newer->member(voter) == nullptr) cluster.cut({"server1"}, {"server2"});
    });
    leave(cluster, {leaver});
    cluster.run_for(5s);
    CHECK(cluster.world().newest_ring()->member(voter) == nullptr);
    CHECK_FALSE(is_gone(cluster, leaver));
    cluster.world().on_ring({});
    cluster.heal();
    REQUIRE(cluster.run_until([&] { return is_gone(cluster, leaver); }, 10s));
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(10, "v");
}

TEST_CASE("what a leaver holds does not go to members that died unnoticed", "[scenario]") {
    const bool coordinator = GENERATE(true, false);
    const std::string leaver = GENERATE("server1", "server2");
    const std::string other = leaver == "server1" ? "server2" : "server1";
    INFO(leaver << " leaves" << (coordinator ? "" : ", no coordinator"));
    Cluster cluster({.nodes = 2, .copies = 3, .coordinator = coordinator});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    const bool can_go_on = deaths_survived(*cluster.world().newest_ring()) > 0 ||
                           cluster.world().newest_ring()->votes_of(id_of(cluster, other)) == 0;
    cluster.kill({other});
    cluster.restart({other});  // at its address, so nobody is refused, and the death is seen late
    leave(cluster, {leaver});
    cluster.run_for(200ms);
    CHECK_FALSE(is_gone(cluster, leaver));
    if (!can_go_on) return;
    cluster.run_for(1s);
    CHECK(cluster.get("key1") == "v1");
    REQUIRE(cluster.run_until([&] { return is_gone(cluster, leaver); }, 20s));
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(10, "v");
}

// Their votes would count, and those of a majority that is not there.
TEST_CASE("who asked to be let in and leaves before it is, does not stop the cluster",
          "[scenario]") {
    for (const Duration after : {20ms, 60ms, 100ms, 120ms, 140ms, 160ms, 200ms, 400ms}) {
        INFO("leave after " << to_ms(after) << " ms");
        Cluster cluster({.nodes = 3, .copies = 3, .coordinator = false});
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(10, "v");
        leave(cluster, {"server2", "server3"});
        const auto both_gone = [&] {
            return is_gone(cluster, "server2") && is_gone(cluster, "server3");
        };
        REQUIRE(cluster.run_until(both_gone, 10s));
        cluster.restart({"server2", "server3"});
        cluster.run_for(after);
        leave(cluster, {"server2", "server3"});
        REQUIRE(cluster.run_until(both_gone, 10s));
        REQUIRE(cluster.run_until_restored());
        cluster.check_keys(10, "v");
    }
}
