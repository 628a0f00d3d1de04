#pragma once
// A cluster that was founded anew from another (DESIGN.md, "Founding anew"), and what the survivors
// have of that: what a founding may lose, and what not.
//
// Its rule: an answer is kept that was given under an entry of the ring from which was founded
// (its `since` is that ring or before), where the partition has a copy on a survivor. An answer
// that was given later, under an entry that no survivor has heard of, may be lost: a write may have
// taken effect or not. Where no survivor has a copy, the partition restarts empty, and nothing from
// before is ever seen again.

#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace grapevine::sim {

struct Founded {
    ClusterId cluster;
    ClusterId parent;
    Epoch from;                   // the ring of the parent
    Time at;                      // when the first process was in it
    std::vector<bool> restarted;  // by partition
};

// An operator gave up what a partition held: it restarts empty. Nothing that was answered under an
// entry from before is seen again.
struct Restart {
    ClusterId cluster;
    PartitionId partition;
    Epoch epoch;  // of the ring that says so
};

}  // namespace grapevine::sim
