#pragma once
// Agreement on the next ring: single-decree Paxos per epoch among the voters of the current ring.
// See ring/messages.h for the messages and DESIGN.md for the protocol in numbered steps.
//
// The class is acceptor and proposer of one member for the one epoch after the ring it is in; it
// forgets both when the ring is adopted. Promises are in `AgreementState`, which a host with a disk
// makes durable before the messages of the same Effects leave.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/planted.h"
#include "base/rng.h"
#include "base/time.h"
#include "ring/change.h"
#include "ring/found_anew.h"
#include "ring/messages.h"
#include "ring/ring.h"

namespace grapevine {

using AgreementMessage = std::variant<Prepare, Promise, Accept, Accepted, Rejected>;

struct AgreementConfig {
    // A phase that is not answered by a majority is started again after this, doubled each time up
    // to the maximum, plus up to as much again of jitter, so that two proposers part.
    Duration retry_min = 30ms;
    Duration retry_max = 400ms;
    // Makes the ring that follows a change; null: make_ring() (ring/change.h). Another must give
    // the same results, but for planted bugs: many nodes in one process can share what one of them
    // has made.
    std::function<Result<MadeRing>(const RingPtr&, const RingChange&)> make_ring;
    PlantedBugs bugs{};
};

// What an acceptor must not forget.
struct AgreementState {
    Epoch epoch;  // the instance: of the ring to be decided
    Ballot promised;
    std::optional<AcceptedValue> accepted;
};

// All that makes a process the same voter as an earlier one: an id is used again only with the
// promises that were given under it. The ring is the one whose successor they are about.
struct SavedState {
    NodeId id;
    RingPtr ring;
    AgreementState promises;
    Consents consents{};  // to clusters founded anew
    Founding consent{};   // the one that stands; no ballot: none does
};

struct AgreementEffects {
    bool state_changed = false;  // make state() durable before sending
    std::vector<std::pair<NodeId, AgreementMessage>> messages;
    std::optional<RingChange> decided;  // learned here, as proposer: adopt it and tell everybody
    bool voted = false;                 // accepted a value in this batch: grant no more leases
    std::string refused;                // why a proposed change is no legal step; empty: none
};

struct Promisers {
    // Who promised in this attempt, so they were there after it had begun: voters, candidates,
    // and in a small ring also storage members that have no vote.
    std::set<NodeId> present;
    std::set<NodeId> hears;  // members that one of them hears, which must not be evicted
    bool all = false;        // who has not promised by now is not waited for
};

class Agreement {
public:
    Agreement(const AgreementConfig& config, NodeId self, std::uint64_t seed);

    void adopt(const RingPtr& ring);
    // After adopt(), in a process that goes on with what an earlier one had promised in this ring.
    void resume(Time now, const AgreementState& promises);

    // Members that this node hears now; asked for when a promise is given.
    void set_heard(std::set<NodeId> heard) { heard_ = std::move(heard); }
    // Those that want to be let in: asked for a promise too, which counts for nothing but shows
    // that they are there.
    void set_candidates(std::set<NodeId> ids) { candidates_ = std::move(ids); }

    // Asks for a value once a majority promised and no value is bound. No value: it is asked again
    // with each further promise, and for the last time when all are there or the time is up.
    using Chooser = std::function<std::optional<RingChange>(const Promisers& promisers)>;

    // Starts to propose unless it is already at it. Only a voter may.
    void propose(Time now, const Chooser& choose);
    [[nodiscard]] bool proposing() const { return attempt_.has_value(); }

    // Messages of another instance are ignored here: the caller brings who is behind up to date.
    void receive(Time now, NodeId from, const AgreementMessage& message, const Chooser& choose);
    void tick(Time now, const Chooser& choose);
    [[nodiscard]] AgreementEffects take_effects() { return std::exchange(effects_, {}); }
    [[nodiscard]] Time next_deadline() const;

    // True from the vote for the successor on: this node echoes no lease of its ring any more.
    [[nodiscard]] bool has_voted() const { return state_.accepted.has_value(); }
    [[nodiscard]] const AgreementState& state() const { return state_; }

    // The ring that the change makes of the present one. The last is remembered: what this node
    // accepted is, as a rule, what it hears to be decided.
    [[nodiscard]] Result<MadeRing> successor(const RingChange& change);

private:
    struct Preparing {
        Promisers promisers;
        std::optional<AcceptedValue> bound;  // the accepted value of the highest ballot
        bool is_idle = false;                // a majority promised, and there is nothing to decide
    };
    struct Accepting {
        RingChange change;
        std::set<NodeId> accepted;
        std::uint32_t doubled = 0;  // planted: votes that came again
    };
    struct Attempt {
        Ballot ballot;
        std::variant<Preparing, Accepting> phase;
        Time retry_at;
    };

    void on(Time now, NodeId from, const Prepare& message);
    void on(Time now, NodeId from, const Accept& message);
    void on(Time now, NodeId from, const Promise& message, const Chooser& choose);
    void on(Time now, NodeId from, const Accepted& message);
    void on(Time now, NodeId from, const Rejected& message);

    void start_attempt(Time now);
    void end_attempt(Time now);
    // A majority promised: goes on with the value that is bound or chosen, or waits for more.
    void choose_value(Time now, Preparing& preparing, const Chooser& choose);
    [[nodiscard]] Preparing* idle();  // null: no attempt, or it is not
    [[nodiscard]] std::set<NodeId> witnesses() const;
    [[nodiscard]] bool is_witness(NodeId from, const AgreementMessage& message) const;
    // The vote is cast: proposes itself if no decision comes.
    void watch_over_vote(Time now);
    void send(NodeId to, AgreementMessage message);
    void broadcast(const AgreementMessage& message);
    void deliver_to_self(Time now, const Chooser& choose);
    // The attempt that an answer to this ballot counts for.
    [[nodiscard]] bool is_for_attempt(const Ballot& ballot) const;

    AgreementConfig config_;
    NodeId self_;
    Rng rng_;
    RingPtr ring_;
    std::optional<MadeRing> made_;  // of it, last
    AgreementState state_;
    std::set<NodeId> heard_;
    std::set<NodeId> candidates_;
    std::optional<Attempt> attempt_;
    std::uint64_t round_seen_ = 0;
    Duration backoff_;
    Time again_at_ = never;  // a voter that accepted and hears no decision proposes itself
    std::deque<AgreementMessage> to_self_;  // a member is its own voter like any other
    AgreementEffects effects_;
};

}  // namespace grapevine
