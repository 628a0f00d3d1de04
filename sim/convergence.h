#pragma once
// What has to be so when the faults have ended: one ring everywhere, every partition up with as
// many copies as there can be, the table as desired, all copies the same and right.

#include <string>

#include "ring/planner.h"
#include "sim/cluster.h"

namespace grapevine::sim {

class Convergence {
public:
    explicit Convergence(const Cluster& cluster) : cluster_(cluster) {}

    // One ring, all copies, and nothing that a planner would change.
    [[nodiscard]] bool is_whole();

    // The first difference between copies of a partition, or to what was committed: contents,
    // versions, order, remembered requests and floors. Empty: there is none. For a cluster that is
    // whole and without work for longer than a watermark takes to be told.
    [[nodiscard]] std::string difference();

    // Who takes a holder of its partitions for full, though nobody is. Empty: nobody.
    [[nodiscard]] std::string taken_for_full();

    // Where idle clients are still remembered, though the time for it has passed. Empty: nowhere.
    [[nodiscard]] std::string remembered();

private:
    const Cluster& cluster_;
    PlacementCache placement_;
};

}  // namespace grapevine::sim
