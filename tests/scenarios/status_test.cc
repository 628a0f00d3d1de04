// What an operator is told of the whole, while it changes.
#include "coordinator/health.h"
#include "scenarios/operator.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// The ring first, then its members one after the other: they answer at different moments.
Health look(Cluster& cluster) {
    const RingPtr ring = cluster.world().newest_ring();
    Statuses status;
    for (const Member& member : ring->members) {
        cluster.run_for(1ms);
        const sim::NodeHost* host = cluster.world().node(member.name);
        if (host == nullptr || !host->is_alive() || !member.is_up()) continue;
        const StatusReply reply = host->node().status(host->now());
        status[reply.id] = reply;
    }
    return health_of(*ring, status);
}

struct Seen {
    bool condition = false;
    std::size_t looks = 0;
    std::size_t unserved = 0;     // how often not all was served
    std::size_t unavailable = 0;  // how often that was called so
    std::string why;
};

Seen look_until(Cluster& cluster, Duration limit, const std::function<bool()>& condition) {
    Seen seen;
    for (const Time end = cluster.world().now() + limit; cluster.world().now() < end;) {
        if ((seen.condition = condition())) break;
        const Health health = look(cluster);
        const std::size_t all = cluster.world().newest_ring()->partitions();
        ++seen.looks;
        if (health.partitions_served + health.partitions_down < all) ++seen.unserved;
        if (health.verdict != HealthVerdict::unavailable) continue;
        ++seen.unavailable;
        seen.why = health.reasons.back();
    }
    return seen;
}

}  // namespace

TEST_CASE("who joins and who leaves makes nothing unavailable, and the status says so",
          "[scenario]") {
    Cluster cluster({.nodes = 4, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(60, "v");
    cluster.world().start("server5");
    const Seen join = look_until(
        cluster, 30s, [&] { return cluster.members().size() == 5 && cluster.is_restored(); });
    CHECK(join.condition);
    // Otherwise there was nothing to be told.
    CHECK(join.unserved > 0);
    INFO(join.why);
    CHECK(join.unavailable == 0);

    cluster.world().apply({.kind = sim::FaultKind::leave, .names = {"server5"}});
    const Seen leave = look_until(cluster, 30s, [&] {
        return !cluster.world().node("server5")->is_alive() && cluster.is_restored();
    });
    CHECK(leave.condition);
    INFO(leave.why);
    CHECK(leave.unavailable == 0);
    CHECK(look(cluster).verdict == HealthVerdict::healthy);
}

TEST_CASE("what restarts empty is not unavailable any more", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    const std::string holder = cluster.primary_of("key1");
    const std::string other = cluster.all_but({holder}).front();
    cluster.kill({holder});
    const auto is_down = [&] {
        const RingPtr ring = cluster.world().newest_ring();
        return !down_since(*ring, ring->epoch).empty();
    };
    REQUIRE(cluster.run_until(is_down, 2s));
    cluster.run_for(2s);
    CHECK(look(cluster).verdict == HealthVerdict::unavailable);
    Operator person(cluster);
    CHECK(person.accept_loss(other).left == 0);
    const Seen after = look_until(cluster, 5s, [&] { return cluster.is_restored(); });
    CHECK(after.condition);
    INFO(after.why);
    CHECK(after.unavailable == 0);
}

TEST_CASE("primaries that have no lease for long are unavailable, by their own word",
          "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.run_for(5s);
    cluster.pause({"server2", "server3", "coordinator"});
    cluster.run_for(500ms);
    const sim::NodeHost* host = cluster.world().node("server1");
    const std::uint64_t early = host->node().status(host->now()).unserved_ms;
    CHECK(early > 100);
    CHECK(early < 600);
    cluster.run_for(2s);
    CHECK(host->node().status(host->now()).unserved_ms - early == 2000);
    cluster.resume({"server2", "server3", "coordinator"});
    REQUIRE(cluster.run_until_ready());
    CHECK(
        cluster.run_until([&] { return host->node().status(host->now()).unserved_ms == 0; }, 10s));
}

TEST_CASE("as many members as may die at once can, and with the coordinator one more cannot",
          "[scenario]") {
    for (const bool too_many : {false, true}) {
        Cluster cluster({.nodes = 3, .copies = 3});
        REQUIRE(cluster.run_until_restored());
        const Resilience survived = resilience(*cluster.world().newest_ring());
        REQUIRE(survived.nodes == 2);
        REQUIRE(survived.beside_coordinator == 0);
        REQUIRE(cluster.put("k", "v") == "OK");
        cluster.kill(too_many ? Names{"coordinator", "server1"} : Names{"coordinator"});
        cluster.run_for(5s);
        CHECK((cluster.get("k") == "v") == !too_many);
    }
}

TEST_CASE("how long it took to notice a death and to agree is known to more than one",
          "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.kill({"server5"});
    REQUIRE(cluster.run_until_restored());
    Operator asker(cluster);
    std::size_t tell = 0;
    for (const Member& member : cluster.world().newest_ring()->members) {
        if (!member.is_up()) continue;
        asker.ask(member.name, HistoryRequest{});
        REQUIRE(cluster.run_until([&] { return asker.answer().has_value(); }, 2s));
        for (const RingEvent& event : std::get<HistoryReply>(*asker.answer()).events) {
            if (event.cause != RingCause::death) continue;
            if (event.detected_ms >= 0 && event.agreed_ms >= 0) ++tell;
        }
    }
    // The four others have votes, and so has the coordinator.
    CHECK(tell >= 3);
}
