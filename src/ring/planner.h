#pragma once
// Who proposes a ring asks the planner what it should be. Policy only: apply() judges the result.

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "ring/change.h"
#include "ring/ring.h"

namespace grapevine {

struct PlannerConfig {
    // Bounds on backfill going on at the same time, so that it stays in the background.
    std::size_t fills_per_member_max = 128;  // as receiver
    std::size_t fills_max = 512;             // in the whole ring
};

// What the proposer knows beside the ring. Members named here that the ring does not fit to are
// passed over (already gone, already in).
struct Observations {
    std::set<NodeId> dead;        // to evict
    std::vector<Member> joiners;  // ready to be admitted
    std::set<NodeId> leaving;     // asked to leave
    std::vector<FillReport> completed;
    std::vector<PartitionId> losses;  // accepted by an operator
    // No genesis before this many joiners are ready.
    std::size_t genesis_members = 1;
};

// The change to propose as the next ring; nothing where the ring is as it should be. The result is
// always legal for apply(). Movement is minimal in this sense: a partition's fills are opened only
// for wanted holders that are missing, copies leave only when the wanted ones are copies, and
// partitions with the fewest copies come first.
std::optional<RingChange> plan(const Ring& ring, const Observations& seen,
                               const PlannerConfig& config);

}  // namespace grapevine
