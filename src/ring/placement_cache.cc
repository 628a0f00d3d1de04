#include "ring/placement_cache.h"

#include <algorithm>

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

}  // namespace

TranslatedPlacement::TranslatedPlacement(const Placement& placement, const PlacementTask& of,
                                         const PlacementTask& to)
    : placement_(&placement) {
    for (const PlacementNode& node : of.nodes) {
        const auto found =
            std::ranges::lower_bound(to.nodes, node.name_hash, {}, &PlacementNode::name_hash);
        if (found == to.nodes.end() || found->name_hash != node.name_hash) continue;
        ids_.emplace_back(node.id, found->id);
    }
    std::ranges::sort(ids_);
}

NodeList TranslatedPlacement::holders(std::uint32_t partition) const {
    NodeList result;
    if (placement_ == nullptr || partition >= placement_->size()) return result;
    for (const NodeId id : (*placement_)[partition]) {
        const auto found = std::ranges::lower_bound(ids_, id, {}, &IdPair::first);
        if (found != ids_.end() && found->first == id) result.push_back(found->second);
    }
    return result;
}

const Placement* PlacementCache::known(PlacementTask& task) {
    const auto found = std::ranges::find_if(
        known_, [&](const Known& known) { return is_alike(known.task, task); });
    if (found != known_.end()) {
        std::rotate(known_.begin(), found, found + 1);
        Known& known = known_.front();
        if (known.task == task) return &known.placement;
        const TranslatedPlacement translated(known.placement, known.task, task);
        for (std::uint32_t i = 0; i < known.placement.size(); ++i) {
            known.placement[i] = translated.holders(i);
        }
        known.task = std::move(task);
        return &known.placement;
    }
    if (takes_long(task.partitions, task.nodes.size())) return nullptr;
    Placement placement = desired_placement(task);
    learn(std::move(task), std::move(placement));
    return &known_.front().placement;
}

const Placement* PlacementCache::known(const Ring& ring) {
    PlacementTask task = placement_task(ring);
    return known(task);
}

const Placement* PlacementCache::desired(const Ring& ring) {
    PlacementTask task = placement_task(ring);
    wanted_.reset();
    const Placement* const found = known(task);
    if (found == nullptr) wanted_ = std::move(task);
    return found;
}

TranslatedPlacement PlacementCache::latest(const Ring& ring) const {
    if (known_.empty() || known_.front().task.partitions != ring.partitions()) return {};
    return {known_.front().placement, known_.front().task, placement_task(ring)};
}

bool PlacementCache::takes_long(const Ring& ring) const {
    const auto nodes = std::ranges::count_if(ring.members, &Member::stays);
    return takes_long(ring.partitions(), static_cast<std::size_t>(nodes));
}

std::optional<PlacementTask> PlacementCache::take_wanted() {
    return std::exchange(wanted_, {});
}

void PlacementCache::learn(PlacementTask task, Placement placement) {
    if (wanted_ && is_alike(*wanted_, task)) wanted_.reset();
    known_.push_front({std::move(task), std::move(placement)});
    if (known_.size() > known_max) known_.pop_back();
}

}  // namespace grapevine
