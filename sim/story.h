#pragma once
// One run told to a person: keys are written and overwritten, nodes die (or whatever the faults
// say), and everything is read back, while other clients keep working. Says in plain words, with
// virtual time stamps, how the cluster noticed, agreed, served and copied.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/fault.h"
#include "sim/swarm.h"
#include "sim/world.h"

namespace grapevine::sim {

struct StoryConfig {
    WorldConfig world;
    std::size_t kill = 0;  // at the same instant, drawn from the seed
    std::vector<Fault> faults;
    std::size_t keys = 20;
    bool verbose = false;  // what each process says, too
};

struct StoryOutcome {
    RunResult result = RunResult::pass;
    std::string reason;  // a sentence, also where it passed
    std::uint64_t hash = 0;
};

StoryOutcome tell_story(const StoryConfig& config, const Tell& tell);

}  // namespace grapevine::sim
