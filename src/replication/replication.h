#pragma once
// Primary-backup replication of one node's partitions: orders, replicates, commits, takes over,
// fills. See DESIGN.md, "The protocols in steps"; the roles are in primary.h and backup.h.
//
// What reaches a partition is first checked against the ring, here and nowhere else: a message
// whose `since` is later than the entry's means that this node has to fetch the ring, an earlier
// one that the sender has to be told it; neither is handled further.
//
// Safety of reads and answers rests on `now`: the host reads its clock after the bytes of an input
// arrived, so a value that was read under a lease valid at `now` was current at a moment after the
// request was sent.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/time.h"
#include "replication/agenda.h"
#include "replication/at_once.h"
#include "replication/context.h"
#include "replication/messages.h"
#include "replication/partition.h"
#include "ring/change.h"
#include "ring/ring.h"
#include "store/operation.h"
#include "store/store.h"

namespace grapevine {

struct ReplicationEffects {
    std::vector<std::pair<NodeId, ReplicationMessage>> messages;
    std::vector<ReplicationReply> replies;
    std::set<NodeId> ahead;   // members that know a later ring: fetch it from them
    std::set<NodeId> behind;  // members that have to be told the ring
    LogLines log;
};

class Replication {
public:
    Replication(const ReplicationConfig& config, NodeId self, Store& store, LeaseExpiry lease);

    // `unbroken`: the node had adopted the predecessor of this ring.
    void adopt(Time now, const RingPtr& ring, bool unbroken);

    void request(Time now, ConnectionId connection, Request&& request);
    // Executes it now, appending its RESP3 reply. Nothing: nothing was done (what was appended is
    // of no use), since it takes others, waiting, or an explanation: it is for request().
    std::optional<AtOnce> execute(Time now, const AtOnceCommand& command, command::Reply& reply);
    // These come next, or commands of these keys. What they will touch lies in no cache, as a rule,
    // and is fetched for all of them at once rather than for one after the other.
    void prefetch(std::span<const Request* const> requests) const;
    void prefetch(std::span<const std::string_view> keys) const;
    // So many accesses to memory are under way at once; processors have room for some more.
    static constexpr std::size_t prefetched_max = 16;
    // What the host's wall clock shows at that time. It may jump.
    void wall_clock(Time now, std::int64_t unix_ms);
    // One of the kinds of ReplicationMessage.
    template <class Message>
    void receive(Time now, NodeId from, const Message& message) {
        if (context_.ring) on(now, from, message);
    }
    // The link to the peer was lost or made anew: what was under way on it may be lost.
    void link_reset(Time now, NodeId peer);
    // A small question was answered, by links, so long after it was asked.
    void answered(Time now, NodeId peer, Duration after) {
        context_.move_rest.line(now, peer, after);
    }
    void lease_renewed(Time now);
    void tick(Time now);
    [[nodiscard]] ReplicationEffects take_effects(Time now);
    // The replies so far, ahead of the other effects.
    [[nodiscard]] std::vector<ReplicationReply> take_replies() {
        return context_.out.take_replies();
    }
    [[nodiscard]] Time next_deadline() const;

    [[nodiscard]] bool overloaded() const;
    // Fills that are complete, to be told to whoever may propose a ring, again and again.
    [[nodiscard]] std::vector<FillReport> complete_fills();

    struct Counts {
        std::uint64_t keys = 0;
        std::uint64_t keys_held = 0;
        std::uint32_t primary = 0;
        std::uint32_t serving = 0;
        std::uint32_t filling = 0;
    };
    [[nodiscard]] Counts counts(Time now);
    struct Backfill {
        std::map<NodeId, std::uint64_t> to_send;  // keys, about, of fills from here
        std::uint64_t bytes_per_second = 0;       // received
        std::uint64_t keys_per_second = 0;
    };
    [[nodiscard]] Backfill backfill(Time now);
    // For checks: until when this node may serve the partition.
    [[nodiscard]] Time serves_until(Time now, PartitionId partition);
    [[nodiscard]] const Replica& replica(PartitionId partition) const;

    // For checks: whom this node takes for full, of those that hold what it is primary of.
    [[nodiscard]] const std::set<NodeId>& taken_for_full() const { return context_.full; }

    // Of the partitions that something was done to since the last call and, in turn, of one of the
    // others: a partition that nothing touches does not change.
    void invariants();

private:
    struct Awaited {
        PartitionId partition;
        std::string_view key;
        const ClientId* writer = nullptr;  // whose requests are remembered; null: nobody's
        std::uint64_t hint = 0;            // see Store::prefetch()
    };
    void prefetch(std::span<Awaited> awaited) const;
    // The oldest unfinished operations of these partitions are soon committed.
    template <class Part>
    void prefetch_oldest(std::span<const Part> parts) const;
    template <class Part>
    void deliver(Time now, NodeId from, const EntryRef& entry, const Part& part);
    void on(Time now, NodeId from, const Replicate& message);
    void on(Time now, NodeId from, const Gather& message);
    void on(Time now, NodeId from, const Gathered& message);
    void on(Time now, NodeId from, const FillChunk& message);
    void on(Time now, NodeId from, const FillAck& message);
    Partition& touch(PartitionId id);
    void wake_starved(NodeId peer);
    void list_unchecked(PartitionId id);
    [[nodiscard]] bool drops_aside() const;
    [[nodiscard]] bool has_garbage() const;
    void collect_garbage(Time now);
    void work_off_backlogs(Time now);
    void list_backlog(Time now, PartitionId id);
    void note_room(NodeId peer, const Replicate& message);
    void forget_full();
    [[nodiscard]] std::vector<std::pair<NodeId, ReplicationMessage>> take_messages(Time now);
    void tell_room(Time now, NodeId primary);
    void look_for_room(Time now);

    Context context_;
    std::int64_t swept_offset_ms_ = 0;  // by which expiry was looked for
    std::vector<Partition> partitions_;
    std::vector<PartitionId> touched_;      // to be flushed, each once, in this order
    std::vector<std::uint8_t> is_touched_;  // by partition
    std::set<PartitionId> waiting_;     // of those not touched: where requests wait for the lease
    std::deque<PartitionId> backlogs_;  // each once; whose turn it is comes first
    std::vector<std::uint8_t> is_backlog_;  // by partition
    Time backlog_at_;                       // when the last of these was seen
    Agenda agenda_;
    std::vector<PartitionId> unchecked_;   // touched since invariants(); each once
    std::vector<std::uint8_t> is_listed_;  // by partition: in unchecked_
    std::size_t next_checked_ = 0;         // of those that were not touched
    Time collect_at_ = Time::min();
    std::set<NodeId> told_full_;  // primaries that were told so of this node, and nothing else yet
    Time look_for_room_at_;       // where somebody was
    bool was_full_ = false;       // ever
    // What came of fills too early, in an entry that is not known here yet: since when that is.
    std::map<PartitionId, Epoch> missed_;
    ReplicationEffects effects_;
};

}  // namespace grapevine
