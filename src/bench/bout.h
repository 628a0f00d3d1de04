#pragma once
// What came of one comparison: its rounds, their ratios, and the goal.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/phase.h"

namespace grapevine::bench {

struct Bout {
    unsigned copies = 1;
    std::string against;  // "redis WAIT 2"
    std::size_t depth = 1;
    std::uint64_t rate = 0;   // at which operations were due; 0: the next followed an answer
    std::vector<Phase> ours;  // a round each
    std::vector<Phase> theirs;

    // Of each round: above 1, ours is better. Of the throughput; at a fixed rate, where that is the
    // same, of the p99 of theirs to that of ours.
    [[nodiscard]] std::vector<double> ratios() const;
    // The ratio that is wanted at least; nothing: none is.
    [[nodiscard]] std::optional<double> goal() const;
};

// Lines of CSV, one for each round of each side.
std::string bout_csv_head();
std::string bout_csv_line(const Bout& bout, const Phase& phase);
// For people: throughput and ratios against the goals, latency at fixed rates, then what it cost.
std::string bout_tables(const std::vector<Bout>& bouts);

}  // namespace grapevine::bench
