#pragma once
// One member of a cluster: composes failure detection, ring, leases and replication. Pure: a host
// (runtime/, sim/) moves bytes and time. The coordinator is a Node with Role::coordinator: it votes
// and serves rings, and stores nothing.
//
// Contract with the host, in this order, for each turn of its loop:
//  1. Tell the wall clock; hand in everything that has arrived (datagrams, links, clients) with a
//     fresh `now`.
//  2. If next_deadline() has come, tick(now). Never tick before draining the sockets: after a
//  stall,
//     silence would be judged while the answers wait.
//  3. take_effects(), and carry them out in the order of the struct's fields.
// Links are directed: a member dials each peer that it has something to say to, and messages of one
// live link arrive in order, once; when it ends, a tail of them may be lost. All messages may be
// lost, delayed or (datagrams) doubled.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/planted.h"
#include "base/time.h"
#include "client/messages.h"
#include "node/messages.h"
#include "replication/at_once.h"
#include "ring/agreement.h"
#include "ring/lease.h"
#include "ring/planner.h"
#include "ring/ring.h"
#include "store/store.h"
#include "swim/swim.h"

namespace grapevine {

namespace command {
class Reply;
}

// What a voter logs, as an error, of a ring that it has proposed itself and may not: then what
// follows.
inline constexpr std::string_view illegal_proposal = "a proposed ring is no legal step: ";

struct NodeConfig {
    // Who this is. `id` was drawn for this state; `name` may be empty (the ring gives one);
    // `joined` and `state` are the ring's.
    Member self;
    // How it begins: founding a cluster, or joining the one that the seeds are in.
    bool found = false;
    ClusterId cluster;                // founding: the new cluster's id, drawn by the host
    std::uint32_t copies_wanted = 3;  // founding: k, 1 ... copies_max
    std::uint32_t partitions = 1024;  // founding: a power of two, 1 ... slot_count
    std::size_t genesis_members = 1;  // founding coordinator: nodes to wait for
    Duration listen{};                // founding: how long to listen first for a cluster that lives
                                      // and knows this address; zero: not at all
    std::vector<Address> seeds;       // joining, and to be told again where the cluster is

    // A coordinator's: it goes on as the voter that saved this, neither founding nor joining.
    // `self` has that voter's id, and its address too where the ring lists it.
    std::optional<SavedState> resume{};

    Duration heartbeat = 100ms;          // one exchange per pair of members
    Duration heartbeat_patience = 20ms;  // without an answer: the next. One of four or five has
                                         // to come through, or the lease ends
    Duration settle_gone = 10ms;         // failures noticed within this go into one ring
    Duration settle = 50ms;              // the same for silence, joins and reports
    Duration rank_delay = 20ms;          // a voter waits this long for each live voter before it
    Duration join_period = 100ms;        // how often a joiner asks again
    Duration redial = 200ms;             // how long after a failed dial the next one, at first
    Duration link_check = 200ms;         // how often each link is asked whether it carries anything
    Duration link_silence = 500ms;       // without an answer: told to the voters (node/bad_links.h)
    Duration beacon = 250ms;             // how often a voter calls where a coordinator or seed was
    std::size_t full_mesh_max = 32;      // members up to which all link to all
    // So many pairs of a partition and a storage node are placed in one turn, in up to some 2 ms;
    // more than that somebody else does (NodeEffects::placement).
    std::size_t pairs_at_once = 8192;

    SwimConfig swim;
    LeaseConfig lease;
    AgreementConfig agreement;
    PlannerConfig planner;
    // Unfinished operations, above: writes are refused as busy; at half of it: overloaded(). One
    // partition alone cannot reach that.
    std::size_t pending_bytes_max = 128 * 1024 * 1024;
    // Of keys and values, their overhead included: above, as a primary, it refuses what would add
    // to it; 0: no bound.
    std::uint64_t memory_max = 0;
    // What fills take from this node a second, in bytes of keys and values; 0: no bound.
    std::uint64_t backfill_rate = 0;
    // How long idle clients' request ids are remembered: the same in a whole cluster, and more than
    // twice the longest deadline that its clients set.
    Duration request_memory = grapevine::request_memory;
    // For checks: hears of every operation as it becomes committed here, in order. Null: nobody.
    std::function<void(PartitionId, const Op&)> on_commit;
    PlantedBugs bugs;  // of all parts; for tests alone
};

class Replication;

enum class LinkEnd : std::uint8_t {
    ended,    // was up and ended or was reset
    refused,  // dial was refused: nobody listens there
    timeout,  // dial got no answer
};

struct NodeEffects {
    // Node::durable_state() first, before anything below. A host that saves and cannot must not
    // carry out what follows: promises that were not saved may be forgotten.
    bool persist = false;
    // Datagrams and messages on links. The host dials where it has no link, and holds a bounded
    // number of bytes meanwhile.
    std::vector<std::pair<Address, Envelope>> datagrams;
    std::vector<std::pair<Address, Envelope>> links;
    std::vector<Address> dials;     // links to have; link_up or link_down will tell
    std::vector<Address> hang_ups;  // links that are of no use any more
    struct ToClient {
        ConnectionId connection;
        ServerMessage message;
        // The lease under which it was made. The host reads its clock afresh just before it hands
        // the bytes to the socket; at or past this time it calls Node::refuse() instead of sending,
        // unless it is of a read: that was current when it was made, which was after it was asked.
        Time valid_until = never;
        bool is_of_read = false;  // nothing was changed for it: who has no room may refuse it
        [[nodiscard]] bool must_be_refused(Time now) const {
            return !is_of_read && valid_until != never && now >= valid_until;
        }
    };
    std::vector<ToClient> replies;
    LogLines log;
    // To be computed, elsewhere and for as long as it takes (desired_placement(): half a second for
    // a thousand nodes and all slots), for Node::placed(). None other is asked for before that.
    std::optional<PlacementTask> placement;
    bool stop = false;  // a client asked this process to end
    bool left = false;  // as it was asked to, and nobody waits for what it holds
    // Founding: a cluster lives that knows this address, and this is one of its members. Nothing
    // was founded and nothing ever will be by this Node: its process should say so and end.
    std::optional<Address> occupied_by;
    // Joining: this member lives and has had the name that was asked for, for longer than a dead
    // one is listed. As long as it lives this Node is not admitted; a process should say so and
    // end.
    std::optional<Member> name_held_by;
};

class Node {
public:
    // `store` outlives the node; null for a coordinator.
    Node(NodeConfig config, Store* store, std::uint64_t seed, Time now);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // From peers, already decoded. Who an envelope claims to be from is believed (no authentication
    // yet), but checked against the ring.
    void receive(Time now, const Envelope& envelope);
    void link_up(Time now, Address peer);
    void link_down(Time now, Address peer, LinkEnd how);
    // A peer's link to us ended: its process may be gone, so ours is dialed again.
    void peer_hung_up(Time now, Address peer);

    // What the host's wall clock shows at `now`: by it keys expire. To be told once in a turn,
    // before what has arrived is handed in; it may jump.
    void wall_clock(Time now, std::int64_t unix_ms);

    // From clients.
    void receive(Time now, ConnectionId connection, ClientMessage&& message);
    // See Replication::execute. What it leaves behind comes with take_effects(), like that of all
    // inputs; its reply, unlike theirs, is the caller's to tell.
    std::optional<AtOnce> execute(Time now, const AtOnceCommand& command, command::Reply& reply);
    // These come next: a hint to the processor, which may be left out.
    void prefetch(std::span<const ClientMessage> messages) const;
    void prefetch(std::span<const std::string_view> keys) const;
    void client_closed(Time now, ConnectionId connection);
    // What to send instead of a reply whose lease has ended: `lapsed`, for the same sequence.
    [[nodiscard]] Reply refuse(const Reply& stale) const;

    // A storage node's: what it holds moves to others, meanwhile it serves; then it is in no ring
    // any more, and says NodeEffects::left. One that is in none says so at once.
    void leave(Time now);

    // What NodeEffects::placement asked for.
    void placed(Time now, PlacementTask task, Placement placement);

    void tick(Time now);
    [[nodiscard]] NodeEffects take_effects();
    // Some of NodeEffects::replies, ahead of the rest: what requests were answered so far in this
    // turn. Nothing that has to be saved comes before them, and they need not pile up.
    [[nodiscard]] std::vector<NodeEffects::ToClient> take_answers();
    [[nodiscard]] Time next_deadline() const;

    // The host stops reading from clients that write while this is true: memory stays bounded.
    [[nodiscard]] bool overloaded() const;

    [[nodiscard]] const RingPtr& ring() const;  // null: not in a ring yet
    [[nodiscard]] const Member& self() const;   // with the name that the ring gave
    // In the current ring and, for a storage node, all its partitions active with a lease.
    [[nodiscard]] bool serving(Time now) const;
    // What a host with a disk saves when NodeEffects::persist says so.
    [[nodiscard]] SavedState durable_state() const;
    // For checks: until when this node may serve the partition (in the past: it may not), and what
    // it holds; null for a coordinator.
    [[nodiscard]] Time serves_until(Time now, PartitionId partition) const;
    [[nodiscard]] const Replication* replication() const;
    // For checks: until when this node holds back what it would do at once after a single failure,
    // because there were several: as a voter, two members whose link was bad are kept apart
    // (node/bad_links.h); evicted, it does not ask to be admitted, and not before then: it is later
    // with each time that it begins to hear a majority again. In the past: it does not.
    [[nodiscard]] Time backs_off_until() const;
    [[nodiscard]] StatusReply status(Time now) const;

    // Aborts where the state contradicts itself. For tests and the simulator.
    void invariants() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace grapevine
