#pragma once
// The command line of ./sim.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/run_plan.h"

namespace grapevine {

struct SimOptions {
    std::uint64_t seed = 1;
    std::size_t runs = 1;
    std::size_t jobs = 0;  // at once; 0: as many as there are processor cores
    sim::PlanChoice choice;
    std::string explain;  // a key; empty: none
    bool shrink = false;
    std::string save;            // a file for the shrunk faults; empty: none
    std::string trace;           // a file for the event log; empty: none
    std::int64_t limit_s = 300;  // of real time, for one run
    bool verbose = false;
    std::optional<int> exit;  // help or version was asked for and printed
};

// A sentence where the command line is wrong.
Result<SimOptions> parse_sim_options(int argc, char** argv);

}  // namespace grapevine
