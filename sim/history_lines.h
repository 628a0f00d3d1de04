#pragma once
// The history of a run in which clusters were founded anew. A client belongs to one cluster, and
// for each cluster there is one line of operations, which has to be linearizable: its own, and of
// those of the cluster that it was founded from what the founding keeps (sim/founded.h). There a
// write whose answer may be lost is of unknown fate, and a read that may have seen such a write is
// left out. In the line of the old cluster both are what they were.
//
// Where a partition was given up and restarted empty, each of its lives has a history of its own.

#include <vector>

#include "history/linearizability.h"
#include "sim/founded.h"
#include "sim/world.h"

namespace grapevine::sim {

// Of one of the clusters of the world.
History line_of(const World& world, const History& all, ClusterId cluster);

// Of the first cluster that is not linearizable; without foundings and restarts that of the whole
// history.
HistoryVerdict check_lines(const World& world, const History& all);

}  // namespace grapevine::sim
