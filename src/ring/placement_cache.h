#pragma once
// Placements that were computed, and one that is wanted.
//
// Placement depends on the members alone and is asked for far more often than these change, so the
// last few are kept; a member that comes back under its name makes no difference to it. What takes
// long is not computed where it is asked for, because a node that plans does nothing else
// meanwhile: it is wanted, somebody else computes it (take_wanted(), desired_placement()), and
// until then it is not known.

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "ring/placement.h"
#include "ring/ring.h"

namespace grapevine {

// A placement in the ids of another ring: of those that this has by the same names. Looks into the
// placement as long as it is asked.
class TranslatedPlacement {
public:
    TranslatedPlacement() = default;  // nobody is placed
    TranslatedPlacement(const Placement& placement, const PlacementTask& of,
                        const PlacementTask& to);

    // Fewer than are wanted where some are not there; none where the placement is of fewer
    // partitions.
    [[nodiscard]] NodeList holders(std::uint32_t partition) const;

private:
    using IdPair = std::pair<NodeId, NodeId>;

    const Placement* placement_ = nullptr;
    std::vector<IdPair> ids_;  // ascending
};

class PlacementCache {
public:
    // So many pairs of a partition and a node are computed at once; by default all.
    explicit PlacementCache(std::size_t pairs_at_once = std::numeric_limits<std::size_t>::max())
        : pairs_at_once_(pairs_at_once) {}

    // Null: takes long, and is not known. Until the next call of a member that is not const.
    const Placement* known(const Ring& ring);
    // The same; what is not known is wanted from then on.
    const Placement* desired(const Ring& ring);
    // The placement that was asked for or learned last, for this ring. As long as the others.
    [[nodiscard]] TranslatedPlacement latest(const Ring& ring) const;

    // What desired() was asked for last, if it is not known; nothing: it is, or it was taken since.
    [[nodiscard]] std::optional<PlacementTask> take_wanted();
    [[nodiscard]] bool wants() const { return wanted_.has_value(); }
    // Whether what this ring wants is too much to be computed at once.
    [[nodiscard]] bool takes_long(const Ring& ring) const;
    void learn(PlacementTask task, Placement placement);

private:
    struct Known {
        PlacementTask task;
        Placement placement;
    };

    [[nodiscard]] bool takes_long(std::size_t partitions, std::size_t nodes) const {
        return partitions * nodes > pairs_at_once_;
    }
    const Placement* known(PlacementTask& task);

    std::size_t pairs_at_once_;
    std::deque<Known> known_;  // the last that was asked for comes first
    std::optional<PlacementTask> wanted_;
};

}  // namespace grapevine
