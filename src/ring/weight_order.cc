#include "ring/weight_order.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "ring/neglog.h"
#include "ring/placement.h"

namespace grapevine {

namespace {

__extension__ using Wide = unsigned __int128;

// So many pairs are not worth being divided.
constexpr std::uint64_t few_pairs = 1 << 16;
// The first stretch has about so many pairs for each place, each further one so many times as much.
constexpr std::uint64_t pairs_for_a_place = 6;
constexpr std::uint64_t growth = 2;
constexpr std::uint64_t cost_max = std::numeric_limits<std::uint64_t>::max();

std::uint64_t hash_of(std::uint32_t partition, std::uint64_t name_hash) {
    std::array<char, 4> bytes{};
    for (auto& byte : bytes) {
        byte = static_cast<char>(partition);
        partition >>= 8;
    }
    return hash64(std::string_view(bytes.data(), bytes.size()), name_hash);
}

}  // namespace

WeightOrder::WeightOrder(std::uint32_t partitions, const std::vector<PlacementNode>& nodes,
                         std::size_t copies)
    : partitions_(partitions), nodes_(nodes) {
    ASSERT(!nodes.empty() && copies > 0);
    if (partitions * nodes.size() <= few_pairs) {
        bounds_.push_back({cost_max, true});
        return;
    }
    Wide weight_sum = 0;
    for (const PlacementNode& node : nodes) weight_sum += node.weight;
    // A hash costs at most c with a probability of about c ln 2; here ln 2 is 2/3.
    const Wide wanted = pairs_for_a_place * copies * weight_one;
    const Wide cost = (Wide{3} << (neglog_bits - 1)) * wanted / weight_sum;
    const bool all = cost >= Wide{cost_max} / growth;
    bounds_.push_back({all ? cost_max : static_cast<std::uint64_t>(cost), all});
}

const std::vector<Place>& WeightOrder::stretch(std::size_t index) {
    ASSERT(index <= stretches_.size());
    if (index == stretches_.size()) make_stretch();
    return stretches_[index];
}

void WeightOrder::make_stretch() {
    ASSERT(has_stretch(stretches_.size()));
    const Bound bound = bounds_.back();
    // A node's pairs are those whose hash lies in [from, before).
    struct Range {
        std::uint64_t from = 0;
        std::uint64_t before = 0;
        bool is_open = true;  // no upper end: its first
    };
    std::vector<Range> ranges(nodes_.size());
    for (NodeIndex i = 0; i < nodes_.size(); ++i) {
        ranges[i].from = lowest_hash(i, bound.cost);
        if (stretches_.empty()) continue;
        ranges[i].before = lowest_hash(i, bounds_[bounds_.size() - 2].cost);
        ranges[i].is_open = false;
    }
    std::vector<Weighed> pairs;
    for (std::uint32_t partition = 0; partition < partitions_; ++partition) {
        for (NodeIndex i = 0; i < nodes_.size(); ++i) {
            const std::uint64_t hash = hash_of(partition, nodes_[i].name_hash);
            const Range& range = ranges[i];
            if (hash < range.from || (!range.is_open && hash >= range.before)) continue;
            pairs.push_back({cost_of(hash, i), hash, {partition, i}});
        }
    }
    stretches_.push_back(sorted(std::move(pairs)));
    if (bound.is_last) return;
    const bool rest = bound.cost >= cost_max / (growth * growth);
    bounds_.push_back({rest ? cost_max : bound.cost * growth, rest});
}

std::vector<Place> WeightOrder::rest(std::size_t stretch,
                                     const std::vector<std::uint32_t>& partitions,
                                     const std::vector<NodeIndex>& nodes) const {
    std::vector<Weighed> pairs;
    for (const NodeIndex node : nodes) {
        const bool from_all = stretch == 0;
        const std::uint64_t before = from_all ? 0 : lowest_hash(node, bounds_[stretch - 1].cost);
        for (const std::uint32_t partition : partitions) {
            const std::uint64_t hash = hash_of(partition, nodes_[node].name_hash);
            if (!from_all && hash >= before) continue;
            pairs.push_back({cost_of(hash, node), hash, {partition, node}});
        }
    }
    return sorted(std::move(pairs));
}

bool WeightOrder::is_few(std::size_t partitions, std::size_t nodes) const {
    constexpr std::size_t dearer = 32;  // a pair that is sorted than one that is only hashed
    return partitions * nodes <= std::size_t{partitions_} * nodes_.size() / dearer;
}

// A weight w is reached by scaling -log of the hash by 1 / w (the logarithmic method for weighted
// rendezvous: Schindelhauer and Schomaker 2005).
std::uint64_t WeightOrder::cost_of(std::uint64_t hash, NodeIndex node) const {
    return neglog(hash) * weight_one / nodes_[node].weight;
}

// All hashes from it on cost the node no more; costs never rise with the hash.
std::uint64_t WeightOrder::lowest_hash(NodeIndex node, std::uint64_t cost) const {
    std::uint64_t low = 0;
    // It costs under 2^24 even the lightest node, and bounds are above 2^25.
    std::uint64_t high = std::numeric_limits<std::uint64_t>::max();
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (cost_of(middle, node) <= cost) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

std::vector<Place> WeightOrder::sorted(std::vector<Weighed> pairs) {
    std::sort(pairs.begin(), pairs.end(), [](const Weighed& a, const Weighed& b) {
        if (a.cost != b.cost) return a.cost < b.cost;
        if (a.hash != b.hash) return a.hash > b.hash;
        if (a.place.partition != b.place.partition) return a.place.partition < b.place.partition;
        return a.place.node < b.place.node;
    });
    std::vector<Place> order;
    order.reserve(pairs.size());
    for (const Weighed& pair : pairs) order.push_back(pair.place);
    return order;
}

}  // namespace grapevine
