#include "bench/phase.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report.h"
#include "runtime/clock.h"

namespace grapevine::bench {

namespace {

double seconds_of(Duration span) {
    return static_cast<double>(to_us(span)) / 1e6;
}

double per_operation(Duration span, std::uint64_t operations) {
    if (operations == 0) return 0;
    return static_cast<double>(to_us(span)) / static_cast<double>(operations);
}

std::string milliseconds(double us) {
    return fmt::format("{:.2f}", us / 1000);
}

}  // namespace

void Phase::add_after(const Tally& late) {
    tally.add(late);
    after += late.answered();
}

double Phase::per_second() const {
    return to_us(span) > 0 ? static_cast<double>(tally.answered() - after) / seconds_of(span) : 0;
}

double Phase::us_at(unsigned permille) const {
    return static_cast<double>(tally.latency_us.permille(permille));
}

double Phase::server_us_per_operation() const {
    return per_operation(use.cpu, tally.answered() - after);
}

double Phase::own_us_per_operation() const {
    return per_operation(use.own_cpu, tally.answered() - after);
}

double Phase::moved_mb() const {
    return static_cast<double>(moved.bytes) / 1e6;
}

void Meter::begin() {
    (void)load_.take_tally();
    (void)watch_.take_moved();
    epoch_ = watch_.ring()->epoch;
    use_ = use_of(servers_, *watch_.ring());
    begun_ = boot_time();
}

Phase Meter::end() {
    Phase phase;
    phase.span = boot_time() - begun_;
    phase.tally = load_.take_tally();
    phase.use = use_of(servers_, *watch_.ring());
    phase.use.cpu -= use_.cpu;
    phase.use.own_cpu -= use_.own_cpu;
    phase.moved = watch_.take_moved();
    phase.rings = watch_.ring()->epoch.value - epoch_.value;
    return phase;
}

std::vector<std::string> names_of(const std::vector<Phase>& phases) {
    std::vector<std::string> names;
    for (const Phase& phase : phases) {
        if (std::ranges::find(names, phase.name) == names.end()) names.push_back(phase.name);
    }
    return names;
}

std::string phase_csv_head() {
    return "phase,round,waited_s,seconds,gets,puts,failed,ops_per_s,p50_us,p90_us,p99_us,p999_us,"
           "max_us,server_cpu_us_per_op,generator_cpu_us_per_op,rss_mb,rings,moved_partitions,"
           "moved_keys,moved_mb,late_p99_us,late_max_us,get_p50_us,get_p99_us,put_p50_us,"
           "put_p99_us";
}

std::string phase_csv_line(const Phase& phase) {
    const Tally& tally = phase.tally;
    return fmt::format(
        "{},{},{:.3f},{:.3f},{},{},{},{:.0f},{:.0f},{:.0f},{:.0f},{:.0f},{},{:.2f},{:.2f},{:.1f},"
        "{},{},{},{:.2f},{},{},{},{},{},{}",
        phase.name, phase.round, seconds_of(phase.waited), seconds_of(phase.span), tally.gets,
        tally.puts, tally.failed, phase.per_second(), phase.us_at(500), phase.us_at(900),
        phase.us_at(990), phase.us_at(999), tally.latency_us.max(), phase.server_us_per_operation(),
        phase.own_us_per_operation(), static_cast<double>(phase.use.rss) / 1e6, phase.rings,
        phase.moved.partitions, phase.moved.keys, phase.moved_mb(), tally.late_us.permille(990),
        tally.late_us.max(), tally.get_us.permille(500), tally.get_us.permille(990),
        tally.put_us.permille(500), tally.put_us.permille(990));
}

std::string phase_table(const std::vector<Phase>& phases) {
    std::vector<std::vector<std::string>> rows = {{"round", "phase", "seconds", "ops/s", "p50 ms",
                                                   "p99 ms", "max ms", "failed", "server us/op",
                                                   "own us/op", "RSS MB", "rings", "moved MB"}};
    for (const Phase& phase : phases) {
        rows.push_back({std::to_string(phase.round), phase.name,
                        fmt::format("{:.2f}", seconds_of(phase.span)),
                        fmt::format("{:.0f}", phase.per_second()), milliseconds(phase.us_at(500)),
                        milliseconds(phase.us_at(990)), milliseconds(phase.us_at(1000)),
                        std::to_string(phase.tally.failed),
                        fmt::format("{:.1f}", phase.server_us_per_operation()),
                        fmt::format("{:.1f}", phase.own_us_per_operation()),
                        fmt::format("{:.0f}", static_cast<double>(phase.use.rss) / 1e6),
                        std::to_string(phase.rings), fmt::format("{:.1f}", phase.moved_mb())});
    }
    return aligned_table(rows);
}

}  // namespace grapevine::bench
