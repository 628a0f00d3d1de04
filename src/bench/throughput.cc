#include "bench/throughput.h"

#include <fmt/format.h>

#include <utility>

#include "bench/statistics.h"
#include "coordinator/report.h"

namespace grapevine::bench {

namespace {

Result<void> measure_rounds(Session& session, const ThroughputConfig& config,
                            const std::string& name, std::vector<Phase>& phases,
                            const PhaseDone& done) {
    const auto begun = Experiment::begin(session, config.setting);
    if (!begun) return std::unexpected(begun.error());
    Experiment& experiment = **begun;
    session.progress(name + ": warm-up");
    if (const auto warm = experiment.measure_operations(config.warm_up, 1); !warm) {
        return std::unexpected(warm.error());
    }
    for (unsigned round = 1; round <= config.rounds; ++round) {
        session.begin_round(name);
        auto phase = experiment.measure_operations(config.operations, 1 + round);
        if (!phase) return std::unexpected(phase.error());
        phase->name = name;
        phase->round = round;
        phases.push_back(*std::move(phase));
        done(phases.back());
    }
    return {};
}

std::vector<std::string> summary_row(const std::vector<Phase>& phases, const std::string& name) {
    std::vector<double> per_second;
    std::vector<double> p99_ms;
    std::vector<double> cpu_us;
    for (const Phase& phase : phases) {
        if (phase.name != name) continue;
        per_second.push_back(phase.per_second());
        p99_ms.push_back(phase.us_at(990) / 1000);
        cpu_us.push_back(phase.server_us_per_operation());
    }
    return {name, spread_text(per_second, 0), spread_text(p99_ms, 2), spread_text(cpu_us, 2)};
}

}  // namespace

Result<std::vector<Phase>> throughput(Session& session, const ThroughputConfig& config,
                                      const PhaseDone& done) {
    std::vector<Phase> phases;
    const bool is_running = !config.setting.cluster.running.empty();
    session.plan((is_running ? 1 : config.copies.size()) * config.rounds);
    if (is_running) {
        const auto over = measure_rounds(session, config, "running", phases, done);
        if (!over) return std::unexpected(over.error());
        return phases;
    }
    for (const unsigned copies : config.copies) {
        ThroughputConfig one = config;
        one.setting.cluster.copies = copies;
        const auto over = measure_rounds(session, one, fmt::format("rep {}", copies), phases, done);
        if (!over) return std::unexpected(over.error());
    }
    return phases;
}

std::string throughput_summary(const std::vector<Phase>& phases) {
    std::vector<std::vector<std::string>> rows = {
        {"median (min to max)", "ops/s", "p99 ms", "server us/op"}};
    for (const std::string& name : names_of(phases)) rows.push_back(summary_row(phases, name));
    return aligned_table(rows);
}

}  // namespace grapevine::bench
