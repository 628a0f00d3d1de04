#pragma once
// Runs of a list of faults.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/run.h"

namespace grapevine::testing {

inline std::vector<sim::Fault> faults_of(const std::vector<std::string>& texts) {
    std::vector<sim::Fault> faults;
    for (const std::string& text : texts) faults.push_back(*sim::parse_fault(text));
    return faults;
}

// The story of these, on five nodes.
inline sim::RunOutcome run_script(const std::vector<std::string>& texts, std::uint64_t seed = 1) {
    sim::PlanChoice choice;
    choice.is_story = true;
    choice.nodes = 5;
    choice.partitions = 16;
    choice.script = faults_of(texts);
    choice.faults_for = 12s;
    return sim::run(sim::draw_plan(seed, choice));
}

// Again, with what was drawn as a list.
inline sim::RunOutcome run_listed(std::uint64_t seed, sim::PlanChoice choice,
                                  const sim::RunOutcome& drawn) {
    choice.script = faults_of(drawn.faults);
    return sim::run(sim::draw_plan(seed, choice));
}

}  // namespace grapevine::testing
