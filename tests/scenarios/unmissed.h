#pragma once
// A death that is not noticed for a while: as of a machine, whose peers do not hear that its links
// ended.

#include "sim/cluster.h"

namespace grapevine::testing {

// Of a cluster of five with a coordinator server1 stands still for a second, and meanwhile server2
// dies, not missed yet when the eviction of server1 is decided.
inline void pause_one_while_another_dies(sim::Cluster& cluster) {
    cluster.pause({"server1"});
    cluster.run_for(150ms);
    cluster.cut({"server2"}, {"server1", "server3", "server4", "server5", "coordinator"});
    cluster.run_for(250ms);
    cluster.kill({"server2"});
    cluster.run_for(600ms);
    cluster.resume({"server1"});
    cluster.heal();
}

}  // namespace grapevine::testing
