// Clients at work while most of the cluster dies, it is founded anew from the rest, and they go on:
// what was acknowledged on a partition that has a copy on a survivor is there, every answer is
// explained by an order of all operations before and after, and what restarted empty is empty.
#include <algorithm>

#include "base/hash.h"
#include "base/rng.h"
#include "history/linearizability.h"
#include "scenarios/forcing.h"
#include "scenarios/operator.h"
#include "scenarios/scenario.h"
#include "sim/load.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

ClusterId cluster_of(const Cluster& cluster, const std::string& name) {
    const RingPtr ring = cluster.world().node(name)->ring();
    return ring == nullptr ? ClusterId{} : ring->cluster;
}

void finish(Cluster& cluster, sim::Load& load) {
    load.stop();
    REQUIRE(cluster.run_until([&] { return load.is_idle(); }, 7s));
}

// Datagrams are lost, one of the survivors stands still or two of them do not hear each other, and
// whoever asks does so until all of them are in one new cluster.
void found_in_bad_weather(Cluster& cluster, const Names& living, Rng& rng) {
    const ClusterId old = cluster_of(cluster, living.front());
    const auto all_are_over = [&] {
        return std::ranges::all_of(living, [&](const std::string& name) {
            return cluster_of(cluster, name) != old &&
                   cluster_of(cluster, name) == cluster_of(cluster, living.front());
        });
    };
    cluster.lose(static_cast<std::uint32_t>(rng.below(20)));
    const std::uint64_t trouble = rng.below(3);
    if (trouble == 1) cluster.pause({living[rng.below(living.size())]});
    if (trouble == 2) cluster.cut({living[0]}, {living[1]});
    Operator person(cluster);
    for (std::uint64_t id = 100; id < 110 && !all_are_over(); ++id) {
        if (cluster_of(cluster, living.front()) == old) {
            const ForceRing request = founding_of(cluster, living, id);
            person.ask(living[rng.below(living.size())], request);
        }
        cluster.run_until(all_are_over, rng.between(50ms, 1500ms));
        cluster.resume(living);
        cluster.heal();
    }
    REQUIRE(cluster.run_until(all_are_over, 10s));
    cluster.lose(0);
}

// By partitions that went on and those that restarted empty.
struct Histories {
    History all;
    History kept;
    History restarted;  // what was asked after the founding
};

void add(Histories& histories, const History& history, const Ring& before, const Ring& after,
         bool is_after) {
    for (const OperationRecord& record : history) {
        const PartitionId id = partition_of_key(record.key, after.partitions());
        const bool is_kept = before.entry(id).generation == after.entry(id).generation;
        histories.all.push_back(record);
        if (is_kept) histories.kept.push_back(record);
        if (!is_kept && is_after) histories.restarted.push_back(record);
    }
}

void check_history(const History& history) {
    const HistoryVerdict verdict = check_linearizable(history);
    INFO(verdict.key << ": " << verdict.explanation);
    CHECK(verdict.verdict == Verdict::linearizable);
}

}  // namespace

TEST_CASE("what survivors hold is there after the founding, and every answer has its place",
          "[scenario]") {
    std::size_t lost = 0;  // keys that were written before
    std::size_t kept = 0;
    std::size_t violated = 0;  // seeds in which the loss shows where it is not counted on
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        INFO("seed " << seed);
        Rng rng(seed);
        const bool has_coordinator = rng.chance(1, 2);
        Cluster cluster({.nodes = 7, .copies = 3, .seed = seed, .coordinator = has_coordinator});
        REQUIRE(cluster.run_until_settled());
        const sim::LoadConfig work{.clients = 6, .keys = 30, .think_max = 5ms};
        sim::Load before(cluster.world(), work, seed);
        before.start();
        cluster.run_for(rng.between(500ms, 1500ms));
        // All at once, so that no ring is agreed on that no survivor has heard of.
        const RingPtr last = cluster.world().newest_ring();
        Names gone = cluster.members();
        rng.shuffle(gone);
        const auto first_gone = gone.begin() + 2 + static_cast<std::ptrdiff_t>(rng.below(2));
        Names living(gone.begin(), first_gone);
        gone.erase(gone.begin(), first_gone);
        if (has_coordinator) gone.push_back(sim::coordinator_name);
        std::ranges::sort(living);
        cluster.kill(gone);
        cluster.run_for(rng.between(0ms, 1s));
        found_in_bad_weather(cluster, living, rng);
        finish(cluster, before);

        const RingPtr founded = cluster.world().newest_ring();
        sim::Load after(cluster.world(), work, seed + 100);
        after.start();
        cluster.run_for(1s);
        std::erase(gone, sim::coordinator_name);
        cluster.restart(gone);
        REQUIRE(cluster.run_until_settled());
        cluster.run_for(500ms);
        finish(cluster, after);
        CHECK(after.answered() > 300);

        Histories histories;
        add(histories, before.history(), *last, *founded, false);
        add(histories, after.history(), *last, *founded, true);
        check_history(histories.kept);
        check_history(histories.restarted);
        for (std::size_t i = 0; i < work.keys; ++i) {
            const PartitionId id =
                partition_of_key("shared" + std::to_string(i), founded->partitions());
            const bool is_kept = last->entry(id).generation == founded->entry(id).generation;
            const bool has_copy = std::ranges::any_of(last->entry(id).copies, [&](NodeId copy) {
                return std::ranges::find(living, cluster.world().name_of(copy)) != living.end();
            });
            CHECK(is_kept == has_copy);
            ++(is_kept ? kept : lost);
        }
        const bool shows = check_linearizable(histories.all).verdict != Verdict::linearizable;
        violated += shows ? 1 : 0;
        cluster.run_for(1s);
        CHECK(cluster.difference_between_copies() == "");
    }
    CHECK(kept > 100);
    CHECK(lost > 30);
    CHECK(violated > 3);  // so the histories are awake
}
