#include "bench/timeline.h"

#include <algorithm>
#include <cstddef>

#include "base/assert.h"

namespace grapevine::bench {

Timeline::Timeline(Duration bin) : bin_(bin) {
    ASSERT(bin > Duration{});
}

void Timeline::add(Duration at) {
    ASSERT(at >= Duration{});
    const auto bin = static_cast<std::size_t>(at / bin_);
    if (counts_.size() <= bin) counts_.resize(bin + 1);
    ++counts_[bin];
}

// What was before the beginning, or is yet to come, counts nothing.
std::uint64_t Timeline::count(std::int64_t first_bin, std::int64_t bins) const {
    const auto known = static_cast<std::int64_t>(counts_.size());
    std::uint64_t sum = 0;
    for (auto bin = std::max<std::int64_t>(first_bin, 0); bin < std::min(first_bin + bins, known);
         ++bin) {
        sum += counts_[static_cast<std::size_t>(bin)];
    }
    return sum;
}

std::vector<RatePoint> Timeline::over(Duration from, Duration to, Duration step) const {
    std::vector<RatePoint> points = around({from}, Duration{}, to - from, step);
    for (RatePoint& point : points) point.at += from;
    return points;
}

std::vector<RatePoint> Timeline::around(const std::vector<Duration>& moments, Duration before,
                                        Duration after, Duration step) const {
    ASSERT(step > Duration{} && step % bin_ == Duration{} && before % bin_ == Duration{});
    std::vector<RatePoint> points;
    for (Duration at = -before; at < after; at += step) {
        std::uint64_t sum = 0;
        for (const Duration moment : moments) sum += count(moment / bin_ + at / bin_, step / bin_);
        const double seconds =
            static_cast<double>(to_us(step)) / 1e6 * static_cast<double>(moments.size());
        points.push_back(
            {.at = at, .per_second = seconds > 0 ? static_cast<double>(sum) / seconds : 0});
    }
    return points;
}

void LongestGap::event(Time at) {
    longest_ = std::max(longest_, at - last_);
    last_ = at;
}

Duration LongestGap::until(Time now) const {
    return std::max(longest_, now - last_);
}

}  // namespace grapevine::bench
