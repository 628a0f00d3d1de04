#pragma once
// Watches every node after every turn and every answer. Each rule in one line:
// - a ring of one epoch has one content, whoever adopts it;
// - the epochs that one state adopts only grow;
// - at any moment at most one node may serve a partition; looked at when a node answers for it, and
//   every few milliseconds for the partitions in turn;
// - a node answers only for partitions that it is the primary of in its own ring;
// - no node contradicts itself (Node::invariants, which aborts).
// The first rule that breaks is kept, with the moment and the names; the run stops there.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "sim/event_queue.h"
#include "sim/node_host.h"

namespace grapevine::sim {

class Checks {
public:
    explicit Checks(const EventQueue& queue) : queue_(queue) {}

    void after_turn(const NodeHost& host);
    void before_answer(const NodeHost& host, const Request& request, const Reply& reply,
                       const std::vector<const NodeHost*>& alive);

    void sweep(const std::vector<const NodeHost*>& alive);

    // Empty: nothing has broken.
    [[nodiscard]] const std::string& defect() const { return defect_; }
    // For rules that are checked elsewhere.
    void report(std::string defect);

private:
    void check_ring(const NodeHost& host);
    void check_one_server(PartitionId partition, const std::vector<const NodeHost*>& alive);

    const EventQueue& queue_;
    std::map<std::pair<ClusterId, Epoch>, std::uint64_t> digests_;
    std::map<NodeId, Epoch> adopted_;
    std::uint32_t next_swept_ = 0;
    std::string defect_;
};

}  // namespace grapevine::sim
