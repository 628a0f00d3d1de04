#include "ring/placement_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace grapevine {

namespace {

// A proposer plans with all that ask to join, and again with those of them that have promised.
constexpr std::size_t known_max = 4;

PlacementNode without_id(PlacementNode node) {
    node.id = {};
    return node;
}

// The same but for the ids.
bool is_alike(const PlacementTask& a, const PlacementTask& b) {
    return a.partitions == b.partitions && a.copies == b.copies &&
           std::ranges::equal(a.nodes, b.nodes, {}, without_id, without_id);
}

// Ids of one ring in those of another: by name.
class Translation {
public:
    Translation(const PlacementTask& from, const PlacementTask& to) {
        for (const PlacementNode& node : from.nodes) {
            const auto found =
                std::ranges::lower_bound(to.nodes, node.name_hash, {}, &PlacementNode::name_hash);
            if (found == to.nodes.end() || found->name_hash != node.name_hash) continue;
            ids_.emplace_back(node.id, found->id);
        }
        std::ranges::sort(ids_);
    }

    // Without those that are not in the other.
    [[nodiscard]] NodeList operator()(const NodeList& holders) const {
        NodeList result;
        for (const NodeId id : holders) {
            const auto found = std::ranges::lower_bound(ids_, id, {}, &Pair::first);
            if (found != ids_.end() && found->first == id) result.push_back(found->second);
        }
        return result;
    }

private:
    using Pair = std::pair<NodeId, NodeId>;
    std::vector<Pair> ids_;  // ascending
};

}  // namespace

const Placement* PlacementCache::desired(const Ring& ring) {
    PlacementTask task = placement_task(ring);
    wanted_.reset();
    const auto found = std::ranges::find_if(
        known_, [&](const Known& known) { return is_alike(known.task, task); });
    if (found != known_.end()) {
        std::rotate(known_.begin(), found, found + 1);
        Known& known = known_.front();
        if (known.task != task) {
            const Translation translated(known.task, task);
            std::ranges::transform(known.placement, known.placement.begin(), translated);
            known.task = std::move(task);
        }
        return &known.placement;
    }
    if (takes_long(ring)) {
        wanted_ = std::move(task);
        return nullptr;
    }
    Placement placement = desired_placement(task);
    learn(std::move(task), std::move(placement));
    return &known_.front().placement;
}

bool PlacementCache::takes_long(const Ring& ring) const {
    const auto nodes = std::ranges::count_if(ring.members, &Member::stays);
    return ring.partitions() * static_cast<std::size_t>(nodes) > pairs_at_once_;
}

Placement PlacementCache::latest(const Ring& ring) const {
    Placement latest(ring.partitions());
    if (known_.empty() || known_.front().placement.size() != latest.size()) return latest;
    const Known& known = known_.front();
    std::ranges::transform(known.placement, latest.begin(),
                           Translation(known.task, placement_task(ring)));
    return latest;
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
