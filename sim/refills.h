#pragma once
// Fills that are opened and ended, again and again: two proposers that undo each other, though what
// each does is right by what it knows. Every such ring costs all members, and nothing comes of it.

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "ring/ring.h"

namespace grapevine::sim {

// So often a member may begin to be filled with the same partition within the time while nobody
// comes or goes. Each link that fails and each back-off that ends may be a reason, and they are
// never as many at once.
inline constexpr std::size_t refills_max = 8;
inline constexpr Duration refills_window = 3s;

class Refills {
public:
    // Each ring once, in their order. A fill that was opened more often than it may.
    std::optional<std::pair<PartitionId, NodeId>> saw(Time now, const Ring& ring);

private:
    std::vector<Member> members_;
    std::map<std::pair<PartitionId, NodeId>, std::deque<Time>> opened_;  // in the window, by these
};

}  // namespace grapevine::sim
