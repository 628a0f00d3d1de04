#pragma once
// The exchange that renews leases and probes members at once: between every voter and every member,
// one exchange per pair and period serves both directions (request, echo with request, echo).
//
// So that the two do not ask each other at the same moment, period after period, the one with the
// lower id asks first: the other puts its own request off a little whenever it was asked, and sends
// it along with the echo of the next. And so that a voter of a thousand members is not asked by all
// of them at once, period after period, the first interval in a ring is shorter by up to half of a
// period, for each pair by another length.
//
// Internal to node/.

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "node/stall_watch.h"
#include "ring/messages.h"

namespace grapevine {

class Heartbeats {
public:
    Heartbeats(Duration period, NodeId self) : period_(period), self_(self), stall_(period * 2) {}

    // The peers of this ring; all of them are asked at once.
    void adopt(Time now, Epoch epoch, const std::set<NodeId>& peers);

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
    // Peers that have left requests unanswered for longer than a probe may, found at the last
    // ticks.
    [[nodiscard]] std::vector<NodeId> take_missed();

    // Peers that have answered nothing for at least so long, and for how long.
    [[nodiscard]] std::map<NodeId, Duration> silent(Time now, Duration at_least) const;

    // Peers that answered a request that was sent after `since`.
    [[nodiscard]] std::set<NodeId> heard_since(Time since) const;

private:
    struct Peer {
        Time ask_at;
        bool asked = false;                // in this ring
        Time answered_sent = Time::min();  // when the last answered request was sent
        Time answered_at;                  // when that answer, or the first request, was
    };

    void forgive_after_stall(Time now);
    [[nodiscard]] Heartbeat request(Time now, NodeId id, Peer& peer);
    void ask_at(Time time, NodeId id, Peer& peer);

    Duration period_;
    NodeId self_;
    Epoch epoch_;
    std::map<NodeId, Peer> peers_;
    std::set<std::pair<Time, NodeId>> asks_;  // Peer::ask_at of each: a voter has very many peers
    StallWatch stall_;
    std::vector<std::pair<NodeId, Heartbeat>> messages_;
    std::vector<NodeId> missed_;
};

}  // namespace grapevine
