#include "ring/placement.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "base/hash.h"
#include "ring/handout.h"
#include "ring/weight_order.h"

namespace grapevine {

namespace {

__extension__ using Wide = unsigned __int128;

using Nodes = std::vector<PlacementNode>;
using Shares = std::vector<std::uint64_t>;

// Shares are fixed point, with this many bits of fraction.
constexpr int share_bits = 16;
constexpr std::uint64_t share_one = std::uint64_t{1} << share_bits;

// Nodes of one zone, and how many copies of one partition may be in it.
struct Zone {
    std::vector<NodeIndex> nodes;
    std::size_t copies_max = 1;
};

struct Zones {
    std::vector<Zone> zones;
    std::vector<std::size_t> of_node;
};

Zones group_by_zone(const Nodes& nodes) {
    Zones result;
    std::map<std::uint64_t, std::size_t> known;
    for (NodeIndex i = 0; i < nodes.size(); ++i) {
        const std::uint64_t hash = nodes[i].zone_hash;
        std::size_t zone = result.zones.size();
        if (hash != 0) zone = known.try_emplace(hash, zone).first->second;
        if (zone == result.zones.size()) result.zones.emplace_back();
        result.zones[zone].nodes.push_back(i);
        result.of_node.push_back(zone);
    }
    return result;
}

// One copy for each zone; where zones do not suffice, the fewest that will do, alike for all.
void bound_zones(Zones& zones, std::size_t copies) {
    const auto room = [&] {
        std::size_t sum = 0;
        for (const Zone& zone : zones.zones) sum += zone.copies_max;
        return sum;
    };
    for (std::size_t level = 2; room() < copies; ++level) {
        for (Zone& zone : zones.zones) zone.copies_max = std::min(level, zone.nodes.size());
    }
}

// Splits a total by weight; nobody gets more than its cap, the others get what that leaves.
Shares split(std::uint64_t total, const Shares& weights, const Shares& caps) {
    Shares shares(weights.size());
    std::vector<bool> capped(weights.size());
    for (bool again = true; again;) {
        again = false;
        Wide weight_sum = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) weight_sum += capped[i] ? 0 : weights[i];
        std::uint64_t taken = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            if (capped[i]) continue;
            shares[i] = static_cast<std::uint64_t>(Wide{total} * weights[i] / weight_sum);
            if (shares[i] <= caps[i]) continue;
            shares[i] = caps[i];
            taken += caps[i];
            capped[i] = true;
            again = true;
        }
        total -= taken;
    }
    return shares;
}

Shares weights_of(const Nodes& nodes) {
    Shares weights;
    for (const PlacementNode& node : nodes) weights.push_back(node.weight);
    return weights;
}

// Of all copies, by zone and then by node.
Shares copy_shares(std::uint64_t whole, std::size_t copies, const Nodes& nodes,
                   const Zones& zones) {
    Shares zone_weights;
    Shares zone_caps;
    for (const Zone& zone : zones.zones) {
        std::uint64_t weight = 0;
        for (const NodeIndex i : zone.nodes) weight += nodes[i].weight;
        zone_weights.push_back(weight);
        zone_caps.push_back(whole * zone.copies_max);
    }
    const Shares of_zones = split(whole * copies, zone_weights, zone_caps);

    Shares shares(nodes.size());
    for (std::size_t z = 0; z < zones.zones.size(); ++z) {
        const auto& members = zones.zones[z].nodes;
        Shares weights;
        for (const NodeIndex i : members) weights.push_back(nodes[i].weight);
        const Shares inside = split(of_zones[z], weights, Shares(members.size(), whole));
        for (std::size_t i = 0; i < members.size(); ++i) shares[members[i]] = inside[i];
    }
    return shares;
}

// Thousandths of its share by which a node may differ from it. Balance and movement trade, and the
// more nodes there are, the more of them a strict bound moves when one comes or goes: 1.05 times
// the minimum at seven nodes, but 1.3 times at 12 and 1.5 times at 30.
std::uint64_t slack_of(std::size_t nodes) {
    if (nodes <= 8) return 0;
    return nodes <= 20 ? 20 : 40;
}

// A primary works for its partition, another copy only follows: with the primaries even, all copies
// together may differ a little in small clusters too.
std::uint64_t copy_slack_of(std::size_t nodes, std::size_t copies) {
    constexpr std::uint64_t slack_min = 5;
    return copies == 1 ? slack_of(nodes) : std::max(slack_of(nodes), slack_min);
}

std::uint32_t whole_part(std::uint64_t share) {
    return static_cast<std::uint32_t>(share >> share_bits);
}

// First everybody gets the lower bound of its share, then the rest is given out up to the upper
// one. What finds no place even so (unusual weights and zones) is given without limits.
void give_shares(Handout& handout, WeightOrder& order, const Shares& shares, std::uint64_t slack) {
    std::vector<std::uint32_t> low;
    std::vector<std::uint32_t> high;
    for (const std::uint64_t share : shares) {
        const std::uint32_t leeway = whole_part(share * slack / 1000 + share_one / 2);
        low.push_back(whole_part(share) - leeway);
        high.push_back(whole_part(share) + std::max(leeway, 1U));
    }
    handout.give(order, low);
    handout.give(order, high);
    handout.give(order, std::vector(shares.size(), std::numeric_limits<std::uint32_t>::max()));
}

class CopyHandout final : public Handout {
public:
    CopyHandout(std::uint32_t partitions, std::size_t copies, const Zones& zones)
        : Handout(partitions, zones.of_node.size(), copies), zones_(zones) {}

private:
    [[nodiscard]] bool allowed(std::uint32_t partition, NodeIndex node,
                               std::optional<NodeIndex> leaver) const override {
        if (holds(partition, node)) return false;
        const std::size_t zone = zones_.of_node[node];
        const auto there = std::ranges::count_if(held()[partition], [&](NodeIndex holder) {
            return holder != leaver && zones_.of_node[holder] == zone;
        });
        return static_cast<std::size_t>(there) < zones_.zones[zone].copies_max;
    }

    const Zones& zones_;
};

// Primaries are found among the holders.
class PrimaryHandout final : public Handout {
public:
    PrimaryHandout(const std::vector<Holders>& copies, std::size_t nodes)
        : Handout(static_cast<std::uint32_t>(copies.size()), nodes, 1), copies_(copies) {}

private:
    [[nodiscard]] bool allowed(std::uint32_t partition, NodeIndex node,
                               std::optional<NodeIndex>) const override {
        return !holds(partition, node) &&
               std::ranges::find(copies_[partition], node) != copies_[partition].end();
    }

    const std::vector<Holders>& copies_;
};

NodeList primary_first(Holders holders, NodeIndex primary, const Nodes& nodes) {
    const auto at = std::ranges::find(holders, primary);
    std::rotate(holders.begin(), at, at + 1);
    NodeList ids;
    for (const NodeIndex i : holders) ids.push_back(nodes[i].id);
    return ids;
}

// Ids are for hashes that are equal.
void sort_by_name(Nodes& nodes) {
    std::ranges::sort(nodes, {},
                      [](const PlacementNode& n) { return std::pair(n.name_hash, n.id); });
}

}  // namespace

PlacementTask placement_task(const Ring& ring) {
    PlacementTask task{.partitions = ring.partitions(), .copies = ring.copies_wanted, .nodes = {}};
    for (const Member& member : ring.members) {
        if (!member.stays()) continue;
        task.nodes.push_back({.id = member.id,
                              .name_hash = hash64(member.name),
                              .zone_hash = member.zone.empty() ? 0 : hash64(member.zone),
                              .weight = member.weight});
    }
    sort_by_name(task.nodes);
    return task;
}

Placement desired_placement(const PlacementTask& task) {
    return desired_placement(task.partitions, task.copies, task.nodes);
}

Placement desired_placement(std::uint32_t partitions, std::uint32_t copies,
                            std::vector<PlacementNode> nodes) {
    Placement desired(partitions);
    if (nodes.empty()) return desired;
    sort_by_name(nodes);
    const std::size_t holders = std::min<std::size_t>(copies, nodes.size());
    const std::uint64_t whole = partitions * share_one;
    WeightOrder order(partitions, nodes, holders);

    Zones zones = group_by_zone(nodes);
    bound_zones(zones, holders);
    CopyHandout all(partitions, holders, zones);
    give_shares(all, order, copy_shares(whole, holders, nodes, zones),
                copy_slack_of(nodes.size(), holders));

    PrimaryHandout primaries(all.held(), nodes.size());
    give_shares(primaries, order, split(whole, weights_of(nodes), Shares(nodes.size(), whole)),
                slack_of(nodes.size()));

    for (std::uint32_t i = 0; i < partitions; ++i) {
        desired[i] = primary_first(all.held()[i], primaries.held()[i].front(), nodes);
    }
    return desired;
}

}  // namespace grapevine
