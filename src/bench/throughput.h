#pragma once
// How many operations a second a cluster of so many copies answers.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/experiment.h"
#include "bench/phase.h"

namespace grapevine::bench {

struct ThroughputConfig {
    Setting setting;
    std::vector<unsigned> copies;  // one cluster after the other; of a running cluster: one, any
    std::uint64_t operations = 200'000;  // of each round
    unsigned rounds = 5;
    std::uint64_t warm_up = 50'000;  // operations before the first
};

// Calls `done` after each round.
Result<std::vector<Phase>> throughput(Session& session, const ThroughputConfig& config,
                                      const PhaseDone& done);

// Median, min and max of the rounds of each name, for people.
std::string throughput_summary(const std::vector<Phase>& phases);

}  // namespace grapevine::bench
