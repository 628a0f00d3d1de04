// Bugs in founding a cluster anew: two operators at once make two clusters of one, and so does one
// who asks again.
#include <algorithm>
#include <string>

#include "planted/found.h"
#include "planted/plans.h"
#include "scenarios/forcing.h"
#include "scenarios/operator.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Four of seven die, and two people ask different survivors for different clusters.
Finding two_founders(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 7, 3);
    plan.world.coordinator = false;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.kill({"server4", "server5", "server6", "server7"});
    cluster.run_for(1s);
    const sim::Names living = {"server1", "server2", "server3"};
    const ForceRing one = founding_of(cluster, living, 0xbeef);
    const ForceRing two = founding_of(cluster, living, 0xf00d);
    Operator first(cluster);
    Operator second(cluster, 1);
    first.ask(living[0], one);
    second.ask(living[1], two);
    const auto is_founded = [&] { return cluster.world().newest_ring()->parent() == one.parent; };
    if (!cluster.run_until(is_founded, 5s) && !cluster.world().is_broken()) {
        return {Oracle::convergence, "not founded"};
    }
    return conclude(cluster, nullptr);
}

// The same by the operator of the swarm, under load and with lost datagrams.
Finding quorum_dies(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 7, 3);
    plan.world.coordinator = false;
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_restored()) return never_ready;
    sim::Load load(cluster.world(), plan.load, seed + 1);
    load.start();
    cluster.run_for(500ms);
    cluster.lose(15);
    cluster.kill({"server4", "server5", "server6", "server7"});
    cluster.run_for(std::chrono::milliseconds(seed * 50));
    sim::Fault force;
    force.kind = sim::FaultKind::force;
    cluster.world().apply(force);
    const auto is_done = [&] { return !cluster.world().founder().is_busy(); };
    if (!cluster.run_until(is_done, 60s) && !cluster.world().is_broken()) {
        return {Oracle::convergence, "not founded"};
    }
    return conclude(cluster, &load);
}

// A coordinator stands still while the cluster is founded anew twice. It holds nothing, and should
// go over.
Finding slept_through_two(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 5, 2).world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.pause({sim::coordinator_name});
    sim::Names living = cluster.members();
    Operator person(cluster);
    for (const std::size_t survivors : {2, 1}) {
        cluster.kill({living.begin() + survivors, living.end()});
        living.resize(survivors);
        cluster.run_for(1s);
        const ForceRing force = founding_of(cluster, living, 0xbeef + survivors);
        person.ask(living[0], force);
        const auto are_in = [&] {
            return std::ranges::all_of(living, [&](const std::string& name) {
                return cluster_of(cluster, name) == force.founding.ballot.cluster;
            });
        };
        if (!cluster.run_until(are_in, 5s)) return {Oracle::convergence, "not founded"};
    }
    cluster.resume({sim::coordinator_name});
    return conclude(cluster, nullptr);
}

}  // namespace

TEST_CASE("a consent gives way to what is asked last", "[planted]") {
    check_found("consent_to_lower", Bug::consent_to_lower, 16, two_founders);
}

TEST_CASE("who consents founds the cluster without waiting for the others", "[planted]") {
    check_found("found_alone", Bug::found_alone, 12, two_founders);
    check_found("found_alone", Bug::found_alone, 24, quorum_dies);
}

TEST_CASE("only the cluster that comes of one's own at once is heard of", "[planted]") {
    check_found("parent_alone", Bug::parent_alone, 3, slept_through_two);
}
