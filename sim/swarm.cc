#include "sim/swarm.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "history/linearizability.h"
#include "sim/chaos.h"
#include "sim/cluster.h"

namespace grapevine::sim {

namespace {

// After the last fault: failures are noticed in under a second, joins and fills take a few rings.
constexpr Duration restore_max = 30s;

class SwarmRun {
public:
    SwarmRun(const SwarmPlan& plan, const Tell& tell, EventLog::Sink sink)
        : plan_(plan),
          tell_(tell),
          cluster_(plan.world),
          load_(cluster_.world(), plan.load, plan.world.seed + 1),
          chaos_(cluster_, {plan.fault_gap_max, plan.beyond_promise}, plan.world.seed + 2,
                 [this](const Fault& fault) { say("fault " + to_string(fault)); }) {
        World& world = cluster_.world();
        world.log().set_sink(std::move(sink));
        if (!tell_) return;
        world.on_log([this](const NodeHost& host, const LogLine& line) {
            say(fmt::format("{}: {}", host.name(), line.text));
        });
    }

    SwarmOutcome run() {
        go();
        World& world = cluster_.world();
        if (world.is_broken()) fail(RunResult::broken, cluster_.defect());
        judge_history();
        outcome_.hash = world.log().hash();
        outcome_.events = world.log().events();
        outcome_.operations = load_.history().size();
        outcome_.answered = load_.answered();
        outcome_.faults = chaos_.faults();
        outcome_.virtual_time = world.now() - Time{};
        return outcome_;
    }

private:
    void go() {
        if (!cluster_.run_until_ready()) return no_convergence("was never ready");
        load_.start();
        chaos_.start();
        cluster_.run_for(plan_.faults_for);
        chaos_.stop();
        say("the faults end");
        const bool whole = cluster_.run_until_restored(restore_max);
        if (!whole && !plan_.beyond_promise) return no_convergence("did not become whole again");
        // A last while of work in peace.
        cluster_.run_for(1s);
        load_.stop();
        if (!cluster_.run_until([this] { return load_.is_idle(); }, plan_.load.deadline + 1s)) {
            return no_convergence("left operations without an end");
        }
        cluster_.run_for(1s);
        if (plan_.beyond_promise || cluster_.world().is_broken()) return;
        const std::string difference = cluster_.difference_between_copies();
        if (!difference.empty()) fail(RunResult::broken, difference);
    }

    void judge_history() {
        const HistoryVerdict verdict = check_linearizable(load_.history());
        if (verdict.verdict == Verdict::linearizable) return;
        fail(RunResult::broken, fmt::format("history of {}: {}", verdict.key, verdict.explanation));
    }

    void no_convergence(const std::string& what) {
        if (cluster_.world().is_broken()) return;
        fail(RunResult::not_converged, "the cluster " + what);
    }

    void fail(RunResult result, const std::string& reason) {
        if (outcome_.result == RunResult::broken) return;
        outcome_.result = result;
        outcome_.reason = reason;
    }

    void say(const std::string& line) {
        if (tell_) tell_(fmt::format("{}  {}", seconds(cluster_.world().now()), line));
    }

    SwarmPlan plan_;
    const Tell& tell_;
    Cluster cluster_;
    Load load_;
    Chaos chaos_;
    SwarmOutcome outcome_;
};

}  // namespace

SwarmPlan draw_plan(std::uint64_t seed) {
    Rng rng(seed ^ 0x6772617065ULL);  // another stream than the world's
    SwarmPlan plan;
    plan.world.seed = seed;
    plan.world.nodes = 1 + rng.below(9);
    plan.world.copies =
        static_cast<std::uint32_t>(1 + rng.below(std::min<std::size_t>(5, plan.world.nodes)));
    plan.world.partitions = 1U << (4 + rng.below(3));
    plan.world.coordinator = rng.chance(4, 5);
    plan.world.network.delay_max = Duration{200LL << rng.below(6)};
    plan.load.clients = 1 + rng.below(6);
    plan.load.keys = 1 + rng.below(20);
    plan.load.think_max = Duration{1000LL << rng.below(6)};
    plan.faults_for = rng.between(2s, 15s);
    plan.fault_gap_max = Duration{250'000LL << rng.below(5)};
    plan.beyond_promise = rng.chance(1, 8);
    return plan;
}

std::string to_string(const SwarmPlan& plan) {
    return fmt::format(
        "{} nodes{}, {} copies, {} partitions, {} clients, {} keys, {} ms of faults{}",
        plan.world.nodes, plan.world.coordinator ? "" : " without a coordinator", plan.world.copies,
        plan.world.partitions, plan.load.clients, plan.load.keys, to_us(plan.faults_for) / 1000,
        plan.beyond_promise ? ", beyond the promise" : "");
}

SwarmOutcome run_swarm(std::uint64_t seed, const Tell& tell, EventLog::Sink sink) {
    return SwarmRun(draw_plan(seed), tell, std::move(sink)).run();
}

}  // namespace grapevine::sim
