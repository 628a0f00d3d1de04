#pragma once
// Watches every node after every turn and every answer. Each rule in one line:
// - a ring of one epoch has one content, whoever adopts it, and is well-formed (ring_defect);
// - of one cluster at most one that was founded anew from it has members alive;
// - the epochs that one state adopts only grow;
// - at any moment at most one node may serve a partition, so leases never overlap, and nobody else
//   answers for it; looked at when a node answers, and every few milliseconds for the partitions in
//   turn;
// - a node answers only for partitions that it is the primary of in its own ring;
// - a member that no ring has any more serves nothing once its last lease has run out, and so does
//   who is left in a cluster that was founded anew;
// - who serves a partition has every write of its generation that was ever acknowledged;
// - what members send each other decodes;
// - no node contradicts itself (Node::invariants, which aborts).
// What is committed and acknowledged: sim/commits.h. The first rule that breaks is kept, with the
// moment and the names; the run stops there.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "sim/commits.h"
#include "sim/defect.h"
#include "sim/event_queue.h"
#include "sim/founded.h"
#include "sim/node_host.h"

namespace grapevine::sim {

class Checks {
public:
    // `waited_out`: after so long every lease of a former member has ended (LeaseConfig).
    Checks(const EventQueue& queue, Duration waited_out)
        : queue_(queue), waited_out_(waited_out), defect_(queue), commits_(defect_) {}

    void after_turn(const NodeHost& host);
    void before_answer(const NodeHost& host, const Request& request, const Reply& reply,
                       bool is_late, const std::vector<const NodeHost*>& alive);
    // It was asked when its wall clock showed that time, and the clock was not set back since.
    void before_read(const Request& request, const Reply& reply, const NodeHost& host,
                     std::int64_t unix_ms);
    // At once: what it has executed, and what of that it tells.
    void executed(const NodeHost& host, PartitionId partition,
                  const std::vector<const NodeHost*>& alive);
    void before_telling(const NodeHost& host, PartitionId partition, const AtOnce& done,
                        const std::vector<const NodeHost*>& alive);
    void committed(const NodeHost& holder, PartitionId partition, const Op& op) {
        commits_.committed(as_holder(holder, partition), partition, op);
    }
    // The memory of some node is or was short from now on: what it refused for that is remembered,
    // by others too, and answered again when it comes again.
    void memory_is_short() { was_memory_short_ = true; }
    // A ring that nobody was in before.
    void new_ring(const RingPtr& ring);

    void sweep(const std::vector<const NodeHost*>& alive);

    // Empty: nothing has broken.
    [[nodiscard]] const std::string& defect() const { return defect_.sentence(); }
    [[nodiscard]] Rule rule() const { return defect_.rule(); }
    [[nodiscard]] const Commits& commits() const { return commits_; }
    // In the order of time: each is founded from the first cluster or from one before it.
    [[nodiscard]] const std::vector<Founded>& foundings() const { return foundings_; }
    // Partitions that were given up and restarted empty, of a cluster and those it comes from, as
    // far as it goes on from their rings; in the order of their epochs.
    [[nodiscard]] std::vector<Restart> restarts(ClusterId cluster) const;
    // The newest that anybody was ever in; null: none.
    [[nodiscard]] const RingPtr& newest() const { return newest_; }
    // In all clusters.
    [[nodiscard]] std::size_t given_up() const { return restarts_.size(); }
    // For rules that are checked elsewhere.
    void report(Rule rule, const std::string& sentence) { defect_.report(rule, sentence); }

private:
    static Commits::Holder as_holder(const NodeHost& host, PartitionId partition);
    void check_ring(const NodeHost& host);
    void found(const Ring& ring);
    [[nodiscard]] bool is_left_behind(const NodeHost& server) const;
    void check_room(const NodeHost& host, const Request& request);
    // `answering`: serves at this moment, whatever it says of itself; null: nobody.
    void check_one_heir(const std::vector<const NodeHost*>& alive);
    void check_one_server(PartitionId partition, const std::vector<const NodeHost*>& alive,
                          const NodeHost* answering = nullptr);
    void check_server(PartitionId partition, const NodeHost& server);

    const EventQueue& queue_;
    Duration waited_out_;
    Defect defect_;
    Commits commits_;
    bool was_memory_short_ = false;
    std::map<std::pair<ClusterId, Epoch>, std::uint64_t> digests_;
    std::unordered_map<NodeId, RingPtr> adopted_;
    std::map<NodeId, Time> removed_;  // members of earlier rings, and since when they are not
    RingPtr newest_;
    std::map<ClusterId, RingPtr> last_rings_;  // the newest of each cluster
    std::vector<Founded> foundings_;
    std::vector<Restart> restarts_;
    std::uint32_t next_swept_ = 0;
};

}  // namespace grapevine::sim
