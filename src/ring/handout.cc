#include "ring/handout.h"

#include <algorithm>

#include "ring/weight_order.h"

namespace grapevine {

// `partition` goes from the node `from` to the one that the step belongs to; without `from`, it is
// the partition that looks for a place.
struct Handout::Shift {
    std::uint32_t partition = 0;
    std::optional<NodeIndex> from;
};

// Breadth first: the fewest partitions are shifted.
class Handout::Search {
public:
    Search(const Handout& handout, const std::vector<std::uint32_t>& limits)
        : handout_(handout), limits_(limits), reached_(limits.size()) {}

    // The node with room at the end of the path.
    std::optional<NodeIndex> run(std::uint32_t partition) {
        if (auto found = spread({partition, std::nullopt})) return found;
        for (std::size_t next = 0; next < queue_.size(); ++next) {
            if (auto found = leave(queue_[next])) return found;
        }
        return std::nullopt;
    }

    [[nodiscard]] const Shift& reached(NodeIndex node) const { return *reached_[node]; }

private:
    // Where one of the partitions that the node holds may go instead.
    std::optional<NodeIndex> leave(NodeIndex node) {
        for (std::uint32_t moved = 0; moved < handout_.held_.size(); ++moved) {
            if (!handout_.holds(moved, node) || on_path(node, moved)) continue;
            if (auto found = spread({moved, node})) return found;
        }
        return std::nullopt;
    }

    std::optional<NodeIndex> spread(const Shift& shift) {
        for (NodeIndex node = 0; node < reached_.size(); ++node) {
            if (reached_[node] || !handout_.allowed(shift.partition, node, shift.from)) continue;
            reached_[node] = shift;
            if (handout_.load_[node] < limits_[node]) return node;
            queue_.push_back(node);
        }
        return std::nullopt;
    }

    // allowed() does not know of earlier steps, so none may concern the same partition.
    [[nodiscard]] bool on_path(NodeIndex node, std::uint32_t partition) const {
        for (std::optional<NodeIndex> at = node; at; at = reached_[*at]->from) {
            if (reached_[*at]->partition == partition) return true;
        }
        return false;
    }

    const Handout& handout_;
    const std::vector<std::uint32_t>& limits_;
    std::vector<std::optional<Shift>> reached_;
    std::vector<NodeIndex> queue_;
};

void Handout::give(WeightOrder& order, const std::vector<std::uint32_t>& limits) {
    for (std::size_t stretch = 0; order.has_stretch(stretch); ++stretch) {
        const std::vector<std::uint32_t> partitions = lacking();
        std::vector<NodeIndex> nodes;  // that may get more
        for (NodeIndex node = 0; node < load_.size(); ++node) {
            if (load_[node] < limits[node]) nodes.push_back(node);
        }
        // Both only become fewer: what the rest of the order could give is among these.
        if (order.is_few(partitions.size(), nodes.size())) {
            give_each(order.rest(stretch, partitions, nodes), limits);
            break;
        }
        give_each(order.stretch(stretch), limits);
    }
    for (const std::uint32_t partition : lacking()) {
        while (lacks(partition) && make_room(partition, limits)) continue;
    }
}

void Handout::give_each(const std::vector<Place>& order, const std::vector<std::uint32_t>& limits) {
    for (const Place& next : order) {
        if (lacks(next.partition) && load_[next.node] < limits[next.node] &&
            allowed(next.partition, next.node, std::nullopt)) {
            place(next.partition, next.node);
        }
    }
}

std::vector<std::uint32_t> Handout::lacking() const {
    std::vector<std::uint32_t> partitions;
    for (std::uint32_t partition = 0; partition < held_.size(); ++partition) {
        if (lacks(partition)) partitions.push_back(partition);
    }
    return partitions;
}

bool Handout::holds(std::uint32_t partition, NodeIndex node) const {
    return std::ranges::find(held_[partition], node) != held_[partition].end();
}

void Handout::place(std::uint32_t partition, NodeIndex node) {
    held_[partition].push_back(node);
    ++load_[node];
}

void Handout::move(std::uint32_t partition, NodeIndex from, NodeIndex to) {
    *std::ranges::find(held_[partition], from) = to;
    --load_[from];
    ++load_[to];
}

bool Handout::make_room(std::uint32_t partition, const std::vector<std::uint32_t>& limits) {
    if (std::ranges::equal(load_, limits, std::greater_equal{})) return false;
    Search search(*this, limits);
    auto node = search.run(partition);
    if (!node) return false;
    while (const auto from = search.reached(*node).from) {
        move(search.reached(*node).partition, *from, *node);
        node = from;
    }
    place(partition, *node);
    return true;
}

}  // namespace grapevine
