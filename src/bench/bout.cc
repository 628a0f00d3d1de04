#include "bench/bout.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/statistics.h"
#include "coordinator/report.h"

namespace grapevine::bench {

namespace {

using Row = std::vector<std::string>;

struct Goal {
    unsigned copies;
    std::string_view against;
    std::size_t depth;
    double ratio;
};
constexpr Goal goals[] = {
    {1, "redis without copies", 1, 1.1},  {1, "redis without copies", 16, 1.3},
    {1, "redis without copies", 64, 1.5}, {3, "redis asynchronous", 1, 1.0},
    {3, "redis asynchronous", 16, 1.5},   {3, "redis asynchronous", 64, 1.5},
    {3, "redis WAIT 2", 1, 1.6},          {3, "redis WAIT 2", 16, 5.0},
    {5, "redis asynchronous", 1, 1.0},    {5, "redis asynchronous", 16, 1.5},
    {5, "redis asynchronous", 64, 1.5},   {3, "etcd", 1, 9.0}};

template <class Number>
std::vector<double> each(const std::vector<Phase>& phases, Number number) {
    std::vector<double> numbers;
    for (const Phase& phase : phases) numbers.push_back(number(phase));
    return numbers;
}

// "12.3 / 4.5": the medians of both sides.
template <class Number>
std::string both(const Bout& bout, int decimals, Number number) {
    const auto median = [&](const std::vector<Phase>& phases) {
        return spread_of(each(phases, number)).median;
    };
    return fmt::format("{:.{}f} / {:.{}f}", median(bout.ours), decimals, median(bout.theirs),
                       decimals);
}

std::uint64_t failed_of(const std::vector<Phase>& phases) {
    std::uint64_t failed = 0;
    for (const Phase& phase : phases) failed += phase.tally.failed;
    return failed;
}

std::string name_of(const Bout& bout) {
    return fmt::format("rep {}, {}", bout.copies, bout.against);
}

std::string pace_of(const Bout& bout) {
    return bout.rate > 0 ? fmt::format("{}/s", bout.rate) : std::to_string(bout.depth);
}

std::string goal_text(const Bout& bout) {
    const auto goal = bout.goal();
    if (!goal) return "-";
    const bool met = spread_of(bout.ratios()).median >= *goal;
    return fmt::format("{:.1f} {}", *goal, met ? "met" : "missed");
}

Row ratio_row(const Bout& bout) {
    const auto per_second = [](const Phase& phase) { return phase.per_second(); };
    return {name_of(bout),
            std::to_string(bout.depth),
            spread_text(each(bout.ours, per_second), 0),
            spread_text(each(bout.theirs, per_second), 0),
            spread_text(bout.ratios(), 2),
            goal_text(bout)};
}

Row latency_row(const Bout& bout) {
    const auto ms_at = [&](unsigned permille) {
        return both(bout, 2, [&](const Phase& phase) { return phase.us_at(permille) / 1000; });
    };
    return {name_of(bout), std::to_string(bout.rate),     ms_at(500),     ms_at(990),
            ms_at(999),    spread_text(bout.ratios(), 2), goal_text(bout)};
}

Row cost_row(const Bout& bout) {
    return {
        name_of(bout),
        pace_of(bout),
        both(bout, 1, [](const Phase& phase) { return phase.server_us_per_operation(); }),
        both(bout, 2, [](const Phase& phase) { return phase.own_us_per_operation(); }),
        both(bout, 2, [](const Phase& phase) { return phase.us_at(500) / 1000; }),
        both(bout, 2, [](const Phase& phase) { return phase.us_at(990) / 1000; }),
        both(bout, 0, [](const Phase& phase) { return static_cast<double>(phase.use.rss) / 1e6; }),
        fmt::format("{} / {}", failed_of(bout.ours), failed_of(bout.theirs))};
}

}  // namespace

std::vector<double> Bout::ratios() const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
        const double better = rate > 0 ? theirs[i].us_at(990) : ours[i].per_second();
        const double worse = rate > 0 ? ours[i].us_at(990) : theirs[i].per_second();
        if (worse > 0) ratios.push_back(better / worse);
    }
    return ratios;
}

std::optional<double> Bout::goal() const {
    if (rate > 0) return 1;
    for (const Goal& goal : goals) {
        if (goal.copies == copies && goal.against == against && goal.depth == depth) {
            return goal.ratio;
        }
    }
    return std::nullopt;
}

std::string bout_csv_head() {
    return "rep,against,depth,rate," + phase_csv_head();
}

std::string bout_csv_line(const Bout& bout, const Phase& phase) {
    return fmt::format("{},{},{},{},{}", bout.copies, bout.against, bout.depth, bout.rate,
                       phase_csv_line(phase));
}

std::string bout_tables(const std::vector<Bout>& bouts) {
    std::vector<Row> ratios = {
        {"median (min to max)", "depth", "Grapevine ops/s", "other ops/s", "ratio", "goal"}};
    std::vector<Row> latencies = {{"Grapevine / other", "ops/s", "p50 ms", "p99 ms", "p99.9 ms",
                                   "p99, other / Grapevine", "goal"}};
    std::vector<Row> costs = {{"Grapevine / other", "depth", "server us/op", "own us/op", "p50 ms",
                               "p99 ms", "RSS MB", "failed"}};
    for (const Bout& bout : bouts) {
        if (bout.rate > 0) {
            latencies.push_back(latency_row(bout));
        } else {
            ratios.push_back(ratio_row(bout));
        }
        costs.push_back(cost_row(bout));
    }
    std::string tables;
    for (const auto* rows : {&ratios, &latencies}) {
        if (rows->size() > 1) tables += aligned_table(*rows) + "\n";
    }
    return tables + aligned_table(costs);
}

}  // namespace grapevine::bench
