#pragma once
// A trial is one simulated run that a planted bug must not survive: a cluster, clients at work,
// faults, peace, and the judgement of the general oracles. A run of the right code is the same run
// without the bug.
//
// Each trial runs in a process of its own, so that a crash is a finding like others.

#include <cstdint>
#include <functional>
#include <string>

#include "base/planted.h"
#include "base/time.h"
#include "history/record.h"
#include "sim/cluster.h"
#include "sim/load.h"

namespace grapevine::testing {

enum class Oracle : std::uint8_t {
    none,         // nothing is wrong
    rules,        // what is watched all the while: one ring per epoch, one server per partition ...
    history,      // linearizability
    copies,       // identical in the end, remembered requests included
    convergence,  // whole again in time, and no operation left over
    crash,        // a broken invariant of a core, or no end at all
};

struct Finding {
    Oracle oracle = Oracle::none;
    std::string text;
};

std::string to_string(Oracle oracle);

using Trial = std::function<Finding(std::uint64_t seed, PlantedBugs bugs)>;

// In a child process, of at most a minute of processor time.
Finding run_apart(const Trial& trial, std::uint64_t seed, PlantedBugs bugs);

// Linearizable or not.
Finding judge_history(const History& history);

// Ends all faults, replaces the dead, and demands that all is well: the cluster becomes whole
// within `whole_max`, all operations end, copies are identical, and the history is linearizable.
// `load` may be null.
Finding conclude(sim::Cluster& cluster, sim::Load* load, Duration whole_max = 30s);

// --- faults by chance ---

// How often each kind strikes, relative to the others.
struct Storm {
    std::uint32_t kill = 0;  // as many as the ring survives now, when the cluster is whole
    bool hasty = false;      // or one, as soon as everybody in the ring is alive
    std::uint32_t restart = 0;
    std::uint32_t pause = 0;
    std::uint32_t cut = 0;          // some from the others, both ways
    std::uint32_t cut_one_way = 0;  // one from another
    std::uint32_t break_links = 0;  // of one pair
    Duration gap_max = 500ms;       // between two strikes
    Duration length_min = 1ms;      // of pauses and cuts
    Duration length_max = 2s;
    Duration lasts = 8s;
};

struct Plan {
    sim::WorldConfig world;
    sim::LoadConfig load;
    Storm storm;
};

// Nodes, clients and faults as planned, then conclude().
Finding weather(const Plan& plan);

}  // namespace grapevine::testing
