#pragma once
// One run of the swarm: everything about it is drawn from its seed. Clients work while faults
// strike; then the faults end, the dead are replaced, and the cluster has to become whole again
// within a stated time; at last the whole history is judged.
//
// Nodes are killed at most as many at once as the ring says it survives at that moment, and only in
// a calm cluster that is whole, since pauses and cuts count as failures too. In one run out of
// eight that restraint is off ("beyond the promise"): then partitions may stay unavailable, and
// only answers that were false count.

#include <cstdint>
#include <string>

#include "base/time.h"
#include "sim/load.h"
#include "sim/world.h"

namespace grapevine::sim {

enum class RunResult : std::uint8_t {
    pass,
    broken,         // a safety rule, or a history that no order explains
    not_converged,  // the faults ended and the cluster did not become whole
};

struct SwarmPlan {
    WorldConfig world;
    LoadConfig load;
    Duration faults_for = 10s;
    Duration fault_gap_max = 2s;
    bool beyond_promise = false;
};

SwarmPlan draw_plan(std::uint64_t seed);
std::string to_string(const SwarmPlan& plan);

struct SwarmOutcome {
    RunResult result = RunResult::pass;
    std::string reason;  // empty where it passed
    std::uint64_t hash = 0;
    std::uint64_t events = 0;
    std::size_t operations = 0;
    std::size_t answered = 0;
    std::size_t faults = 0;
    Duration virtual_time{};
};

using Tell = std::function<void(const std::string& line)>;

// `tell` hears every fault, ring and log line as it happens; null: nobody does.
SwarmOutcome run_swarm(std::uint64_t seed, const Tell& tell, EventLog::Sink sink = {});

}  // namespace grapevine::sim
