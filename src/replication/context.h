#pragma once
// What the partitions of one node share: configuration, store, the ring, and the way out. Internal
// to replication/.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pacer.h"
#include "base/planted.h"
#include "base/rate_meter.h"
#include "base/rng.h"
#include "base/time.h"
#include "replication/messages.h"
#include "replication/partition_log.h"
#include "replication/request_memory.h"
#include "replication/rest.h"
#include "ring/ring.h"
#include "store/interpreter.h"
#include "store/operation.h"
#include "store/store.h"

namespace grapevine {

// A step is about a nanosecond (program_steps_max), in which so much is copied.
inline constexpr std::uint64_t bytes_per_step = 4;

// For checks: hears of every operation as it becomes committed at this holder, in order.
using OnCommit = std::function<void(PartitionId, const Op&)>;

struct ReplicationConfig {
    Duration lease_wait = 206ms;      // until every lease of a replaced primary has ended
    Duration patience = 250ms;        // how long a request waits for the lease: about one lease
    Duration resend = 100ms;          // without an acknowledgement, at first: resend_patience()
    Duration watermark_delay = 20ms;  // a watermark that no operation carries goes alone after this
    std::size_t batch_bytes = 1 << 20;           // of operations in one part of a message
    std::size_t chunk_bytes = 64 << 10;          // of items in one fill chunk
    std::size_t chunks_in_flight = 4;            // of one fill
    std::size_t fill_bytes_in_flight = 1 << 20;  // of all fills to one member
    std::uint64_t fill_bytes_per_second = 0;     // of chunks, to all members; 0: no bound
    // Of all bases to one member. Apart from the chunks, since writes wait for a base.
    std::size_t base_bytes_in_flight = 16 << 20;
    std::size_t waiting_max = 4096;  // requests of a partition that wait for the primary
    // Of one partition: what is unfinished has to fit into one message to a new primary.
    std::size_t partition_bytes_max = 40 << 20;
    // Of the store (Store::memory_bytes()) and what is unfinished, above: puts that add to it are
    // refused as full; 0: no bound. Backups and fills hold what they are sent all the same, and
    // tell primaries, which then order nothing that adds.
    std::size_t memory_max = 0;
    std::size_t pending_bytes_max = 128 << 20;  // unfinished and waiting, in all; above: busy
    // RequestMemory::weight() of one partition and in all (some 350 bytes each, at most); above:
    // busy.
    std::size_t remembered_max = 256 << 10;
    std::size_t all_remembered_max = 8 << 20;
    // The same of its long_weight() (64 bytes each), apart: of one client in a partition, unless it
    // is one reply, of the partition, and in all. Both of a partition travel in one message to a
    // fill: some 100 bytes for each of the former, so 60 MB together.
    std::size_t long_client_max = (value_size_max + (1 << 20)) / 64;
    std::size_t long_remembered_max = outcome_size_max / 64;
    std::size_t all_long_remembered_max = (256 << 20) / 64;
    Duration request_memory = grapevine::request_memory;  // a constant of the cluster
    // Keys whose time has come are erased so long after it, as many at once as have gathered by
    // then; a read that meets one does not wait for that.
    Duration sweep_delay = 200ms;
    std::size_t sweep_keys = 128;        // of one partition at once
    std::size_t sweep_keys_turn = 1000;  // of all, between two calls of tick()
    // As program_steps_max counts, of all partitions between two calls of tick(): past that what
    // had to wait goes on waiting. A node that took over from another has as much to do as could
    // come meanwhile, and would be missed by its peers if it did nothing else.
    std::uint64_t waiting_steps_turn = program_steps_max;
    const Interpreter* interpreter =
        nullptr;                  // outlives the Replication; null: programs are refused
    std::uint64_t hash_seed = 0;  // drawn by who serves strangers
    OnCommit on_commit;           // null: nobody listens
    PlantedBugs bugs{};
};

// How long to wait for an acknowledgement before so many bytes are sent again: what is under way on
// a slow link is not helped by copies of it. 16 KiB/ms is an eighth of a gigabit link.
inline Duration resend_patience(const ReplicationConfig& config, std::size_t bytes,
                                std::uint32_t resends) {
    constexpr std::size_t bytes_per_ms = 16 * 1024;
    constexpr std::uint32_t doublings_max = 4;
    return config.resend * (1 << std::min(resends, doublings_max)) +
           std::chrono::milliseconds(bytes / bytes_per_ms);
}

// Until when a partition may be served that was served, active, in every ring from `from` on.
using LeaseExpiry = std::function<Time(Time now, Epoch from)>;

struct ReplicationReply {
    ConnectionId connection;
    Reply reply;
    Time valid_until;
    bool is_of_read = false;  // nothing was changed for it
};

// Collects what one turn of the loop has to say, one batch per peer and kind.
class ReplicationOutbox {
public:
    // With as many operations of the log as follow `part.previous` and fit into `bytes` (at least
    // one, if there is any). How many.
    std::uint32_t send(NodeId to, Replicate::Part part, const PartitionLog& log, std::size_t bytes);
    // Acknowledgements are cumulative: the last word of a turn counts (a gap is never taken back).
    void send(NodeId to, const Replicate::Ack& ack);
    void send(NodeId to, EntryRef gather) { gather_[to].entries.push_back(gather); }
    void send(NodeId to, Gathered::Part part) { gathered_[to].parts.push_back(std::move(part)); }
    void send(NodeId to, ReplicationMessage message) {
        single_.emplace_back(to, std::move(message));
    }
    void reply(ConnectionId connection, Reply&& reply, Time valid_until = never,
               bool is_of_read = false) {
        replies_.emplace_back(connection, std::move(reply), valid_until, is_of_read);
    }

    // What is kept for peers that have nothing to be told is forgotten.
    void trim();
    // Batches are split at about `bytes`.
    // `full`: what acknowledgements say of this member's memory.
    [[nodiscard]] std::vector<std::pair<NodeId, ReplicationMessage>> take_messages(
        std::size_t bytes, bool full = false);
    // To whom acknowledgements wait to be sent.
    template <class Visit>
    void each_acked(const Visit& visit) const {
        for (const auto& [to, ack] : acks_) visit(to);
    }
    [[nodiscard]] std::vector<ReplicationReply> take_replies() {
        return std::exchange(replies_, {});
    }

private:
    // Of one peer. It stays, empty, until the next turn, which is likely to be like this one.
    struct Batch {
        Replicate message;
        std::size_t bytes = 0;
        std::size_t parts_before = 0;
        std::size_t ops_before = 0;

        Replicate take();
    };

    std::map<NodeId, Batch> replicate_;
    std::vector<std::pair<NodeId, Replicate::Ack>> acks_;
    std::vector<std::size_t> ack_of_;  // by partition: its place in acks_, from 1 on; 0: none
    std::map<NodeId, Gather> gather_;
    std::map<NodeId, Gathered> gathered_;
    std::vector<std::pair<NodeId, ReplicationMessage>> single_;
    std::vector<ReplicationReply> replies_;
};

struct Context {
    ReplicationConfig config;
    NodeId self;
    Store& store;
    LeaseExpiry lease;
    RingPtr ring;
    ReplicationOutbox out;
    std::size_t pending_bytes = 0;                 // of unfinished and waiting at primaries here
    std::size_t remembered = 0;                    // RequestMemory::weight() of all replicas here
    std::size_t long_remembered = 0;               // and long_weight()
    std::set<NodeId> full;                         // of those that hold what is ordered here, who
                                                   // said so of itself last
    std::map<NodeId, std::size_t> fill_in_flight;  // bytes of chunks sent and not acknowledged
    std::map<NodeId, std::size_t> base_in_flight;  // the same of bases
    std::map<NodeId, std::set<PartitionId>> fill_starved;  // streams that wait for the former
    Pacer fill_pacer{0};                                   // of all chunks that leave
    std::set<PartitionId> fill_paced;                      // streams that wait for it
    Rest move_rest;                                        // of chunks of copies that only move
    std::set<PartitionId> move_resting;                    // streams that wait for it
    std::size_t copies_possible = 0;                       // in this ring
    RateMeter fill_bytes;                                  // of chunks that came
    RateMeter fill_keys;                                   // their keys
    bool aside_is_dropped = false;                         // Store::drop_aside(), of all partitions
    std::int64_t unix_offset_ms = 0;                       // of unix time to the time of calls
    std::size_t sweep_left = 0;                            // keys that may be swept in this turn
    std::uint64_t waiting_steps_left = 0;                  // for what had to wait, in this turn
    Rng rng{0};                                            // for programs that draw
    LogLines log;

    [[nodiscard]] bool has(Bug bug) const { return config.bugs.has(bug); }
    void spend(std::uint64_t steps) { waiting_steps_left -= std::min(waiting_steps_left, steps); }
    void spend_bytes(std::size_t bytes) { spend(bytes / bytes_per_step); }
    // For so many bytes more. What is kept only to save copying it goes first, and is not counted,
    // nor is garbage: both make room soon.
    [[nodiscard]] bool has_room(std::size_t added) {
        if (config.memory_max == 0) return true;
        const std::size_t used = store.memory_bytes() + pending_bytes;
        if (used + added <= config.memory_max) return true;
        aside_is_dropped = true;
        return used - store.bytes_aside() + added <= config.memory_max;
    }
    // As the host's wall clock shows it: it jumps, forwards and back.
    [[nodiscard]] std::int64_t unix_ms(Time now) const {
        return to_ms(now.time_since_epoch()) + unix_offset_ms;
    }
};

// One partition's contents at one holder: the committed state is in the store, its order and the
// remembered ids are here.
struct Replica {
    PartitionId id;
    PartitionLog log;
    RequestMemory memory;
};

// Changes what a replica remembers, and the count of all.
template <class Change>
void change_memory(Context& context, RequestMemory& memory, const Change& change) {
    context.remembered -= memory.weight();
    context.long_remembered -= memory.long_weight();
    change(memory);
    context.remembered += memory.weight();
    context.long_remembered += memory.long_weight();
}

inline void remember(Context& context, Replica& replica, const Op& op) {
    change_memory(context, replica.memory, [&](RequestMemory& memory) {
        if (op.more && context.has(Bug::reply_forgotten)) {
            Op silent = op;
            silent.more.edit().reply.clear();
            return memory.record(silent, context.config.request_memory);
        }
        memory.record(op, context.config.request_memory);
    });
    if (context.config.on_commit) context.config.on_commit(replica.id, op);
}

// Makes a change of a committed operation part of the store.
inline void apply_change(Store& store, PartitionId partition, Version version,
                         const ChangeView& change) {
    if (change.kind == OpKind::put) {
        store.put(partition, {change.key, change.value, version, change.expires_ms});
    } else {
        store.erase(partition, change.key);
    }
}
// The whole operation: nobody sees the store between its changes.
inline void apply_committed(Store& store, PartitionId partition, const Op& op) {
    for_each_change(
        op, [&](const ChangeView& change) { apply_change(store, partition, op.version, change); });
}

// The place and time of one call.
struct Scope {
    Context& context;
    Replica& replica;
    const Entry& entry;
    Time now;

    [[nodiscard]] EntryRef ref() const { return {replica.id, entry.since}; }
    // Of a key; 0: it never expires.
    [[nodiscard]] bool is_due(std::int64_t expires_ms) const {
        return expires_ms != 0 && expires_ms <= context.unix_ms(now);
    }
};

}  // namespace grapevine
