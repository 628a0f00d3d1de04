#pragma once
// A kvnode or a coordinator in the simulated world: the production Node and its store, between the
// simulated network's bytes and Node's messages. Follows the contract of node/node.h.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/client.h"
#include "node/node.h"
#include "sim/laden_store.h"
#include "sim/outgoing.h"
#include "sim/process.h"
#include "wire/wire.h"

namespace grapevine::sim {

class NodeHost;

// A request, and when it came.
struct Asked {
    Request request;
    Time at;
    std::int64_t unix_ms = 0;  // by the node's wall clock
};

// Who wants to know what nodes do: the checks, and the story.
class NodeObserver {
public:
    virtual ~NodeObserver() = default;
    // After its effects were carried out.
    virtual void took_turn(const NodeHost& host) = 0;
    // Just before the bytes leave. `is_late`: of a read, after the lease under which it was made.
    virtual void answers(const NodeHost& host, const Asked& asked, const Reply& reply,
                         bool is_late) = 0;
    // At once (NodeHost::execute).
    virtual void executed(const NodeHost& host, PartitionId partition) = 0;
    // What it executed so, just before that is told.
    virtual void tells(const NodeHost& host, PartitionId partition, const AtOnce& done) = 0;
    virtual void sends(const NodeHost& host, const Envelope& envelope) = 0;
    virtual void says(const NodeHost& host, const LogLine& line) = 0;
};

class NodeHost final : public Process {
public:
    NodeHost(Surroundings& around, const NodeConfig& config, NodeObserver& observer,
             std::uint64_t seed);

    // Asks it to leave the cluster; once it has, the process ends.
    void leave();
    [[nodiscard]] bool is_leaving() const { return is_leaving_; }

    // In its next turn it is asked for the one command of this program by its own process, as by a
    // Redis client of it. `told` hears the outcome where others would (unknown: it must not be
    // told, or the process died); nothing: it was not executed, and is for the primary.
    using Told = std::function<void(const std::optional<Outcome>&)>;
    void execute(const Operation& program, Told told);
    [[nodiscard]] bool is_executing() const { return is_executing_; }

    // Not of a dead process.
    [[nodiscard]] const Node& node() const { return *node_; }
    [[nodiscard]] NodeId id() const { return id_; }
    // What its disk holds, after its death as well; empty: nothing.
    [[nodiscard]] const std::string& saved() const { return saved_; }
    void lose_disk() { saved_.clear(); }
    // Null: none yet, or dead.
    [[nodiscard]] RingPtr ring() const { return node_ ? node_->ring() : nullptr; }
    [[nodiscard]] bool stores() const { return store_ != nullptr; }
    [[nodiscard]] const Store* store() const { return store_.get(); }
    // By its own clock: at this moment it may answer for the partition; for all that it is primary
    // of. Not of a dead process.
    [[nodiscard]] bool serves(PartitionId partition) const {
        return node_->serves_until(now(), partition) > now();
    }
    [[nodiscard]] bool is_serving() const { return node_->serving(now()); }
    // Of the memory that it may use all but so many bytes are taken by something else; until that
    // ends.
    void fill_up(std::size_t left);
    void make_room();
    // Why bytes did not decode that were not corrupted, or that corrupted ones did. Neither
    // happens, so it stays empty.
    [[nodiscard]] const std::string& bad_message() const { return bad_message_; }
    // Its wall clock is set by so much, forwards or back.
    void set_wall_clock(std::int64_t by_ms);
    [[nodiscard]] std::int64_t unix_ms() const;
    // The wall clock was not set back since then, by its own clock.
    [[nodiscard]] bool has_trusted_clock_since(Time local) const { return set_back_at_ < local; }
    [[nodiscard]] std::uint64_t corrupted_rejected() const { return corrupted_rejected_; }

private:
    // A link that somebody dialed to this process.
    struct Incoming {
        FrameReader reader;
        std::optional<Hello> hello;  // none yet: the first frame has not arrived
        std::string answers;         // of this turn
        // By sequence; of one that came more than once the first time. Writes from the floor on,
        // below which no answer is heard any more, and reads, which it says nothing of, for longer
        // than any client waits.
        std::map<std::uint64_t, Asked> writes;
        std::map<std::uint64_t, Asked> reads;
    };

    void take(Arrival arrival) override;
    void tick() override;
    void carry_out() override;
    void place(PlacementTask task);
    Time next_deadline() const override;
    void died() override;

    struct Own {
        Operation program;
        Told told;
        std::optional<AtOnce> done;
        std::string reply;
    };
    [[nodiscard]] PartitionId partition_asked(const Own& own) const;
    void execute_own();
    void tell_own();
    void take_datagram(const Arrival& arrival);
    void take_bytes(LinkId link, const std::string& bytes);
    void take_frame(LinkId link, const Frame& frame);
    void take_answer(Address peer, const std::string& bytes);
    void greet(LinkId link, const Frame& frame);
    void take_request(LinkId link, ClientMessage message);
    void take_end(LinkId link, ArrivalKind how);
    void turn_away(LinkId link, const std::string& why);
    void reply(NodeEffects::ToClient& reply);
    void observe_reply(const Incoming& client, const Reply& reply, bool is_late);
    [[nodiscard]] ClusterId cluster() const;
    [[nodiscard]] Ancestors ancestors() const;

    NodeObserver& observer_;
    NodeId id_;
    std::unique_ptr<LadenStore> store_;
    std::size_t memory_max_;
    std::unique_ptr<Node> node_;
    OutgoingLinks outgoing_;
    std::map<LinkId, Incoming> incoming_;
    bool is_executing_ = false;
    std::vector<Own> own_;                                 // to be executed in the next turn
    std::vector<Own> executed_;                            // in this turn
    std::set<LinkId> answered_;                            // in this turn
    std::deque<std::pair<LinkId, ClientMessage>> unread_;  // while the node is overloaded
    PlacementTask placing_;                                // until then, by another of its threads
    Time placed_at_ = never;
    bool is_leaving_ = false;
    bool leave_is_due_ = false;  // it was asked, and took no turn since: it may be paused
    std::string bad_message_;
    std::string saved_;
    std::int64_t wall_offset_ms_ = 0;
    Time set_back_at_ = Time::min();
    std::uint64_t corrupted_rejected_ = 0;
};

}  // namespace grapevine::sim
