#pragma once
// The exchange that renews leases and probes members at once: between every voter and every member,
// one exchange per pair and period serves both directions (request, echo with request, echo).
//
// What was not answered within `patience` is asked again. So a lost datagram costs a lease, and the
// detection of a silence, that much and not a whole period; and the period can be long, since it is
// not what makes up for losses.
//
// Who asks when: node/pace.h. With many members a voter must not be asked by all of them at once,
// or datagrams find no room: there the first interval in a ring is shorter by up to half of a
// period, for each pair by another length, and each keeps its place in the period.
//
// Internal to node/.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "node/pace.h"
#include "node/stall_watch.h"
#include "ring/messages.h"

namespace grapevine {

struct HeartbeatTimes {
    Duration period;    // between requests that are answered
    Duration patience;  // how long an answer is waited for before the next request
};

// What answers a request, of who is in that ring. It grants nothing.
[[nodiscard]] Heartbeat echo_of(const Heartbeat& request, Epoch epoch);

class Heartbeats {
public:
    Heartbeats(const HeartbeatTimes& times, NodeId self)
        : pace_{times.period, self}, patience_(times.patience), stall_(times.period * 3 / 2) {}

    // The peers in this ring of so many members; all of them are asked at once.
    void adopt(Time now, Epoch epoch, const std::set<NodeId>& peers, std::size_t members);

    // What an arriving heartbeat means: `echoed` is when the request that it answers was sent.
    struct Received {
        std::optional<Time> echoed;
        Epoch echoed_epoch;
        bool granted = false;
    };
    // `grants`: this node is a voter of the request's ring and has not voted for its successor.
    Received receive(Time now, NodeId from, const Heartbeat& message, bool grants);
    // A reconnect to the peer was refused: what it answered before does not count any more.
    void refused(NodeId peer);

    void tick(Time now);
    [[nodiscard]] Time next_deadline() const {
        return asks_.empty() ? never : asks_.begin()->first;
    }
    [[nodiscard]] std::vector<std::pair<NodeId, Heartbeat>> take_messages();
    // Peers that have left two requests unanswered, and answered nothing else meanwhile, found at
    // the last ticks.
    [[nodiscard]] std::vector<NodeId> take_missed();

    // Peers that have answered nothing for at least so long, and for how long.
    [[nodiscard]] std::map<NodeId, Duration> silent(Time now, Duration at_least) const;

    // Peers that answered a request that was sent after `since`; in this ring.
    [[nodiscard]] std::set<NodeId> heard_since(Time since) const {
        return answered_since(since, &Peer::answered_sent);
    }
    [[nodiscard]] std::set<NodeId> heard_in_ring_since(Time since) const {
        return answered_since(since, &Peer::in_ring_sent);
    }

private:
    struct Peer {
        Time ask_at;
        Time asked_at = Time::min();
        Time in_ring_sent = Time::min();  // when the last was sent that was answered in this ring
        Time unanswered_since = never;    // when the first request was sent that waits; never: none
        Duration round_trip{};            // of the last answer
        Time answered_sent = Time::min();  // when the last answered request was sent
        Time answered_at;                  // when that answer, or the first request, was
    };

    [[nodiscard]] std::set<NodeId> answered_since(Time since, Time Peer::* sent) const;
    void forgive_after_stall(Time now);
    [[nodiscard]] Received take_echo(Time now, NodeId from, Peer& peer, const Heartbeat& message);
    [[nodiscard]] Duration interval(NodeId id, const Peer& peer) const;
    [[nodiscard]] bool rides(Time now, const Peer& peer) const;
    [[nodiscard]] bool is_missed(Time now, const Peer& peer) const;
    [[nodiscard]] Heartbeat request(Time now, NodeId id, Peer& peer);
    void ask_at(Time time, NodeId id, Peer& peer);
    void ask_along(Time now);
    void keep_step(Time now);

    Pace pace_;
    Duration patience_;
    Epoch epoch_;
    std::map<NodeId, Peer> peers_;
    std::set<std::pair<Time, NodeId>> asks_;  // Peer::ask_at of each: a voter has very many peers
    StallWatch stall_;
    std::vector<std::pair<NodeId, Heartbeat>> messages_;
    std::vector<NodeId> missed_;
};

}  // namespace grapevine
