#pragma once
// The planner's part that is about the table: from what partitions have to what is wanted of them.
// Internal to ring/.

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/ids.h"
#include "ring/accusations.h"
#include "ring/change.h"
#include "ring/placement.h"
#include "ring/placement_cache.h"
#include "ring/planner.h"
#include "ring/ring.h"

namespace grapevine {

inline bool contains(std::span<const NodeId> ids, NodeId id) {
    return std::ranges::find(ids, id) != ids.end();
}

// What is wanted of the table.
struct Goal {
    const Placement* holders;         // by partition
    bool is_final;                    // that is the placement; if not, what stands in for it
    std::optional<Epoch> young_from;  // whose primaries stay
    bool fills_rest = false;          // none begins, and none ends but for its bad link
};

// What keeps holders that are not desired.
struct Keeping {
    const std::vector<NodeId>& leavers;  // of all partitions
    const std::set<Holding>& contested;
    const Accusations& accusations;
    const Ring& draft;

    [[nodiscard]] bool contests(PartitionId id, const Entry& entry, NodeId holder) const {
        return contested.contains({id, holder}) && stays(holder) &&
               accusations.carries(entry.primary(), holder);
    }
    [[nodiscard]] bool stays(NodeId id) const {
        const Member* member = draft.member(id);
        return member != nullptr && member->stays();
    }
};

// Where the placement is not known: what there is, but for fills behind bad links, and those that
// the last one named in the places of those that are gone.
Placement stand_in(const Ring& draft, const TranslatedPlacement& latest, const Observations& seen,
                   const Accusations& accusations);

// Of the draft that `keeping` names, whose members are those of the new ring; `ring` is the one
// before. Each partition that changes, ascending; none that is down.
std::vector<Arrangement> arrangements(const Ring& ring, bool evicts, const Goal& goal,
                                      const Keeping& keeping, const PlannerConfig& config);

}  // namespace grapevine
