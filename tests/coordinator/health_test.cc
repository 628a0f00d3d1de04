#include "coordinator/health.h"

#include <catch2/catch.hpp>
#include <string>

#include "ring/ring_fixture.h"

namespace grapevine {
namespace {

constexpr std::uint32_t partitions = 64;

// server1 ... serverN; each partition at `copies` of them in turn. No coordinator, so that
// everybody has one vote.
Ring cluster(std::uint64_t nodes, std::uint32_t copies_wanted) {
    const Ring ring = empty_ring(copies_wanted, partitions);
    RingChange genesis{.epoch = next(ring.epoch)};
    genesis.joined = servers(1, nodes);
    for (std::uint32_t p = 0; p < partitions; ++p) {
        Arrangement arrangement{.partition = PartitionId{p}, .copies = {}, .fills = {}};
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(copies_wanted, nodes); ++i) {
            arrangement.copies.push_back(NodeId{1 + (p + i) % nodes});
        }
        genesis.arrangements.push_back(arrangement);
    }
    const Ring with_coordinator = applied(ring, genesis);
    return applied(with_coordinator,
                   {.epoch = next(with_coordinator.epoch), .evicted = {coordinator_id}});
}

// Everybody who is up answers and serves what it is primary of.
Statuses all_well(const Ring& ring) {
    Statuses status;
    for (const Member& member : ring.members) {
        if (!member.is_up()) continue;
        StatusReply reply{.id = member.id, .name = member.name, .epoch = ring.epoch};
        for (const Entry& entry : ring.table) {
            if (entry.primary() == member.id && !ring.is_down(entry)) ++reply.serving;
        }
        reply.keys = 100 * reply.serving;
        status[member.id] = reply;
    }
    return status;
}

bool says(const Health& health, const std::string& reason) {
    for (const std::string& each : health.reasons) {
        if (each == reason) return true;
    }
    for (const std::string& each : health.reasons) UNSCOPED_INFO(each);
    return false;
}

// Of four nodes, with three copies.
const std::string no_coordinator =
    "there is no coordinator: with one, which has votes too, 2 simultaneous deaths could be "
    "survived";

}  // namespace

TEST_CASE("a coordinator that would make more deaths survivable is said to be missing") {
    const Ring three = cluster(3, 3);
    const Health health = health_of(three, all_well(three));
    CHECK(health.verdict == HealthVerdict::healthy);
    CHECK(health.survived.nodes == 1);
    CHECK(says(health, no_coordinator));
    // Its votes are of no use where copies decide.
    const Ring five = cluster(5, 3);
    CHECK(health_of(five, all_well(five)).reasons.empty());
}

TEST_CASE("weights that cannot be met are told") {
    const auto heavy = [](std::uint64_t nodes, std::uint32_t copies, std::uint32_t weight) {
        Ring ring = cluster(nodes, copies);
        ring.members.at(1).weight = weight;
        return health_of(ring, all_well(ring));
    };
    CHECK(says(heavy(4, 3, 2 * weight_one),
               "the weights cannot be met: server2 would have to hold more than one of the 3 "
               "copies of some keys, which are on 4 nodes"));
    CHECK(says(heavy(2, 2, weight_one / 2),
               "the weights cannot be met: server1 would have to hold more than one of the 2 "
               "copies of some keys, which are on 2 nodes"));
    CHECK(heavy(5, 3, 2 * weight_one).reasons.empty());
    CHECK(heavy(5, 1, 100 * weight_one).reasons.empty());
}

TEST_CASE("the last node that is told to leave is not being repaired") {
    Ring ring = cluster(1, 1);
    ring.members.front().state = MemberState::leaving;
    const Health health = health_of(ring, all_well(ring));
    CHECK(health.verdict == HealthVerdict::degraded);
    CHECK(says(health,
               "server1 was told to leave, and stays: no other node stays that could hold what it "
               "holds"));
    CHECK_FALSE(health.left.has_value());
}

TEST_CASE("without a majority the answer stays short, and counts copies where they answer") {
    const Ring ring = cluster(40, 3);
    Statuses one = all_well(ring);
    std::erase_if(one, [](const auto& each) { return each.first != NodeId{1}; });
    const Health health = health_of(ring, one);
    CHECK(health.verdict == HealthVerdict::unavailable);
    CHECK(health.reasons.size() < 10);
    CHECK(health.silent.size() == 39);
    CHECK(says(health,
               "server2, server3, server4, server5, server6, server7, server8, server9 and 31 more "
               "do not answer"));
    CHECK(health.votes.answering == 1);
    CHECK(health.votes.all == 7);
    std::size_t held = 0;
    for (const Entry& entry : ring.table) held += entry.is_copy(NodeId{1}) ? 1 : 0;
    CHECK(health.partitions_down == partitions - held);
    CHECK(health.partitions_short == held);
    CHECK_FALSE(health.left.has_value());

    // Nobody who stores: nothing to found anew from.
    const Health none = health_of(ring, {});
    CHECK(none.partitions_down == partitions);
    CHECK(says(none,
               "0 of 7 votes answer, which is no majority: nothing is served until more do; no "
               "node that stores answers, so client --force-ring has nothing to go on with"));
}

TEST_CASE("zones that do not suffice are told") {
    Ring ring = cluster(4, 3);
    const auto in_zones = [&](const std::vector<std::string>& zones) {
        for (std::size_t i = 0; i < zones.size(); ++i) ring.members.at(i).zone = zones[i];
        Health health = health_of(ring, all_well(ring));
        std::erase(health.reasons, no_coordinator);
        return health;
    };
    CHECK(in_zones({"", "", "", ""}).reasons.empty());
    CHECK(in_zones({"a", "b", "c", "c"}).reasons.empty());
    CHECK(in_zones({"a", "a", "", ""}).reasons.empty());
    const Health two = in_zones({"a", "b", "b", "a"});
    CHECK(two.verdict == HealthVerdict::healthy);
    CHECK(says(two, "the 3 copies of a key are in 2 zones: several are lost together with one"));
    CHECK(says(in_zones({"a", "a", "a", "a"}),
               "the 3 copies of a key are in 1 zone: several are lost together with one"));
}

TEST_CASE("a member that is suspected or does not answer makes a cluster degraded") {
    const Ring ring = cluster(5, 3);
    Statuses status = all_well(ring);
    status[NodeId{2}].suspected = {NodeId{4}};
    Health health = health_of(ring, status);
    CHECK(health.verdict >= HealthVerdict::degraded);
    CHECK(says(health, "server4 is suspected by server2"));
    CHECK(health.suspected == std::vector<std::string>{"server4"});
    CHECK(health.silent.empty());
    status.erase(NodeId{4});
    health = health_of(ring, status);
    CHECK(says(health, "server4 does not answer"));
    // What it is primary of is not known to be served.
    CHECK(health.verdict == HealthVerdict::unavailable);
}

TEST_CASE("who holds the only vote makes a cluster with copies to spare degraded") {
    const Ring ring = cluster(2, 2);
    const Health health = health_of(ring, all_well(ring));
    CHECK(health.verdict == HealthVerdict::degraded);
    CHECK(health.survived.nodes == 0);
    CHECK(says(health,
               "no death is survived, because server1 has the only vote: start another node or a "
               "coordinator"));
    // One copy is all that was asked for.
    const Ring single = cluster(2, 1);
    CHECK(health_of(single, all_well(single)).verdict == HealthVerdict::healthy);
}

TEST_CASE("partitions that are not served for a moment are being handed over") {
    const Ring ring = cluster(5, 3);
    Statuses status = all_well(ring);
    for (auto& [id, reply] : status) reply.ring_age_ms = 60'000;
    StatusReply& one = status[NodeId{3}];
    one.serving -= 2;
    one.unserved_ms = 180;
    Health health = health_of(ring, status);
    CHECK(health.verdict == HealthVerdict::healthy);
    CHECK(says(health, "2 of 64 partitions are being handed over at this moment"));

    one.unserved_ms = 1000;
    health = health_of(ring, status);
    CHECK(health.verdict == HealthVerdict::unavailable);
    CHECK(says(health, "2 of 64 partitions are not served"));

    // Those who answered in another ring count what they were primary of in that.
    one.unserved_ms = 0;
    CHECK(health_of(ring, status).verdict == HealthVerdict::healthy);
    // Where it has not heard of the ring for long, it does not know what it does not serve.
    one.epoch = Epoch{ring.epoch.value - 1};
    CHECK(health_of(ring, status).verdict == HealthVerdict::unavailable);
    for (auto& [id, reply] : status) reply.ring_age_ms = 20;
    CHECK(health_of(ring, status).verdict == HealthVerdict::healthy);
}

TEST_CASE("without a majority that answers nothing is survived") {
    const Ring ring = cluster(5, 3);
    Statuses few = all_well(ring);
    CHECK(health_of(ring, few).survived.members == 2);
    for (const std::uint64_t id : {1, 2, 3}) few.erase(NodeId{id});
    CHECK_FALSE(votes_answering(ring, few).is_majority());
    const Health health = health_of(ring, few);
    CHECK(health.survived.nodes == 0);
    CHECK(health.survived.members == 0);
}

TEST_CASE("a cluster of fewer nodes than copies are wanted says so") {
    const Ring ring = cluster(2, 3);
    const Health health = health_of(ring, all_well(ring));
    CHECK(health.verdict == HealthVerdict::degraded);
    CHECK(says(health, "3 copies of a key are wanted, and there are 2 nodes"));
    CHECK(health.partitions_short == partitions);
    CHECK_FALSE(health.left.has_value());
}

TEST_CASE("after a death partitions lack copies, and the time left is told") {
    const Ring whole = cluster(5, 3);
    RingChange eviction{.epoch = next(whole.epoch), .evicted = {NodeId{5}}};
    const Ring ring = applied(whole, eviction);
    std::size_t lacking = 0;
    for (const Entry& entry : ring.table) lacking += entry.copies.size() < 3 ? 1 : 0;
    REQUIRE(lacking > 0);

    Statuses status = all_well(ring);
    for (auto& [id, reply] : status) reply.fill_keys_per_second = 100;
    const Health health = health_of(ring, status);
    CHECK(health.verdict == HealthVerdict::repairing);
    CHECK(health.partitions_short == lacking);
    REQUIRE(health.left.has_value());
    CHECK(*health.left > 0s);
    bool told = false;
    for (const std::string& reason : health.reasons) {
        told = told || reason.starts_with(std::to_string(lacking) +
                                          " of 64 partitions have 2 of 3 copies, ");
    }
    CHECK(told);

    // Without a rate nothing is known of the time.
    CHECK_FALSE(health_of(ring, all_well(ring)).left.has_value());
}

TEST_CASE("what a member has to receive is what placement gives it and it does not hold") {
    const Ring before = cluster(5, 3);
    const Ring ring = applied(before, {.epoch = next(before.epoch), .joined = {server(6)}});
    Statuses status = all_well(ring);
    const auto all = backlogs(ring, status);
    REQUIRE(all.contains(NodeId{6}));
    const Backlog& backlog = all.at(NodeId{6});
    // About half of 64 partitions: three copies among six nodes.
    CHECK(backlog.partitions > 16);
    CHECK(backlog.partitions < 48);
    CHECK(backlog.keys == backlog.partitions * 100);
    CHECK_FALSE(backlog.left.has_value());

    status[NodeId{6}].fill_keys_per_second = 1000;
    status[NodeId{6}].fill_bytes_per_second = 1'000'000;
    const Backlog moving = backlogs(ring, status).at(NodeId{6});
    CHECK(moving.left == Duration(std::chrono::milliseconds(moving.keys)));
    CHECK(moving.bytes_per_second == 1'000'000);
}

TEST_CASE("partitions without a copy that is up, and missing votes, make it unavailable") {
    const Ring whole = cluster(5, 1);
    const Ring ring =
        applied(whole, {.epoch = next(whole.epoch), .evicted = {NodeId{4}, NodeId{5}}});
    const Health health = health_of(ring, all_well(ring));
    CHECK(health.verdict == HealthVerdict::unavailable);
    CHECK(health.partitions_down > 0);
    CHECK(health.survived.nodes == 0);

    const Ring five = cluster(5, 3);
    Statuses few = all_well(five);
    for (const std::uint64_t id : {1, 2, 3}) few.erase(NodeId{id});
    CHECK(says(health_of(five, few),
               "2 of 5 votes answer, which is no majority: nothing is served until more do; only "
               "where none ever will: client --force-ring"));
}

}  // namespace grapevine
