// Bugs in how rings are agreed on and made.
#include <algorithm>
#include <iterator>
#include <utility>

#include "planted/found.h"
#include "planted/plans.h"
#include "scenarios/unmissed.h"
#include "sim/availability.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Last copies fall out of the ring and return with their state.
Finding last_copies(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 4, 1);
    plan.storm = {
        .pause = 1, .gap_max = 1s, .length_min = 500ms, .length_max = 1500ms, .lasts = 4s};
    return weather(plan);
}

// A process dies and the next one listens on its port at the same instant.
Finding successors(std::uint64_t seed, PlantedBugs bugs) {
    const Plan plan = small_plan(seed, bugs, 4, 2);
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_ready()) return never_ready;
    sim::Load load(cluster.world(), plan.load, seed);
    load.start();
    cluster.run_for(300ms);
    const sim::Names victim = {sim::server_name(1 + seed % 4)};
    cluster.kill(victim);
    cluster.restart(victim);
    return conclude(cluster, &load);
}

// A member that stood still goes on just when its eviction is put to the vote.
Finding last_moment(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 3);
    plan.world.network.delay_max = 6ms;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_ready()) return never_ready;
    const sim::Names slow = {sim::server_name(1 + seed % 5)};
    cluster.pause(slow);
    first_to_send<Accept>(cluster, [](const sim::NodeHost&, const Accept& accept) {
        return !accept.change.evicted.empty();
    });
    cluster.resume(slow);
    cluster.run_for(1s);
    // It was heard in time and is a member still. Another one dies.
    cluster.kill({sim::server_name(1 + (seed + 1) % 5)});
    cluster.run_for(1s);
    return conclude(cluster, nullptr);
}

// The coordinator dies with its vote on the way that makes a ring, and is back with what it wrote
// down; but now it reaches another than the one that knows of that ring.
Finding other_side(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 3, 3).world);
    if (!cluster.run_until_restored()) return never_ready;
    const sim::Names coordinator = {sim::coordinator_name};
    cluster.kill({"server3"});
    cluster.pause(coordinator);  // it would propose itself, being the first in rank
    first_to_send<Prepare>(cluster);
    cluster.cut({"server1"}, {"server2"});
    cluster.resume(coordinator);
    first_to_send<Accepted>(cluster, [](const sim::NodeHost& host, const Accepted&) {
        return host.name() == sim::coordinator_name;
    });
    cluster.kill(coordinator);
    cluster.run_for(2ms);
    cluster.heal();
    const auto epoch_of = [&](const char* name) {
        return cluster.world().node(name)->ring()->epoch;
    };
    const bool first_knows = epoch_of("server1") > epoch_of("server2");
    cluster.cut({first_knows ? "server1" : "server2"},
                {first_knows ? "server2" : "server1", coordinator.front()});
    cluster.run_for(1s);  // until who knows of the ring is held for dead
    cluster.world().resume_coordinator();
    cluster.run_for(3s);
    return conclude(cluster, nullptr);
}

// The only copy's holder dies when it has just reported that another one holds everything.
Finding just_completed(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 2);
    plan.world.node.settle = 250ms;  // what is reported waits for twice that
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_ready()) return never_ready;
    for (int i = 1; i <= 20; ++i) cluster.put("key" + std::to_string(i), "v");
    Rng rng(seed);
    cluster.kill({"server3"});
    const auto reports_all = [&](const sim::NodeHost& host, const FillReports& message) {
        std::size_t fills = 0;
        for (const Entry& entry : host.ring()->table) {
            if (entry.primary() == host.id()) fills += entry.fills.size();
        }
        return message.reports.size() == fills;
    };
    const std::string giver = first_to_send<FillReports>(cluster, reports_all);
    cluster.run_for(rng.between(2ms, 60ms));
    cluster.kill({giver});
    cluster.run_for(2s);
    for (int i = 1; i <= 20; ++i) cluster.get("key" + std::to_string(i));
    return conclude(cluster, nullptr);
}

// Two of three copies are cut off, from the third one first, then from one more and from the rest,
// and die.
Finding spreading_cut(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 7, 3).world);
    if (!cluster.run_until_restored()) return never_ready;
    for (int i = 1; i <= 20; ++i) cluster.put("key" + std::to_string(i), "v");
    const sim::Names copies = cluster.copies_of("key1");
    const sim::Names two = {copies[0], copies[1]};
    sim::Names rest = cluster.members();
    std::erase_if(rest, [&](const auto& name) { return std::ranges::count(copies, name) > 0; });
    cluster.cut(two, {copies[2]});
    cluster.run_for(600ms);
    cluster.cut(two, {rest[0]});
    cluster.run_for(600ms);
    cluster.cut(two, rest);
    cluster.run_for(4s);
    cluster.kill(two);
    return conclude(cluster, nullptr);
}

// The two holders of some partitions hear each other, two more and nobody else: neither has a
// lease any longer. The first of them falls out. The other one is the last copy of what they
// shared, and those two can still be filled from it. Later both die, one after the other.
Finding half_heard(std::uint64_t seed, PlantedBugs bugs) {
    const Plan plan = small_plan(seed, bugs, 7, 2);
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    const sim::Names holders = cluster.copies_of("k");
    sim::Names others = cluster.members();
    std::erase_if(others, [&](const auto& name) { return std::ranges::count(holders, name) > 0; });
    sim::Names unheard(others.begin() + 2, others.end());
    unheard.push_back(sim::coordinator_name);
    cluster.cut(holders, unheard);
    cluster.run_for(8s);
    for (const std::string& holder : holders) {
        cluster.kill({holder});
        cluster.run_for(2s);
    }
    cluster.get("k");
    return conclude(cluster, nullptr);
}

// One stands still for a second, and another that shares partitions with it dies unnoticed.
Finding dead_heirs(std::uint64_t seed, PlantedBugs bugs) {
    const Plan plan = small_plan(seed, bugs, 5, 2);
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    pause_one_while_another_dies(cluster);
    cluster.run_for(2s);
    cluster.get("k");
    return conclude(cluster, nullptr);
}

// Of two nodes one dies, and before that is noticed the other is asked to leave.
Finding leave_to_the_dead(std::uint64_t seed, PlantedBugs bugs) {
    const Plan plan = small_plan(seed, bugs, 2, 3);
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    cluster.kill({"server1"});
    cluster.restart(
        {"server1"});  // at its address, so nobody is refused, and the death is seen late
    cluster.world().apply({.kind = sim::FaultKind::leave, .names = {"server2"}});
    cluster.run_for(3s);
    cluster.get("k");
    return conclude(cluster, nullptr);
}

// Of two nodes one has the vote, and leaves. The ring without it is lost on the way to the other.
Finding unheard_leave(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 2, 1);
    plan.world.coordinator = false;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    const NodeId voter = cluster.world().newest_ring()->voters.front().id;
    bool is_cut = false;
    cluster.world().on_ring([&](const sim::NodeHost&, const RingPtr& ring) {
        if (partitions_of(*ring, voter) > 0 || std::exchange(is_cut, true)) return;
        cluster.cut({"server1"}, {"server2"});
    });
    cluster.world().apply(
        {.kind = sim::FaultKind::leave, .names = {cluster.world().name_of(voter)}});
    const sim::Fault broken{.kind = sim::FaultKind::break_links, .pairs = {{"server1", "server2"}}};
    for (int i = 0; i < 2000; ++i) {
        cluster.run_for(1ms);
        if (is_cut) cluster.world().apply(broken);
    }
    cluster.world().on_ring({});
    cluster.heal();
    cluster.run_for(2s);
    cluster.get("k");
    return conclude(cluster, nullptr);
}

// Of three one stands still until it is held for dead. Then the one with the first vote dies, which
// is not noticed yet, and the third one asks both for their promise; the one that stood still goes
// on and gives it before it can say that it lives.
Finding thought_dead(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 3);
    plan.world.coordinator = false;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    const std::vector<Voter> voters = cluster.world().newest_ring()->voters;
    const sim::Names first = {cluster.world().name_of(voters[0].id)};
    const sim::Names paused = {cluster.world().name_of(voters[2].id)};
    bool is_held_dead = false;
    cluster.world().on_log([&](const sim::NodeHost&, const LogLine& line) {
        is_held_dead = is_held_dead || line.text == paused.front() + " is silent for too long";
    });
    cluster.pause(paused);
    cluster.run_until([&] { return is_held_dead; }, 2s);
    cluster.kill(first);
    cluster.lose(100);
    cluster.run_for(180ms);
    cluster.resume(paused);
    cluster.run_for(10ms);
    cluster.lose(0);
    cluster.run_for(3s);
    return conclude(cluster, nullptr);
}

// Two ask a single node to let them in, and die when it has heard them.
Finding died_joining(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 1, 1);
    plan.world.coordinator = false;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    for (const char* name : {"server2", "server3"}) cluster.world().start(name);
    first_to_send<JoinRequest>(cluster);
    cluster.run_for(20ms);
    cluster.kill({"server2", "server3"});
    cluster.run_for(3s);
    return conclude(cluster, nullptr);
}

// What is written waits for a link that carries nothing.
Finding hung_link(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 4, 2).world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    sim::Availability availability(cluster.world());
    availability.start();
    const sim::Names holders = cluster.copies_of("k");
    cluster.world().apply(
        {.kind = sim::FaultKind::hang, .pairs = {{*holders.begin(), *std::next(holders.begin())}}});
    cluster.begin({.kind = OperationKind::put, .key = "k", .value = "w"});
    cluster.run_for(sim::outage_max + 2s);
    return conclude(cluster, nullptr);
}

// Two members do not hear each other, and a third one, which votes, hears neither and nothing of
// what they report.
Finding unheard_news(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 7, 2).world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    cluster.cut({"server1"}, {"server2", "server3"});
    cluster.cut({"server2"}, {"server3"});
    cluster.run_for(18s);
    const std::uint64_t epoch = cluster.epoch();
    cluster.run_for(2s);
    if (cluster.epoch() > epoch + 10) return {Oracle::convergence, "rings follow each other"};
    cluster.get("k");
    return conclude(cluster, nullptr, 5s);
}

// The links between five of seven end one after another, so each voter has other news of them for a
// while.
Finding links_end_one_by_one(std::uint64_t seed, PlantedBugs bugs) {
    sim::WorldConfig world = small_plan(seed, bugs, 7, 2).world;
    world.partitions = 64;
    sim::Cluster cluster(world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::size_t i = 1; i <= 5; ++i) {
        for (std::size_t j = i + 1; j <= 5; ++j) {
            pairs.emplace_back(sim::server_name(i), sim::server_name(j));
        }
    }
    Rng rng(seed);
    rng.shuffle(pairs);
    for (const auto& [a, b] : pairs) {
        cluster.run_for(std::chrono::milliseconds(rng.below(800)));
        cluster.cut({a}, {b});
    }
    cluster.run_for(3s);
    return conclude(cluster, nullptr);
}

// One comes, and nothing happens after it.
Finding one_joins(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 4, 2).world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "v");
    cluster.world().start("server5");
    cluster.run_for(1s);
    return conclude(cluster, nullptr);
}

}  // namespace

TEST_CASE("an accept is refused for its content", "[planted]") {
    check_found("refuse_by_opinion", Bug::refuse_by_opinion, 8, last_moment);
}

TEST_CASE("a promise is forgotten over a restart", "[planted]") {
    check_found("forget_promises", Bug::forget_promises, 40, other_side);
}

TEST_CASE("evictions are applied before the completed fills of the ring", "[planted]") {
    check_found("evict_before_completion", Bug::evict_before_completion, 5, just_completed);
}

TEST_CASE("who is at fault for a cut is judged before it is complete", "[planted]") {
    check_found("accuse_in_haste", Bug::accuse_in_haste, 3, spreading_cut);
}

TEST_CASE("an eviction for bad links takes the last copy", "[planted]") {
    check_found("accuse_last_copy", Bug::accuse_last_copy, 3, half_heard);
}

TEST_CASE("a link that carries nothing is not heard of", "[planted]") {
    check_found("links_unheard", Bug::links_unheard, 2, hung_link);
}

TEST_CASE("a voter that lacks the news of a bad link undoes what others do about it", "[planted]") {
    check_found("undo_fills", Bug::undo_fills, 2, unheard_news);
}

TEST_CASE("rings that change only what is being filled follow each other", "[planted]") {
    check_found("fills_restless", Bug::fills_restless, 3, links_end_one_by_one);
}

TEST_CASE("what a leaver holds goes to a member that died unnoticed", "[planted]") {
    check_found("leave_to_the_dead", Bug::leave_to_the_dead, 2, leave_to_the_dead);
}

TEST_CASE("who may be dead is left alone with what others held", "[planted]") {
    check_found("heirs_unheard", Bug::heirs_unheard, 2, dead_heirs);
}

TEST_CASE("who left ends although nobody knows the ring without it", "[planted]") {
    check_found("leave_unheard", Bug::leave_unheard, 8, unheard_leave);
}

TEST_CASE("who promises is evicted all the same", "[planted]") {
    check_found("evict_promisers", Bug::evict_promisers, 3, thought_dead);
}

TEST_CASE("joiners are let in that may be dead", "[planted]") {
    check_found("admit_unheard", Bug::admit_unheard, 2, died_joining);
}

TEST_CASE("a last copy that returns with its state is not believed", "[planted]") {
    check_found("distrust_returned_copy", Bug::distrust_returned_copy, 3, last_copies);
}

TEST_CASE("a copy too many waits for ever for a ring that is made for something else",
          "[planted]") {
    check_found("trims_never_alone", Bug::trims_never_alone, 2, one_joins);
}

TEST_CASE("a new process answers for its predecessor", "[planted]") {
    check_found("answer_for_predecessor", Bug::answer_for_predecessor, 2, successors);
}
