#pragma once
// What a load feels of a node that joins and is filled, and of one that leaves: steady, join,
// steady, leave, steady, ... on one cluster.
//
// A join is measured from the first ring that has the new node (its start is not part of it), a
// leave from when the node is told to; both until every copy is in its place. Each is compared with
// the mean of the steady stretches before and after it, so that what drifts (other work on the
// machine) weighs little.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bench/experiment.h"
#include "bench/phase.h"
#include "bench/statistics.h"

namespace grapevine::bench {

struct RebalanceConfig {
    Setting setting;
    unsigned rounds = 5;
    Duration steady = 5s;   // of each steady stretch
    Duration warm_up = 3s;  // before the first of them
};

// Calls `done` after each phase.
Result<std::vector<Phase>> rebalance(Session& session, const RebalanceConfig& config,
                                     const PhaseDone& done);

// Of the phases of one name, each against the steady ones around it.
struct Ratios {
    std::vector<double> throughput;  // below 1: less than in peace
    std::vector<double> p99;         // above 1: slower
    std::vector<double> seconds;     // not ratios: how long each took,
    std::vector<double> moved_mb;    // and what it moved
};
Ratios ratios_of(const std::vector<Phase>& phases, const std::string& name);

// For people: what joins and leaves cost, and whether that is within the goals.
inline constexpr double throughput_goal = 0.7;  // at least
inline constexpr double p99_goal = 3;           // at most
std::string rebalance_summary(const std::vector<Phase>& phases);

}  // namespace grapevine::bench
