#pragma once
// When things happened: how many in each short stretch, and how long nothing did. Pure.

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace grapevine::bench {

struct RatePoint {
    Duration at{};  // the beginning of the step
    double per_second = 0;
};

// Counts events in bins of equal width from the beginning on; memory grows with the time.
class Timeline {
public:
    explicit Timeline(Duration bin);

    // So long after the beginning, not before it.
    void add(Duration at);

    // In steps from `from` to `to`, each a multiple of the bin and at a multiple of it.
    [[nodiscard]] std::vector<RatePoint> over(Duration from, Duration to, Duration step) const;
    // The mean of what happened around each moment, from `before` it until `after`, at times that
    // count from the moment. Moments are rounded down to whole bins.
    [[nodiscard]] std::vector<RatePoint> around(const std::vector<Duration>& moments,
                                                Duration before, Duration after,
                                                Duration step) const;

private:
    [[nodiscard]] std::uint64_t count(std::int64_t first_bin, std::int64_t bins) const;

    Duration bin_;
    std::vector<std::uint32_t> counts_;
};

// The longest stretch without an event.
class LongestGap {
public:
    explicit LongestGap(Time begin) : last_(begin) {}

    void event(Time at);
    // Until now nothing more has happened, and this is part of a gap too.
    [[nodiscard]] Duration until(Time now) const;

private:
    Time last_;
    Duration longest_{};
};

}  // namespace grapevine::bench
