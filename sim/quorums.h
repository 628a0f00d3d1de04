#pragma once
// The votes of every ring that anybody was ever in, also of those that only the dead knew: whether
// those that are left can decide another.

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "ring/ring.h"

namespace grapevine::sim {

class Quorums {
public:
    void saw(const Ring& ring);

    // Somebody that is left, and the ring of the cluster that it is in.
    struct Left {
        NodeId id;
        Epoch epoch;
    };
    // Some ring of the cluster has a majority among them. Who is in a later one has no vote in it
    // any more.
    [[nodiscard]] bool can_go_on(ClusterId cluster, const std::vector<Left>& left) const;

private:
    struct Votes {
        std::map<NodeId, std::uint32_t> of;
        std::uint32_t majority = 0;
    };
    std::map<std::pair<ClusterId, Epoch>, Votes> rings_;
};

}  // namespace grapevine::sim
