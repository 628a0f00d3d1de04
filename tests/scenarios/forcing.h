#pragma once
// What client --force-ring does, by hand: asks who is there, and what it would ask of them.

#include <algorithm>
#include <cstdint>

#include "coordinator/force.h"
#include "sim/cluster.h"

namespace grapevine::testing {

// By the newest ring that one of these is in, and what they say.
inline ForcePlan plan_force_with(const sim::Cluster& cluster, const sim::Names& answering) {
    RingPtr ring;
    std::map<NodeId, StatusReply> statuses;
    for (const std::string& name : answering) {
        const sim::NodeHost* host = cluster.world().node(name);
        const StatusReply status = host->node().status(host->now());
        statuses[status.id] = status;
        if (ring == nullptr || host->ring()->epoch > ring->epoch) ring = host->ring();
    }
    return plan_force(*ring, statuses);
}

inline ForceRing founding_of(const sim::Cluster& cluster, const sim::Names& answering,
                             std::uint64_t id) {
    ForceRing request{.parent = cluster.world().node(answering.front())->ring()->cluster,
                      .founding = plan_force_with(cluster, answering).founding};
    request.founding.ballot.cluster = ClusterId{id};
    return request;
}

inline ClusterId cluster_of(const sim::Cluster& cluster, const std::string& name) {
    const RingPtr ring = cluster.world().node(name)->ring();
    return ring == nullptr ? ClusterId{} : ring->cluster;
}

}  // namespace grapevine::testing
