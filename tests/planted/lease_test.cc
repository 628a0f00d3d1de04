// Bugs in leases: two nodes serve a partition at once, or an answer outlives the right to give it.
#include <utility>

#include "planted/found.h"
#include "planted/plans.h"
#include "scenarios/operator.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// A node returns and takes partitions over from another one, which stands still just then, with a
// lease of two seconds.
Finding handed_over(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 2);
    plan.world.partitions = 64;
    plan.world.node.lease.lease = 2s;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_ready()) return never_ready;
    sim::Load load(cluster.world(), plan.load, seed);
    load.start();
    Rng rng(seed);
    cluster.kill({"server5"});
    if (!cluster.run_until_restored()) return {Oracle::convergence, "not restored"};
    cluster.restart({"server5"});
    const std::string giver = first_to_send<FillReports>(cluster);
    if (!giver.empty()) {
        cluster.run_for(rng.between(0ms, 100ms));
        cluster.pause({giver});
        cluster.run_for(1500ms);
        cluster.resume({giver});
    }
    return conclude(cluster, &load);
}

// A process stands still for a moment, and dials to it are refused all the same. When it goes on it
// hears nothing, and serves under its old lease of three seconds. Its partitions change their
// primary twice meanwhile: first because it is out, then because another one dies, whom they were
// to be copied to, and the primaries are shared out again.
Finding two_successors(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 4);
    plan.world.partitions = 64;
    plan.world.node.lease.lease = 3s;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    sim::World& world = cluster.world();
    sim::Load load(world, plan.load, seed);
    load.start();
    cluster.run_for(200ms);
    const std::string first = sim::server_name(1 + seed % 5);
    sim::Names others = cluster.members();
    std::erase(others, first);
    const std::string third = others.at(Rng(seed).below(4));
    others.push_back(sim::coordinator_name);
    cluster.pause({first});
    for (const sim::FaultKind kind : {sim::FaultKind::refuse, sim::FaultKind::break_links}) {
        sim::Fault fault;
        fault.kind = kind;
        for (const std::string& other : others) fault.pairs.emplace_back(other, first);
        world.apply(fault);
    }
    const auto is_out = [&] { return !world.newest_ring()->is_up(world.node(first)->id()); };
    if (!cluster.run_until(is_out, 1s)) return {Oracle::convergence, "not evicted"};
    cluster.cut({first}, others);
    cluster.resume({first});
    cluster.kill({third});
    cluster.run_for(3s);
    return conclude(cluster, &load);
}

// Primaries stand still in the middle of a turn, with answers in hand, until others took over.
Finding late_answers(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 2);
    plan.load.clients = 10;
    plan.load.think_max = 1ms;
    plan.storm = {
        .pause = 1, .gap_max = 2s, .length_min = 700ms, .length_max = 1500ms, .lasts = 5s};
    return weather(plan);
}

// Three nodes, the voters of their ring, and two that join. The ring that admits these is decided
// by one of the three and the vote of another, and before they can say so the two others are cut
// off: one has voted, one has not heard of it.
Finding split_decision(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 2);
    plan.world.coordinator = false;
    plan.world.network.delay_max = 2ms;
    // A voter that hears no decision keeps still for long.
    plan.world.node.agreement.retry_max = 2s;
    plan.world.node.rank_delay = 1s;
    sim::Cluster cluster(plan.world, false);
    cluster.world().start("server2");
    cluster.world().start("server3");
    const auto three = [&] { return cluster.is_restored() && cluster.members().size() == 3; };
    if (!cluster.run_until(three, 10s)) return never_ready;
    sim::Load load(cluster.world(), plan.load, seed);
    load.start();
    cluster.world().start("server4");
    cluster.world().start("server5");
    bool split = false;
    cluster.world().on_ring([&](const sim::NodeHost&, const RingPtr& ring) {
        if (ring->storage_count() != 5 || std::exchange(split, true)) return;
        cluster.cut({"server1", "server4", "server5"}, {"server2", "server3"});
    });
    first_to_send<JoinRequest>(cluster);
    sim::Fault unheard;
    unheard.kind = sim::FaultKind::cut_one_way;
    unheard.pairs = {{"server1", "server3"}};
    cluster.world().apply(unheard);
    // The two hear each other, and have no link to agree over.
    sim::Fault broken;
    broken.kind = sim::FaultKind::break_links;
    broken.pairs = {{"server2", "server3"}};
    for (int i = 0; i < 1500; ++i) {
        cluster.world().apply(broken);
        cluster.run_for(1ms);
    }
    return conclude(cluster, &load);
}

// Datagrams that arrive seconds late, when those who sent them are elsewhere.
Finding stragglers(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 2);
    plan.world.coordinator = false;
    plan.world.network.delay_max = 20ms;
    plan.world.network.straggle_per_mille = 150;
    plan.world.network.straggle_max = 2s;
    plan.storm = {.cut = 1, .gap_max = 1s, .length_min = 700ms, .length_max = 1300ms, .lasts = 6s};
    return weather(plan);
}

// A network that doubles datagrams, and minorities of two.
Finding doubles(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 5, 2);
    plan.world.coordinator = false;
    plan.world.network.duplicate_per_mille = 200;
    plan.storm = {.cut = 1, .gap_max = 1s, .length_min = 500ms, .length_max = 1500ms, .lasts = 5s};
    return weather(plan);
}

// A client of the world, on its own: what it asks goes into the history.
class Loner {
public:
    Loner(sim::World& world, History& history)
        : world_(world), host_(world.start_client()), recorder_(world.queue(), host_, history) {}

    // False: it does not end.
    bool run(OperationKind kind, const std::string& value = {}) {
        Operation operation;
        operation.kind = kind;
        operation.key = "k";
        operation.value = value;
        operation.deadline = 2s;
        recorder_.submit(operation, [](const Outcome&) {});
        return world_.run_until([&] { return recorder_.in_flight() == 0; }, 5s);
    }
    // From now on it reaches nobody but one.
    void keep_to(const std::string& name) {
        for (const sim::NodeHost* host : world_.alive()) {
            if (host->name() == name) continue;
            world_.network().cut(host_.address(), host->address());
            world_.network().cut(host->address(), host_.address());
        }
    }

private:
    sim::World& world_;
    sim::ClientHost& host_;
    sim::Recorder recorder_;
};

// One copy each. A holder is cut off, with a client that reaches nobody else; what it held is given
// up, restarts empty elsewhere and is written there, and then that client writes too.
Finding given_up(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 3, 1).world);
    if (!cluster.run_until_restored()) return never_ready;
    sim::World& world = cluster.world();
    History history;
    Loner near(world, history);
    Loner far(world, history);
    const std::string holder = cluster.primary_of("k");
    bool ended = far.run(OperationKind::get);
    sim::Names others = cluster.members();
    std::erase(others, holder);
    others.push_back(sim::coordinator_name);
    cluster.cut({holder}, others);
    far.keep_to(holder);
    const auto is_down = [&] { return !world.newest_ring()->is_up(world.node(holder)->id()); };
    if (!cluster.run_until(is_down, 5s)) return {Oracle::convergence, "not evicted"};
    Operator(cluster).accept_loss(others.front());
    const auto restarted = [&] { return cluster.serves(cluster.primary_of("k"), "k"); };
    if (!cluster.run_until(restarted, 5s)) return {Oracle::convergence, "not restarted"};
    ended = near.run(OperationKind::put, "near") && ended;
    ended = far.run(OperationKind::put, "far") && ended;
    ended = near.run(OperationKind::get) && ended;
    if (Finding found = conclude(cluster, nullptr); found.oracle != Oracle::none) return found;
    if (!ended) return {Oracle::convergence, "an operation did not end"};
    return judge_history(history);
}

}  // namespace

TEST_CASE("a new primary does not wait for the old lease", "[planted]") {
    check_found("skip_lease_wait", Bug::skip_lease_wait, 3, handed_over);
}

TEST_CASE("a primary that never could serve attests that it stepped down", "[planted]") {
    check_found("attest_unserved", Bug::attest_unserved, 5, two_successors);
}

TEST_CASE("an answer to a write leaves after the lease under which it committed", "[planted]") {
    check_found("answer_past_lease", Bug::answer_past_lease, 5, late_answers);
}

TEST_CASE("the own vote counts towards the lease after the vote for the next ring", "[planted]") {
    check_found("own_vote_after_voting", Bug::own_vote_after_voting, 5, split_decision);
}

TEST_CASE("a heartbeat that is not an echo renews a lease", "[planted]") {
    check_found("request_renews_lease", Bug::request_renews_lease, 40, stragglers);
}

TEST_CASE("the same vote is counted twice", "[planted]") {
    check_found("echo_counts_twice", Bug::echo_counts_twice, 5, doubles);
}

TEST_CASE("a primary without others acknowledges without a lease", "[planted]") {
    check_found("ack_without_lease_alone", Bug::ack_without_lease_alone, 3, given_up);
}
