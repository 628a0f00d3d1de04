#pragma once
// The client core's state, and what it does with it. Inputs are in client.cc, where requests go in
// routing.cc, what comes back and how operations end in replies.cc. Part of the client core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "client/backoff.h"
#include "client/client.h"
#include "client/peer_table.h"
#include "client/pending.h"
#include "client/ring_poller.h"

namespace grapevine {

struct Client::State {
    using Sequence = OperationId;

    State(ClientConfig given, std::uint64_t seed);

    // Inputs.
    Sequence submit(Time now, Operation operation);
    void begin(Time now, Sequence sequence, Operation operation);
    void on(Time now, Address from, Reply&& reply);
    void on(Time now, Address from, const RingReply& reply);
    void on(Time now, Address from, const ErrorReply& reply);
    template <class Other>
    void on(Time, Address, const Other&) {}  // asked for by the host, not by this core
    void link_failed(Time now, Address peer);
    void tick(Time now);
    void finish_batch(Time now);

    // Routing.
    void route(Time now, Sequence sequence, Pending& pending);
    void send(Time now, Sequence sequence, Pending& pending, Address to);
    void wait(Sequence sequence, Pending& pending, Trouble trouble, Pending::Waiting waiting);
    void pause(Time now, Sequence sequence, Pending& pending, Trouble trouble);
    void wait_while_down(Sequence sequence, Pending& pending);
    void set_due(Sequence sequence, Pending& pending, Time due);
    [[nodiscard]] const Member* primary_of(const Pending& pending) const;
    [[nodiscard]] PartitionId partition_of(const Pending& pending) const;
    [[nodiscard]] std::uint64_t floor_for(Sequence sequence) const;

    // What comes back.
    void refused(Time now, Address from, Sequence sequence, const Reply& reply);
    void stamp_refused(Time now, Sequence sequence, Pending& pending);
    void learn_stamp(const Pending& pending, const Reply& reply);
    void adopt(Time now, Address from, const RingPtr& ring);
    void silent(Time now, Address peer);
    void give_link_up(Time now, Address peer);
    void lose_link(Time now, Address peer);
    void due(Time now, Sequence sequence);

    // Long answers of programs: their partitions remember them until they hear that they came. The
    // next write there says so; where none follows, one is made up that does nothing.
    void note_long_answer(Time now, Sequence sequence, const Pending& pending, const Reply& reply);
    void note_told(PartitionId partition, std::uint64_t floor);
    void confirm_answers(Time now);

    // Ends.
    void complete(Sequence sequence, Outcome outcome);
    void complete_without_answer(Sequence sequence, OutcomeKind kind, std::string detail);
    void expire(Sequence sequence);
    void end_what_is_down();
    void end_handle(Address from, const Ring& other);
    void end(const std::string& why);

    // The sequences of those in `pending` that are meant, ascending.
    template <class Meant>
    [[nodiscard]] std::vector<Sequence> in_order(Meant meant) const;
    [[nodiscard]] Epoch epoch() const { return ring ? ring->epoch : Epoch{}; }
    [[nodiscard]] RingPoller::Need need() const;
    // It tells a ring of another cluster than the client's.
    [[nodiscard]] bool is_foreign(const ServerMessage& message) const;

    ClientConfig config;
    Rng rng;
    Backoff backoff;
    PeerTable peers;
    RingPoller poller;
    RingPtr ring;
    std::optional<Epoch> ring_wanted;  // by want_ring(): newer than this
    std::string ended;                 // why; empty: it has not
    std::string last_error;

    Sequence last_sequence = 0;
    std::unordered_map<Sequence, Pending> pending;
    std::size_t bytes = 0;                       // of keys and values in `pending`
    std::set<std::pair<Time, Sequence>> timers;  // one for each in `pending`
    std::set<Sequence> writes;                   // in `pending`
    std::set<Sequence> down;                     // wait for word that their partition is down
    std::size_t watching = 0;                    // how many in `pending` want a newer ring
    Time confirm_after = Time::min();            // the latest that one of them asked for
    std::vector<std::int64_t> stamps;            // by partition; -1: none yet
    struct Unconfirmed {
        Sequence sequence = 0;
        std::string key;  // of that partition
        Time due;
    };
    std::map<PartitionId, Unconfirmed> unconfirmed;  // the latest of each
    Time confirm_at = never;                         // the first that is due, or earlier
    std::set<Sequence> made_up;                      // in `pending`: nobody hears of their end
    std::map<std::pair<Address, bool>, std::size_t> resent;  // for notes: (to, other than before)
    ClientEffects effects;
};

template <class Meant>
std::vector<Client::State::Sequence> Client::State::in_order(Meant meant) const {
    std::vector<Sequence> sequences;
    for (const auto& [sequence, of] : pending) {
        if (meant(of)) sequences.push_back(sequence);
    }
    std::ranges::sort(sequences);
    return sequences;
}

}  // namespace grapevine
