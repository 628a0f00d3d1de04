#pragma once
// Proposers that find no rest: fills that are begun and ended again and again, by two that undo
// each other though what each does is right by what it knows, or one at a time where one ring could
// begin them all. Every ring costs all members.

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/time.h"
#include "ring/ring.h"

namespace grapevine::sim {

// So often a member may begin to be filled with the same partition within the time while nobody
// comes or goes, and so many rings in a row may change nothing but what is being filled. Each link
// that fails and each back-off that ends may be a reason, and they are never as many at once.
inline constexpr std::size_t refills_max = 8;
// And so often a member besides, for each ring in which somebody comes, goes or is asked to leave.
inline constexpr std::size_t refills_per_change = 4;
inline constexpr Duration refills_window = 3s;

class Refills {
public:
    // Each ring once, in their order. What is wrong with it and those before, a sentence; empty:
    // nothing.
    std::string saw(Time now, const RingPtr& ring,
                    const std::function<std::string(NodeId)>& name_of);

private:
    RingPtr before_;
    // In the window:
    std::deque<Time> changes_;   // of the members
    std::deque<Time> shuffles_;  // rings that changed nothing but fills, in a row
    std::map<std::pair<PartitionId, NodeId>, std::deque<Time>> opened_;
};

}  // namespace grapevine::sim
