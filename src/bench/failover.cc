#include "bench/failover.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "bench/statistics.h"
#include "coordinator/report.h"
#include "runtime/clock.h"

namespace grapevine::bench {

namespace {

constexpr Duration read_patience = 60s;
constexpr Duration whole_patience = 300s;
// What is drawn around each kill; nothing else is done meanwhile.
constexpr Duration calm = 400ms;  // after the last copy is in its place
constexpr Duration before_kill = 200ms;
constexpr Duration after_kill = 800ms;
constexpr Duration around_step = 10ms;
constexpr Duration run_shown = 60s;
constexpr Duration run_step = 100ms;

double milliseconds(Duration span) {
    return static_cast<double>(to_us(span)) / 1000;
}

class Measurement {
public:
    Measurement(Experiment& experiment, const FailoverConfig& config, const KillDone& done)
        : experiment_(experiment),
          config_(config),
          done_(done),
          reader_(experiment.session().loop(), {.seeds = experiment.servers().seeds()}) {}

    Result<Failover> run() {
        begun_ = boot_time();
        std::optional<Meter> meter;
        if (loaded()) {
            const auto over =
                experiment_.begin_load(config_.warm_up, config_.setting.load,
                                       [this](const Answer& answer) { answered(answer); });
            if (!over) return std::unexpected(over.error());
            meter.emplace(experiment_.meter());
            meter->begin();
        }
        for (unsigned number = 1; number <= config_.kills; ++number) {
            if (const auto over = one(number); !over) return std::unexpected(over.error());
        }
        if (!meter) return std::move(result_);
        result_.phases.push_back(meter->end());
        result_.phases.back().name = "kills";
        result_.phases.back().round = 1;
        const auto over = experiment_.end_load(result_.phases.back());
        if (!over) return std::unexpected(over.error());
        return std::move(result_);
    }

private:
    [[nodiscard]] bool loaded() const { return config_.setting.load.rate > 0; }

    Result<void> one(unsigned number) {
        experiment_.session().begin_round(fmt::format("kill {}", number));
        auto over = until_whole();
        if (over) over = rest(calm);
        if (!over) return over;
        // Also for the reader to be connected to it, and to have the newest ring.
        const std::uint64_t key = rng_.below(config_.setting.workload.keys);
        const auto before = read(key);
        if (!before) return std::unexpected(before.error());
        const Member* victim = experiment_.watch().ring()->member(before->server);
        if (victim == nullptr) return fail("{} answered, and is no member", before->server_name);
        Kill kill{.number = number, .victim = victim->name};
        const Time killed_at = boot_time();
        kill.at = killed_at - begun_;
        watch_keys_of(*victim, killed_at);
        experiment_.servers().kill(static_cast<int>(victim->pid));
        const auto after = read(key);
        if (!after) return std::unexpected(after.error());
        kill.gap = boot_time() - killed_at;
        if (after->server == before->server) return fail("{} answered, and is dead", kill.victim);
        over = rest(killed_at + after_kill - boot_time());
        if (over && loaded()) kill.silence = silence_->until(boot_time());
        silence_.reset();
        if (over) over = replace();
        if (!over) return over;
        kill.whole = boot_time() - killed_at;
        result_.kills.push_back(kill);
        done_(kill);
        return {};
    }

    // Where there is no load, nothing is to be seen of it.
    Result<void> rest(Duration span) {
        return loaded() && span > Duration{} ? experiment_.session().pass(span) : Result<void>{};
    }

    Result<void> replace() {
        if (const auto pid = experiment_.servers().add_node(); !pid) {
            return std::unexpected(pid.error());
        }
        return until_whole();
    }

    Result<void> until_whole() {
        return experiment_.wait(whole_patience, "the copies are not all in their places", [&] {
            return experiment_.watch().settled() &&
                   experiment_.watch().ring()->storage_count() == config_.setting.cluster.nodes;
        });
    }

    Result<Outcome> read(std::uint64_t key) {
        Step step = step_on(config_.setting.workload, key, OperationKind::get);
        std::optional<Outcome> outcome;
        reader_.submit(static_cast<Operation&&>(step),
                       [&](const Outcome& came) { outcome = came; });
        const auto over = experiment_.wait(read_patience, "a read was not answered",
                                           [&] { return outcome.has_value(); });
        if (!over) return std::unexpected(over.error());
        if (outcome->kind != OutcomeKind::ok) return fail("a read failed: {}", outcome->detail);
        return *outcome;
    }

    void watch_keys_of(const Member& victim, Time now) {
        const Ring& ring = *experiment_.watch().ring();
        victims_.assign(ring.partitions(), false);
        for (std::size_t i = 0; i < ring.table.size(); ++i) {
            victims_[i] = ring.table[i].primary() == victim.id;
        }
        silence_.emplace(now);
    }

    void answered(const Answer& answer) {
        if (!answer.good) return;
        result_.answered.add(answer.over - begun_);
        if (!silence_) return;
        const auto key = key_number(config_.setting.workload, answer.number);
        const auto partitions = static_cast<std::uint32_t>(victims_.size());
        if (victims_[partition_of_key(key, partitions).value]) silence_->event(answer.over);
    }

    Experiment& experiment_;
    const FailoverConfig& config_;
    const KillDone& done_;
    ClientHost reader_;
    Rng rng_{1};
    Time begun_{};
    std::vector<bool> victims_;          // by partition: its primary is killed
    std::optional<LongestGap> silence_;  // of them, from a kill on
    Failover result_;
};

std::string goals_text(const std::vector<Duration>& sorted) {
    const auto met = [](bool is_met) { return is_met ? "met" : "missed"; };
    const Duration median = sorted[nearest_rank(sorted.size(), 1, 2) - 1];
    const auto slow = static_cast<std::size_t>(
        std::ranges::count_if(sorted, [](Duration gap) { return gap > slow_gap; }));
    const std::size_t allowed = sorted.size() / 100;
    return fmt::format("median at most {} ms: {}; at most {} of {} above {} ms: {} ({})\n",
                       median_goal / 1ms, met(median <= median_goal), allowed, sorted.size(),
                       slow_gap / 1ms, met(slow <= allowed), slow);
}

std::vector<std::string> row_of(const std::string& name, std::vector<Duration> spans) {
    std::ranges::sort(spans);
    std::vector<std::string> row = {name};
    for (const unsigned percent : {0u, 50u, 90u, 99u, 100u}) {
        const Duration span = spans[nearest_rank(spans.size(), percent, 100) - 1];
        row.push_back(fmt::format("{:.1f}", milliseconds(span)));
    }
    return row;
}

}  // namespace

Result<Failover> failover(Session& session, const FailoverConfig& config, const KillDone& done) {
    session.plan(config.kills);
    const auto experiment = Experiment::begin(session, config.setting);
    if (!experiment) return std::unexpected(experiment.error());
    return Measurement(**experiment, config, done).run();
}

std::string kill_csv_head() {
    return "kill,victim,at_ms,gap_us,silence_us,whole_ms";
}

std::string kill_csv_line(const Kill& kill) {
    return fmt::format("{},{},{},{},{},{}", kill.number, kill.victim, to_ms(kill.at),
                       to_us(kill.gap), to_us(kill.silence), to_ms(kill.whole));
}

std::string timeline_csv_head() {
    return "series,at_ms,ops_per_s";
}

std::vector<std::string> timeline_csv_lines(const Failover& result) {
    std::vector<std::string> lines;
    const auto add = [&](const char* series, const std::vector<RatePoint>& points) {
        for (const RatePoint& point : points) {
            lines.push_back(fmt::format("{},{},{:.1f}", series, to_ms(point.at), point.per_second));
        }
    };
    std::vector<Duration> moments;
    for (const Kill& kill : result.kills) moments.push_back(kill.at);
    const Duration end = moments.empty() ? Duration{} : moments.back() + after_kill;
    add("run", result.answered.over({}, std::min(run_shown, end / run_step * run_step), run_step));
    for (const Duration moment : moments) {
        if (moment < run_shown) lines.push_back(fmt::format("kill,{},0", to_ms(moment)));
    }
    add("around", result.answered.around(moments, before_kill, after_kill, around_step));
    return lines;
}

std::string failover_summary(const std::vector<Kill>& kills) {
    if (kills.empty()) return "nothing was measured\n";
    std::vector<Duration> gaps;
    std::vector<Duration> silences;
    std::vector<Duration> wholes;
    for (const Kill& kill : kills) {
        gaps.push_back(kill.gap);
        if (kill.silence > Duration{}) silences.push_back(kill.silence);
        wholes.push_back(kill.whole);
    }
    std::vector<std::vector<std::string>> rows = {
        {"ms, from the kill of a primary", "min", "p50", "p90", "p99", "max"}};
    rows.push_back(row_of("to the next answer for its key", gaps));
    if (!silences.empty()) rows.push_back(row_of("longest silence of its keys", silences));
    rows.push_back(row_of("to a whole cluster, with a new node", wholes));
    std::ranges::sort(gaps);
    return aligned_table(rows) + goals_text(gaps);
}

}  // namespace grapevine::bench
