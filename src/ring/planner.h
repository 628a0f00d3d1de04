#pragma once
// Who proposes a ring asks the planner what it should be. Policy only: apply() judges the result.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/planted.h"
#include "ring/accusations.h"
#include "ring/change.h"
#include "ring/placement_cache.h"
#include "ring/ring.h"

namespace grapevine {

struct PlannerConfig {
    // Bounds on backfill going on at the same time, so that it stays in the background.
    std::size_t fills_per_member_max = 128;  // as receiver
    std::size_t fills_max = 512;             // in the whole ring
    PlantedBugs bugs{};
};

// What the proposer knows beside the ring. Members named here that the ring does not fit to are
// passed over (already gone, already in).
struct Observations {
    std::set<NodeId> dead;        // to evict
    std::vector<Member> joiners;  // ready to be admitted
    std::set<NodeId> leaving;     // asked to leave
    // Who promised for this change, so they were there after it had been begun
    // (Promisers). Nothing: nobody was asked yet, and all are counted on.
    std::optional<std::set<NodeId>> present{};
    // Where somebody is evicted, or drops a copy, one of those that are left with what it held has
    // to be present: alone with it may not be who is dead and not missed yet. It waits for the
    // promise, or until the other is known to be dead and both go in one ring: whoever of them
    // returns brings back what they held.
    bool heirs_are_present = true;
    std::vector<FillReport> completed;
    std::vector<PartitionId> losses;  // accepted by an operator
    LinkNews links;                   // between members that live
    LinkNews heartbeats;              // the same of the datagrams that renew leases
    // Fills that somebody ended not long ago: who does not know the placement does not begin them
    // again. And those that were begun again after that: others want them, whatever is known here,
    // so they stay, and so do the copies that they become, where their link to the primary carries.
    std::set<Holding> ended;
    std::set<Holding> contested;
    // Rings that change only what is being filled have followed each other: no other begins or ends
    // a fill now, but where its link is bad (writes wait for who is being filled).
    bool fills_rest = false;
    // Primaries that took over in this ring or later have only just done so, and stay where the
    // placement takes long; nothing: none is young.
    std::optional<Epoch> young_from{};
    // No genesis before this many joiners are ready.
    std::size_t genesis_members = 1;
};

// The change to propose as the next ring; nothing where the ring is as it should be. The result is
// always legal for apply(). Movement is minimal in this sense: a partition's fills are opened only
// for wanted holders that are missing, copies leave only when the wanted ones are copies, and
// partitions with the fewest copies come first. A fill that is not wanted any more ends; where
// copies are missing it goes on until the wanted one finds room, as far as those that are wanted
// leave room for it within the bounds on backfill. Without news it is settled after few rings.
//
// Primaries are exchanged only where nothing is filled, and not in a ring that evicts somebody,
// except where the primary changes anyway: each exchange makes the partition wait for its new
// primary, and a death should cost only the partitions that it touches. A primary that lives and is
// not wanted any more leaves one ring after it was replaced.
//
// Where the placement is not known yet (PlacementCache), what cannot wait is done by the one that
// was known last: what there is goes on, but for fills behind bad links, and who is missing is
// filled, wherever that one has somebody for it; no copy leaves and no primary is exchanged. Those
// that are exchanged when it is known are not young.
std::optional<RingChange> plan(const Ring& ring, const Observations& seen,
                               const PlannerConfig& config, PlacementCache& cache);
std::optional<RingChange> plan(const Ring& ring, const Observations& seen,
                               const PlannerConfig& config);

// The part of it that is about who is in: nothing is arranged, nothing lost. May be empty.
RingChange plan_members(const Ring& ring, const Observations& seen, const PlannerConfig& config);

}  // namespace grapevine
