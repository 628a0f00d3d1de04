// Nodes in zones, and nodes of different weights.
#include <algorithm>
#include <cstddef>
#include <set>
#include <string>

#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

std::string zone_of(const Ring& ring, NodeId id) {
    return ring.member(id)->zone;
}

bool shares_a_zone(const Ring& ring, const Entry& entry) {
    std::set<std::string> zones;
    for (const NodeId id : entry.copies) zones.insert(zone_of(ring, id));
    return zones.size() < entry.copies.size();
}

std::size_t sharing(const Ring& ring) {
    return static_cast<std::size_t>(std::ranges::count_if(
        ring.table, [&](const Entry& entry) { return shares_a_zone(ring, entry); }));
}

}  // namespace

TEST_CASE("copies stay in different zones when nodes die, leave and come", "[scenario]") {
    Cluster cluster({.nodes = 9, .copies = 3, .partitions = 256, .zones = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const auto newest = [&]() -> const Ring& { return *cluster.world().newest_ring(); };
    CHECK(sharing(newest()) == 0);
    cluster.kill({"server4"});  // of zone1, beside server1 and server7
    cluster.run_for(1s);
    REQUIRE(cluster.run_until_restored());
    CHECK(sharing(newest()) == 0);
    cluster.world().apply({.kind = sim::FaultKind::leave, .names = {"server5"}});
    const auto has_left = [&] { return newest().member_named("server5") == nullptr; };
    REQUIRE(cluster.run_until(has_left, 30s));
    REQUIRE(cluster.run_until_restored());
    CHECK(sharing(newest()) == 0);
    // A whole zone is gone: two of three copies have to share one.
    cluster.kill({"server1", "server7"});
    cluster.run_for(1s);
    REQUIRE(cluster.run_until_restored());
    CHECK(sharing(newest()) == newest().partitions());
    // One of it is back: a copy of everything goes there.
    cluster.restart({"server1"});
    CHECK(cluster.run_until([&] { return sharing(newest()) == 0; }, 30s));
    cluster.check_keys(20, "v");
}

TEST_CASE("a zone that dies at once takes one copy of everything", "[scenario]") {
    Cluster cluster({.nodes = 6, .copies = 2, .partitions = 256, .zones = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(50, "v");
    cluster.kill({"server3", "server6"});
    cluster.check_keys(50, "v");
    REQUIRE(cluster.run_until_restored());
    cluster.check_keys(50, "v");
}

TEST_CASE("who weighs twice holds twice, also after deaths and joins", "[scenario]") {
    Cluster cluster({.nodes = 6,
                     .copies = 3,
                     .partitions = 1024,
                     .weights = {weight_one, 2 * weight_one, weight_one}});  // server1, server4
    const auto check_shares = [&] {
        const Ring& ring = *cluster.world().newest_ring();
        std::size_t weights = 0;
        for (const Member& member : ring.members) {
            if (member.stores()) weights += member.weight;
        }
        for (const Member& member : ring.members) {
            if (!member.stores()) continue;
            const std::size_t fair = std::size_t{3} * ring.partitions() * member.weight / weights;
            INFO(member.name << " holds " << partitions_of(ring, member.id) << " of " << fair);
            CHECK(partitions_of(ring, member.id) * 100 >= fair * 97);
            CHECK(partitions_of(ring, member.id) * 100 <= fair * 103);
        }
    };
    REQUIRE(cluster.run_until_restored());
    check_shares();
    cluster.kill({"server1"});
    cluster.run_for(1s);
    REQUIRE(cluster.run_until_restored());
    check_shares();
    cluster.restart({"server1"});
    REQUIRE(cluster.run_until_restored());
    check_shares();
}
