#include "ring/placement_cache.h"

#include <algorithm>
#include <utility>

namespace grapevine {

namespace {

// A proposer plans with all that ask to join, and again with those of them that have promised.
constexpr std::size_t known_max = 4;

}  // namespace

const Placement* PlacementCache::desired(const Ring& ring) {
    PlacementTask task = placement_task(ring);
    const auto found = std::ranges::find(known_, task, &Known::task);
    if (found != known_.end()) {
        std::rotate(known_.begin(), found, found + 1);
        return &known_.front().placement;
    }
    if (task.partitions * task.nodes.size() > pairs_at_once_) {
        wanted_ = std::move(task);
        return nullptr;
    }
    Placement placement = desired_placement(task);
    learn(std::move(task), std::move(placement));
    return &known_.front().placement;
}

std::optional<PlacementTask> PlacementCache::take_wanted() {
    return std::exchange(wanted_, {});
}

void PlacementCache::learn(PlacementTask task, Placement placement) {
    if (wanted_ == task) wanted_.reset();
    known_.push_front({std::move(task), std::move(placement)});
    if (known_.size() > known_max) known_.pop_back();
}

}  // namespace grapevine
