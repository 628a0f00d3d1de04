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

// The members that may hold partitions: storage, up, not leaving.
std::vector<PlacementNode> placement_nodes(const Ring& ring);

// For each partition the wanted holders, primary first: min(copies, nodes.size()) distinct ids.
// Depends on the set of nodes, not on their order. No nodes: empty lists.
std::vector<NodeList> desired_placement(std::uint32_t partitions, std::uint32_t copies,
                                        std::vector<PlacementNode> nodes);

}  // namespace grapevine
