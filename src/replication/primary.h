#pragma once
// The primary's role for one partition: takes over (activation), orders and commits writes, answers
// reads under the lease, brings fills up. Internal to replication/.
//
// Activation, in three steps (DESIGN.md):
//  1. Gathering: every other up copy, already in this ring, reports its unfinished operations.
//  2. Confirming: these and the own ones are re-sent to the whole write set, in version order and
//     with their original version, request id and answer, and acknowledged.
//  3. The replaced primary attests that it serves no more, or its leases are waited out.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "replication/at_once.h"
#include "replication/context.h"
#include "replication/fill_stream.h"
#include "replication/messages.h"
#include "replication/pending_ids.h"
#include "ring/change.h"
#include "store/operation.h"

namespace grapevine {

class View;
namespace command {
class Reply;
}

// The phases of a primary; each holds what only it needs.
struct Gathering {
    std::set<NodeId> missing;  // copies that have not reported
    Time ask_at;
    // Until asked again, doubled each time: an answer can be large, and its copies would only keep
    // it from arriving over a slow link.
    Duration pause{};
    std::uint64_t watermark = 0;           // the highest reported
    std::map<std::uint64_t, OpPtr> found;  // unfinished operations of others, by counter
};
struct Confirming {
    std::uint64_t up_to = 0;  // active once everything up to this counter is committed
};
struct Active {
    Epoch from;  // the first ring of the unbroken run in which it is active
};

class Primary {
public:
    // `lease_wait_until`: when every lease of its predecessors has ended; Time::min(): there is
    // none. `hash_seed`: as RequestMemory takes it.
    Primary(Time lease_wait_until, std::uint64_t hash_seed)
        : lease_wait_until_(lease_wait_until), pending_(hash_seed) {}

    // The entry is new to this node as primary, or a ring between was missed: activate (again).
    void take_over(Scope& scope);
    // The entry changed, its primary stayed, was active and saw every ring between: goes on.
    void carry_on(Scope& scope);
    // Another member is the primary now, or the partition went down: whoever waits is told.
    void retire(Scope& scope);

    // Answers a read where that takes no waiting; false: it is for request().
    bool read(const Scope& scope, ConnectionId connection, const Request& request) const;
    void request(Scope& scope, ConnectionId connection, Request&& request);
    // See Replication::execute.
    std::optional<AtOnce> execute(Scope& scope, const AtOnceCommand& command,
                                  command::Reply& reply);
    void gathered(Scope& scope, NodeId from, const Gathered::Part& part);
    void acked(Scope& scope, NodeId from, const Replicate::Ack& ack);
    void fill_acked(Scope& scope, NodeId from, const FillAck& ack);
    // What was sent to the peer and not acknowledged may be lost.
    void link_reset(Scope& scope, NodeId peer);
    // The lease was renewed, or time passed.
    void tick(Scope& scope);
    // Sends what is due. Called once after the inputs of a turn.
    void flush(Scope& scope);

    [[nodiscard]] Time next_deadline(const Scope& scope) const;
    [[nodiscard]] bool active() const { return std::holds_alternative<Active>(phase_); }
    // Serves no more once it has left: was active, or had outwaited its predecessor.
    [[nodiscard]] bool may_attest(Time now) const { return active() || now >= lease_wait_until_; }
    [[nodiscard]] Time lease_wait_until() const { return lease_wait_until_; }
    [[nodiscard]] Time lease_until(const Scope& scope) const;
    // The same, for acknowledgements of writes: apart, because a bug can be planted here.
    [[nodiscard]] Time written_until(const Scope& scope) const;
    void report_complete(const Scope& scope, std::vector<FillReport>& reports) const;
    void add_to_send(const Scope& scope, std::map<NodeId, std::uint64_t>& keys) const;
    [[nodiscard]] bool has_waiting() const { return !waiting_.empty(); }
    // Of requests that waited more could be executed now than a turn has room for. It is worked off
    // turn by turn, in order; until then whatever comes waits behind them.
    [[nodiscard]] bool has_backlog(const Scope& scope) const {
        return has_backlog_ && lease_until(scope) > scope.now;
    }
    void work_off(Scope& scope);

    void invariants(const Scope& scope) const;

private:
    struct Peer {
        std::uint64_t sent = 0;   // operations up to here were sent on this link, for this `since`
        std::uint64_t acked = 0;  // and are held by the peer
        std::uint64_t told = 0;   // the watermark that it was told
        Time progress_at;         // of the last acknowledgement, or of the first unanswered sending
        std::uint32_t resends = 0;         // since the last acknowledgement
        std::optional<FillStream> stream;  // it is a fill
        [[nodiscard]] bool started() const { return !stream || stream->started(); }
    };
    struct Waiter {
        std::uint64_t counter;  // of the operation
        ConnectionId connection;
        std::uint64_t sequence;
    };
    struct Waiting {
        ConnectionId connection;
        Request request;
        Time until;
        std::uint64_t behind = 0;  // the operation that it waits for; 0: the lease, or activation
    };
    enum class ReadEnd : std::uint8_t { answered, no_lease, met_expired };

    void drop_waiters(Scope& scope);
    void reset_peers(Scope& scope);
    [[nodiscard]] Peer* find_peer(NodeId id);  // null: it is in the write set no more
    void gather(Scope& scope, Time ask_at);
    void confirm(Scope& scope);
    void advance(Scope& scope);
    void commit_oldest(Scope& scope, Time valid_until);
    void activate(Scope& scope);
    void serve(Scope& scope, ConnectionId connection, Request&& request, Time deadline);
    void serve_waiting(Scope& scope);
    void keep_waiting(Waiting&& waiting);
    void give_up_backlog(Scope& scope);
    void expire_waiting(Scope& scope);

    // False: it was refused, because too much waits.
    bool park(Scope& scope, Waiting&& waiting);
    void turn_away(Scope& scope, const Waiting& waiting, Status status) const;
    // `expired`: the keys that it met and whose time has come.
    ReadEnd try_read(const Scope& scope, ConnectionId connection, const Request& request,
                     std::vector<std::string>& expired) const;
    void get(const Scope& scope, const Request& request, Reply& reply,
             std::vector<std::string>& expired) const;
    void query(const Scope& scope, const Request& request, Reply& reply,
               std::vector<std::string>& expired) const;
    // Reads again when these are erased.
    void read_behind(Scope& scope, Waiting&& read, const std::vector<std::string>& expired);

    void write(Scope& scope, ConnectionId connection, Request&& request, Time valid_until);
    [[nodiscard]] Status refusal_of(const Scope& scope, const Request& request) const;
    [[nodiscard]] bool has_room(const Scope& scope, std::size_t added) const;
    [[nodiscard]] bool has_room(const Scope& scope, const Request& request) const;
    [[nodiscard]] bool has_room(const Scope& scope, const Op& op) const;
    [[nodiscard]] bool may_remember(const Scope& scope, std::size_t reply) const;
    [[nodiscard]] bool may_remember_long(const Scope& scope, const Op& op) const;
    // Executes a program. ok: `op` is what becomes of it; anything else refuses it.
    [[nodiscard]] Status run(const Scope& scope, const Request& request, Op& op) const;
    static void take_changes(View& view, Op& op);
    std::optional<AtOnce> read_at_once(const Scope& scope, const AtOnceCommand& command,
                                       command::Reply& reply) const;
    std::optional<AtOnce> write_at_once(Scope& scope, const AtOnceCommand& command,
                                        command::Reply& reply);
    [[nodiscard]] Op op_of_request(const Scope& scope, const Request& request) const;
    // An operation that no client asked for under an id; what it does is to be filled in.
    [[nodiscard]] static Op op_of_nobody(const Scope& scope, std::int64_t stamp_ms);
    [[nodiscard]] Status limits_of(const Scope& scope, const Op& op) const;
    bool answer_duplicate(Scope& scope, ConnectionId connection, const Request& request,
                          Time valid_until);
    bool check_stamp(Scope& scope, ConnectionId connection, const Request& request);
    void judge(const Scope& scope, const Request& request, Op& op) const;
    OpPtr order(Scope& scope, Op&& op);
    [[nodiscard]] std::int64_t partition_time(Time now) const;
    [[nodiscard]] Time forget_at(const Scope& scope) const;
    void keep_time(Scope& scope, std::int64_t stamp_ms);
    // Nothing unfinished changes them.
    void order_erasures(Scope& scope, const std::set<std::string, std::less<>>& keys);
    // Erases keys whose time has come.
    void sweep(Scope& scope);
    // In so many milliseconds, at most a day; zero or less: now. Nothing: not as far as is known.
    [[nodiscard]] std::optional<std::int64_t> sweep_in_ms(const Scope& scope) const;
    [[nodiscard]] Time look_for_due_at(const Scope& scope) const;
    void answer(Scope& scope, ConnectionId connection, const Op& op, Time valid_until) const;

    void flush_peer(Scope& scope, NodeId id, Peer& peer);
    [[nodiscard]] bool may_stream(const Scope& scope) const;
    void stream_to_fills(Scope& scope);
    void rewind(Scope& scope, Peer& peer);
    [[nodiscard]] Time resend_at(const Scope& scope, const Peer& peer) const;
    // The watermark, to those that were not told it, if no operation carries it before.
    void tell_soon(const Scope& scope);

    std::variant<Gathering, Confirming, Active> phase_;
    Time lease_wait_until_;
    std::vector<std::pair<NodeId, Peer>> peers_;  // the write set without this node
    std::deque<Waiter> waiters_;                  // for an answer, in the order of their operations
    PendingIds pending_;
    std::deque<Waiting> waiting_;     // requests that came too early, in order of arrival
    std::uint64_t first_behind_ = 0;  // the lowest of their `behind`; 0: none has any
    bool has_backlog_ = false;        // see has_backlog()
    std::uint64_t swept_ = 0;         // the operation that the last sweep waits for
    Time tell_at_ = never;            // when a watermark that no operation carried goes alone
    std::int64_t time_base_ms_ = 0;   // partition time at time_base_at_
    Time time_base_at_;
};

}  // namespace grapevine
