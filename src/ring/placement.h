#pragma once
// Desired placement: rendezvous hashing (highest random weight; Thaler and Ravishankar 1998) with
// bounded load. Pure policy: see ring/planner.h for who uses it.
//
// Weight of (partition, member) = XXH3 of the partition with the hash of the member's *name* as the
// seed, scaled by the member's weight through a fixed-point logarithm (no floating point: glibc's
// log differs between CPUs). Pairs are handed out in order of falling weight, first all copies and
// then the primaries among these, and each member gets its share: of primaries to the one in
// clusters of up to eight, within 2 % up to 20 and 4 % beyond; of all copies too, but never closer
// than half a percent. Zones: no two copies of a partition in one zone while zones suffice; a zone
// that can take no more leaves its share to the others.

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "ring/ring.h"

namespace grapevine {

struct PlacementNode {
    NodeId id;
    std::uint64_t name_hash = 0;
    std::uint64_t zone_hash = 0;  // 0: a zone of its own
    std::uint32_t weight = weight_one;
    bool operator==(const PlacementNode&) const = default;
};

// For each partition the wanted holders, primary first.
using Placement = std::vector<NodeList>;

// All that it depends on.
struct PlacementTask {
    std::uint32_t partitions = 0;
    std::uint32_t copies = 0;
    std::vector<PlacementNode> nodes;
    bool operator==(const PlacementTask&) const = default;
};

// The nodes are the members that may hold partitions: storage, up, not leaving; by the hash of
// their names.
PlacementTask placement_task(const Ring& ring);

// For each partition min(copies, nodes.size()) distinct ids. Depends on the set of nodes, not on
// their order. No nodes: empty lists. From any thread.
Placement desired_placement(std::uint32_t partitions, std::uint32_t copies,
                            std::vector<PlacementNode> nodes);
Placement desired_placement(const PlacementTask& task);

}  // namespace grapevine
