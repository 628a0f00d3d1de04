#pragma once
// How long operations take at fixed rates: an open loop, so that what waits behind a stall is
// counted with it (Tene, "How not to measure latency"), also what is due before the end of the last
// round and answered after it. What fails is an operation as slow as whoever asked had to wait to
// hear of it, and is told besides.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/experiment.h"
#include "bench/phase.h"

namespace grapevine::bench {

struct LatencyConfig {
    Setting setting;
    std::vector<std::uint64_t> rates;  // operations a second, one after the other on one cluster
    unsigned rounds = 5;
    Duration span = 5s;     // of each round
    Duration warm_up = 2s;  // at each rate, before its first round
};

// Calls `done` after each round.
Result<std::vector<Phase>> latency(Session& session, const LatencyConfig& config,
                                   const PhaseDone& done);

// One point of the distribution: so many of a hundred took at most so long.
struct PercentilePoint {
    double percentile = 0;
    double one_in = 0;  // that take longer: 1000 at 99.9
    std::uint64_t us = 0;
};
// Ten points to each half of what is left: 0, 5, ... 50, 52.5, ... 75, 76.25, ... up to the one
// that is the longest of all.
std::vector<PercentilePoint> percentiles_of(const Histogram& histogram);

// CSV, of all rounds of each name together.
std::string percentile_csv_head();
std::vector<std::string> percentile_csv_lines(const std::vector<Phase>& phases);

// Median, min and max of the rounds of each rate, for people; and which rate was too much.
std::string latency_summary(const std::vector<std::uint64_t>& rates,
                            const std::vector<Phase>& phases);

}  // namespace grapevine::bench
