#include "ring/weight_order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "base/rng.h"
#include "ring/neglog.h"
#include "ring/placement.h"

using namespace grapevine;

namespace {

using Pairs = std::vector<std::pair<std::uint32_t, NodeIndex>>;

std::vector<PlacementNode> random_nodes(Rng& rng, std::size_t count) {
    std::vector<PlacementNode> nodes;
    for (std::size_t i = 0; i < count; ++i) {
        const auto weight = static_cast<std::uint32_t>(weight_one / 2 + rng.below(2 * weight_one));
        nodes.push_back({.id = NodeId{i + 1}, .name_hash = rng.next(), .weight = weight});
    }
    return nodes;
}

// All at once, by the definition.
Pairs whole_order(std::uint32_t partitions, const std::vector<PlacementNode>& nodes) {
    std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint32_t, NodeIndex>> pairs;
    for (std::uint32_t partition = 0; partition < partitions; ++partition) {
        std::string bytes(4, '\0');
        for (int i = 0; i < 4; ++i) {
            bytes[static_cast<std::size_t>(i)] = static_cast<char>(partition >> (8 * i));
        }
        for (NodeIndex node = 0; node < nodes.size(); ++node) {
            const std::uint64_t hash = hash64(bytes, nodes[node].name_hash);
            pairs.emplace_back(neglog(hash) * weight_one / nodes[node].weight, ~hash, partition,
                               node);
        }
    }
    std::ranges::sort(pairs);
    Pairs order;
    for (const auto& [cost, hash, partition, node] : pairs) order.emplace_back(partition, node);
    return order;
}

Pairs plain(const std::vector<Place>& places) {
    Pairs pairs;
    for (const Place& place : places) pairs.emplace_back(place.partition, place.node);
    return pairs;
}

}  // namespace

TEST_CASE("stretches follow each other in the order of weights", "[ring]") {
    Rng rng(3);
    for (const auto& [partitions, count] : {std::pair{64U, 9U}, {1024U, 200U}, {4096U, 40U}}) {
        const auto nodes = random_nodes(rng, count);
        WeightOrder order(partitions, nodes, 3);
        Pairs joined;
        std::size_t stretches = 0;
        for (; order.has_stretch(stretches); ++stretches) {
            const Pairs next = plain(order.stretch(stretches));
            joined.insert(joined.end(), next.begin(), next.end());
        }
        CHECK((stretches > 2) == (partitions * count > 65536));
        CHECK(joined == whole_order(partitions, nodes));
    }
}

TEST_CASE("the rest of the order, of few partitions and nodes", "[ring]") {
    Rng rng(4);
    const auto nodes = random_nodes(rng, 150);
    WeightOrder order(1024, nodes, 3);
    const Pairs whole = whole_order(1024, nodes);
    std::size_t before = 0;
    for (std::size_t stretch = 0; stretch < 4; ++stretch) {
        std::set<std::uint32_t> partitions;
        std::set<NodeIndex> some;
        while (partitions.size() < 20)
            partitions.insert(static_cast<std::uint32_t>(rng.below(1024)));
        while (some.size() < 10) some.insert(static_cast<NodeIndex>(rng.below(150)));
        Pairs expected;
        for (std::size_t i = before; i < whole.size(); ++i) {
            const auto& [partition, node] = whole[i];
            if (partitions.contains(partition) && some.contains(node)) expected.push_back(whole[i]);
        }
        CHECK(plain(order.rest(stretch, {partitions.begin(), partitions.end()},
                               {some.begin(), some.end()})) == expected);
        before += order.stretch(stretch).size();
    }
}
