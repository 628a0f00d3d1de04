#include "bench/latency.h"

#include <fmt/format.h>

#include <utility>

#include "bench/statistics.h"
#include "coordinator/report.h"

namespace grapevine::bench {

namespace {

// Steps in which the remaining half is told.
constexpr std::uint64_t steps_to_half = 10;
// Below this share of the rate the servers, or the generator, could not keep up.
constexpr double kept_up = 0.98;

std::string name_of(std::uint64_t rate) {
    return fmt::format("rate {}", rate);
}

Result<void> measure_rate(Experiment& experiment, const LatencyConfig& config, std::uint64_t rate,
                          std::vector<Phase>& phases, const PhaseDone& done) {
    const std::string name = name_of(rate);
    Session& session = experiment.session();
    session.progress(name + ": warm-up");
    LoadConfig load = config.setting.load;
    load.rate = rate;
    if (const auto over = experiment.begin_load(config.warm_up, load); !over) return over;
    for (unsigned round = 1; round <= config.rounds; ++round) {
        session.begin_round(name);
        auto phase = experiment.measure(config.span);
        if (!phase) return std::unexpected(phase.error());
        phase->name = name;
        phase->round = round;
        if (round == config.rounds) {
            if (const auto over = experiment.end_load(*phase); !over) return over;
        }
        phases.push_back(*std::move(phase));
        done(phases.back());
    }
    return {};
}

// What one rate came to.
struct Rounds {
    std::vector<double> per_second;
    std::vector<double> p50_ms;
    std::vector<double> p99_ms;
    std::vector<double> p999_ms;
    std::vector<double> late_ms;  // p99
    std::vector<double> server_us;
    std::uint64_t failed = 0;  // of all
};

Rounds rounds_of(const std::vector<Phase>& phases, const std::string& name) {
    Rounds rounds;
    for (const Phase& phase : phases) {
        if (phase.name != name) continue;
        rounds.per_second.push_back(phase.per_second());
        rounds.p50_ms.push_back(phase.us_at(500) / 1000);
        rounds.p99_ms.push_back(phase.us_at(990) / 1000);
        rounds.p999_ms.push_back(phase.us_at(999) / 1000);
        rounds.late_ms.push_back(static_cast<double>(phase.tally.late_us.permille(990)) / 1000);
        rounds.server_us.push_back(phase.server_us_per_operation());
        rounds.failed += phase.tally.failed;
    }
    return rounds;
}

}  // namespace

Result<std::vector<Phase>> latency(Session& session, const LatencyConfig& config,
                                   const PhaseDone& done) {
    session.plan(config.rates.size() * config.rounds);
    const auto experiment = Experiment::begin(session, config.setting);
    if (!experiment) return std::unexpected(experiment.error());
    std::vector<Phase> phases;
    for (const std::uint64_t rate : config.rates) {
        const auto over = measure_rate(**experiment, config, rate, phases, done);
        if (!over) return std::unexpected(over.error());
    }
    return phases;
}

std::vector<PercentilePoint> percentiles_of(const Histogram& histogram) {
    std::vector<PercentilePoint> points;
    if (histogram.count() == 0) return points;
    // The rest that takes longer is `left` of `whole`.
    for (std::uint64_t halves = 1; halves < 2 * histogram.count(); halves *= 2) {
        const std::uint64_t whole = 2 * steps_to_half * halves;
        for (std::uint64_t left = 2 * steps_to_half; left > steps_to_half; --left) {
            const std::uint64_t part = whole - left;
            points.push_back(
                {.percentile = 100 * static_cast<double>(part) / static_cast<double>(whole),
                 .one_in = static_cast<double>(whole) / static_cast<double>(left),
                 .us = histogram.at(part, whole)});
            if (points.back().us == histogram.max()) return points;
        }
    }
    return points;
}

std::string percentile_csv_head() {
    return "load,percentile,one_in,us";
}

std::vector<std::string> percentile_csv_lines(const std::vector<Phase>& phases) {
    std::vector<std::string> lines;
    for (const std::string& name : names_of(phases)) {
        Histogram all;
        for (const Phase& phase : phases) {
            if (phase.name == name) all.add(phase.tally.latency_us);
        }
        for (const PercentilePoint& point : percentiles_of(all)) {
            lines.push_back(
                fmt::format("{},{:.7g},{:.7g},{}", name, point.percentile, point.one_in, point.us));
        }
    }
    return lines;
}

std::string latency_summary(const std::vector<std::uint64_t>& rates,
                            const std::vector<Phase>& phases) {
    std::vector<std::vector<std::string>> rows = {{"median (min to max)", "ops/s", "p50 ms",
                                                   "p99 ms", "p99.9 ms", "submitted late, p99 ms",
                                                   "server us/op", "failed"}};
    std::string too_much;
    for (const std::uint64_t rate : rates) {
        const Rounds rounds = rounds_of(phases, name_of(rate));
        rows.push_back({name_of(rate), spread_text(rounds.per_second, 0),
                        spread_text(rounds.p50_ms, 2), spread_text(rounds.p99_ms, 2),
                        spread_text(rounds.p999_ms, 2), spread_text(rounds.late_ms, 2),
                        spread_text(rounds.server_us, 1), std::to_string(rounds.failed)});
        const double answered = spread_of(rounds.per_second).median;
        if (answered < kept_up * static_cast<double>(rate)) {
            too_much += fmt::format(
                "{} a second are more than were answered ({:.0f}): what waited grew all the time\n",
                rate, answered);
        }
    }
    return aligned_table(rows) + too_much;
}

}  // namespace grapevine::bench
