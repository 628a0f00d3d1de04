#pragma once
// The order in which rendezvous hashing hands out places: all pairs of a partition and a node, the
// heaviest first (ring/placement.h says what a pair weighs).
//
// With a thousand nodes there are millions of pairs, and nearly all that is handed out is among the
// first few for each partition. So the order is made in stretches, as far as it is asked for; and
// where few partitions and nodes are left, only the pairs of these are looked at.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "ring/handout.h"

namespace grapevine {

struct PlacementNode;

class WeightOrder {
public:
    // `nodes` stays as long as this. `copies`: how many places of each partition are handed out,
    // about; only how fast it goes depends on it.
    WeightOrder(std::uint32_t partitions, const std::vector<PlacementNode>& nodes,
                std::size_t copies);

    // From 0 on, in order.
    const std::vector<Place>& stretch(std::size_t index);
    [[nodiscard]] bool has_stretch(std::size_t index) const { return index < bounds_.size(); }
    // Of all pairs from there on those of these partitions and nodes.
    [[nodiscard]] std::vector<Place> rest(std::size_t stretch,
                                          const std::vector<std::uint32_t>& partitions,
                                          const std::vector<NodeIndex>& nodes) const;
    // Whether rest() costs less than the next stretch.
    [[nodiscard]] bool is_few(std::size_t partitions, std::size_t nodes) const;

private:
    struct Weighed {
        std::uint64_t cost = 0;  // falls with the weight
        std::uint64_t hash = 0;
        Place place;
    };
    // A stretch ends with all pairs of this cost.
    struct Bound {
        std::uint64_t cost = 0;
        bool is_last = false;
    };

    [[nodiscard]] std::uint64_t cost_of(std::uint64_t hash, NodeIndex node) const;
    [[nodiscard]] std::uint64_t lowest_hash(NodeIndex node, std::uint64_t cost) const;
    [[nodiscard]] static std::vector<Place> sorted(std::vector<Weighed> pairs);
    void make_stretch();

    std::uint32_t partitions_;
    const std::vector<PlacementNode>& nodes_;
    std::vector<Bound> bounds_;  // of each stretch, and of the next one, if there is one
    std::vector<std::vector<Place>> stretches_;
};

}  // namespace grapevine
