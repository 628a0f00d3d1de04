#pragma once
// Desired placement: rendezvous hashing (highest random weight; Thaler and Ravishankar 1998) with
// bounded load. Pure policy: see ring/planner.h for who uses it.
//
// Weight of (partition, member) = XXH3 of the partition with the hash of the member's *name* as the
// seed, scaled by the member's weight through a fixed-point logarithm (no floating point: glibc's
// log differs between CPUs). Pairs are handed out in order of falling weight, and no member takes
// more than its share, neither of primaries nor of all copies; every member gets at least the floor
// of its share. Zones: no two copies of a partition in one zone while zones suffice.

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

// The members that may hold partitions: storage, up, not leaving.
std::vector<PlacementNode> placement_nodes(const Ring& ring);

// For each partition the wanted holders, primary first: min(copies, nodes.size()) distinct ids.
// Depends on the set of nodes, not on their order. No nodes: empty lists.
std::vector<std::vector<NodeId>> desired_placement(std::uint32_t partitions, std::uint32_t copies,
                                                   std::vector<PlacementNode> nodes);

}  // namespace grapevine
