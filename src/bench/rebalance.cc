#include "bench/rebalance.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "coordinator/report.h"
#include "runtime/clock.h"

namespace grapevine::bench {

namespace {

constexpr Duration join_patience = 60s;
constexpr Duration end_patience = 60s;
constexpr Duration settle = 500ms;  // after a change, before peace is measured

class Rebalance {
public:
    Rebalance(Experiment& experiment, const RebalanceConfig& config, const PhaseDone& done)
        : experiment_(experiment), config_(config), done_(done) {}

    Result<std::vector<Phase>> run() {
        auto over = experiment_.begin_load(config_.warm_up);
        if (over) over = steady(0);
        for (unsigned round = 1; over && round <= config_.rounds; ++round) over = one(round);
        // Of the last phase a line was told when it was over.
        if (over) over = experiment_.end_load(phases_.back());
        if (!over) return std::unexpected(over.error());
        return std::move(phases_);
    }

private:
    Result<void> one(unsigned round) {
        const auto pid = join(round);
        if (!pid) return std::unexpected(pid.error());
        if (const auto over = steady(round); !over) return over;
        if (const auto over = leave(round, *pid); !over) return over;
        return steady(round);
    }

    // Copies that are not wanted any more are gone before, or a node that leaves would have no need
    // to move what is still held elsewhere.
    Result<void> steady(unsigned round) {
        experiment_.session().progress("waiting for peace");
        auto over = experiment_.wait_until_at_rest();
        if (over) over = experiment_.session().pass(settle);
        if (!over) return over;
        experiment_.session().begin_round("peace");
        auto phase = experiment_.measure(config_.steady);
        if (!phase) return std::unexpected(phase.error());
        add(*std::move(phase), "steady", round);
        return {};
    }

    Result<int> join(unsigned round) {
        experiment_.session().begin_round("a node joins");
        const Time begun = boot_time();
        const auto pid = experiment_.servers().add_node();
        if (!pid) return pid;
        auto over = experiment_.wait(join_patience, "the new node is not in the ring",
                                     [&] { return is_member(*pid); });
        if (!over) return std::unexpected(over.error());
        const Duration waited = boot_time() - begun;
        Meter meter = experiment_.meter();
        meter.begin();
        over = experiment_.wait_until_settled();
        if (!over) return std::unexpected(over.error());
        Phase phase = meter.end();
        phase.rebalancing = true;
        phase.waited = waited;
        add(std::move(phase), "join", round);
        return pid;
    }

    Result<void> leave(unsigned round, int pid) {
        experiment_.session().begin_round("it leaves");
        Meter meter = experiment_.meter();
        meter.begin();
        experiment_.servers().tell_to_leave(pid);
        auto over = experiment_.wait(join_patience, "the node does not leave",
                                     [&] { return !is_member(pid); });
        if (over) over = experiment_.wait_until_settled();
        if (!over) return over;
        Phase phase = meter.end();
        phase.rebalancing = true;
        add(std::move(phase), "leave", round);
        return experiment_.wait(end_patience, "the node has left and does not end",
                                [&] { return experiment_.servers().ended(pid); });
    }

    [[nodiscard]] bool is_member(int pid) {
        return experiment_.watch().member_with_pid(pid) != nullptr;
    }

    void add(Phase phase, const std::string& name, unsigned round) {
        phase.name = name;
        phase.round = round;
        phases_.push_back(std::move(phase));
        done_(phases_.back());
    }

    Experiment& experiment_;
    const RebalanceConfig& config_;
    const PhaseDone& done_;
    std::vector<Phase> phases_;
};

std::string verdict(const std::string& name, const Ratios& ratios) {
    if (ratios.throughput.empty() || ratios.p99.empty()) {
        return fmt::format("{}: not measured\n", name);
    }
    const auto met = [](bool is_met) { return is_met ? "met" : "missed"; };
    return fmt::format("{}: throughput at least {:.0f} %: {}; p99 at most {:.0f} times: {}\n", name,
                       throughput_goal * 100,
                       met(spread_of(ratios.throughput).median >= throughput_goal), p99_goal,
                       met(spread_of(ratios.p99).median <= p99_goal));
}

}  // namespace

Result<std::vector<Phase>> rebalance(Session& session, const RebalanceConfig& config,
                                     const PhaseDone& done) {
    session.plan(1 + 4 * std::size_t{config.rounds});
    const auto experiment = Experiment::begin(session, config.setting);
    if (!experiment) return std::unexpected(experiment.error());
    return Rebalance(**experiment, config, done).run();
}

Ratios ratios_of(const std::vector<Phase>& phases, const std::string& name) {
    Ratios ratios;
    for (std::size_t i = 1; i + 1 < phases.size(); ++i) {
        const Phase& before = phases[i - 1];
        const Phase& phase = phases[i];
        const Phase& after = phases[i + 1];
        if (phase.name != name || before.rebalancing || after.rebalancing) continue;
        const double operations = (before.per_second() + after.per_second()) / 2;
        const double p99 = (before.us_at(990) + after.us_at(990)) / 2;
        if (operations > 0) ratios.throughput.push_back(phase.per_second() / operations);
        if (p99 > 0) ratios.p99.push_back(phase.us_at(990) / p99);
        ratios.seconds.push_back(static_cast<double>(to_us(phase.span)) / 1e6);
        ratios.moved_mb.push_back(phase.moved_mb());
    }
    return ratios;
}

std::string rebalance_summary(const std::vector<Phase>& phases) {
    std::vector<std::vector<std::string>> rows = {
        {"against steady: median (min to max)", "throughput", "p99", "seconds", "moved MB"}};
    std::string verdicts;
    for (const std::string name : {"join", "leave"}) {
        const Ratios ratios = ratios_of(phases, name);
        rows.push_back({name, spread_text(ratios.throughput, 2), spread_text(ratios.p99, 2),
                        spread_text(ratios.seconds, 2), spread_text(ratios.moved_mb, 1)});
        verdicts += verdict(name, ratios);
    }
    return aligned_table(rows) + verdicts;
}

}  // namespace grapevine::bench
