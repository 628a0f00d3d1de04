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

#include "ring/placement.h"
#include "ring/ring.h"

namespace grapevine {

class PlacementCache {
public:
    // So many pairs of a partition and a node are computed at once; by default all.
    explicit PlacementCache(std::size_t pairs_at_once = std::numeric_limits<std::size_t>::max())
        : pairs_at_once_(pairs_at_once) {}

    // Null: not known yet. Until the next call of a member that is not const.
    const Placement* desired(const Ring& ring);
    // The placement that was asked for or learned last, without whom the ring has not by this name.
    // Lists may be short, and all are empty where none is known.
    [[nodiscard]] Placement latest(const Ring& ring) const;

    // What was asked for last, if it is not known; nothing: it is, or it was taken since.
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

    std::size_t pairs_at_once_;
    std::deque<Known> known_;  // the last that was asked for comes first
    std::optional<PlacementTask> wanted_;
};

}  // namespace grapevine
