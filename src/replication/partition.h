#pragma once
// One partition as this node sees it: its contents' order, and the role that the ring gives this
// node in it. Internal to replication/.

#include <cstdint>
#include <map>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "replication/backup.h"
#include "replication/context.h"
#include "replication/messages.h"
#include "replication/primary.h"

namespace grapevine {

class Partition {
public:
    // `hash_seed`: as RequestMemory takes it.
    explicit Partition(PartitionId id, std::uint64_t hash_seed = 0)
        : replica_{id, PartitionLog(hash_seed), RequestMemory(hash_seed)} {}

    // The ring in `context` was adopted. `unbroken`: this node had adopted its predecessor.
    void adopt(Context& context, Time now, bool unbroken);

    // Answers a read where that takes no waiting; false: it is for request().
    bool read(Context& context, Time now, ConnectionId connection, const Request& request);
    void request(Context& context, Time now, ConnectionId connection, Request&& request);
    std::optional<AtOnce> execute(Context& context, Time now, const AtOnceCommand& command,
                                  command::Reply& reply);
    void receive(Context& context, Time now, NodeId from, const Replicated& part);
    void receive(Context& context, Time now, NodeId from, const Replicate::Ack& ack);
    void receive(Context& context, Time now, NodeId from, const EntryRef& gather);
    void receive(Context& context, Time now, NodeId from, const Gathered::Part& part);
    void receive(Context& context, Time now, NodeId from, const FillChunk& chunk);
    void receive(Context& context, Time now, NodeId from, const FillAck& ack);
    void link_reset(Context& context, Time now, NodeId peer);
    // Says again what it holds, where that is the primary and this a copy or a fill. Whether it is.
    bool acknowledge(Context& context, Time now, NodeId primary);
    // Of its primary, where it is a fill that has not begun.
    void ask_for_base(Context& context, Time now);
    void tick(Context& context, Time now);
    void flush(Context& context, Time now);
    [[nodiscard]] Time next_deadline(Context& context, Time now);

    [[nodiscard]] bool is_primary() const { return std::holds_alternative<Primary>(role_); }
    [[nodiscard]] bool is_receiving() const { return std::holds_alternative<Receiving>(role_); }
    [[nodiscard]] bool has_waiting() const;
    [[nodiscard]] bool has_backlog(Context& context, Time now);
    void work_off(Context& context, Time now);
    // Until when this node may serve it; Time::min(): it does not.
    [[nodiscard]] Time serves_until(Context& context, Time now);
    void report_complete(Context& context, std::vector<FillReport>& reports);
    // How many keys this primary has yet to send to each fill.
    void add_to_send(Context& context, std::map<NodeId, std::uint64_t>& keys);
    [[nodiscard]] const Replica& replica() const { return replica_; }

    void invariants(Context& context) const;

private:
    struct Absent {};  // in no list: nothing is held
    // A copy of a partition that is down, this one included: what is held is kept as it is.
    struct Dormant {};

    [[nodiscard]] Scope scope(Context& context, Time now) {
        return {context, replica_, context.ring->entry(replica_.id), now};
    }
    void become_primary(Scope& scope, bool unbroken);
    void become_backup(Scope& scope, bool unbroken);
    void become_receiving(Scope& scope, FillSession session);
    void leave_primary(Scope& scope);
    void discard(Scope& scope);

    Replica replica_;
    Epoch since_;  // of the entry that the role is for
    Epoch tenure_;
    Generation generation_;
    std::variant<Absent, Dormant, Backup, Receiving, Primary> role_;
};

}  // namespace grapevine
