#pragma once
// The exchange that renews leases and probes members at once: between every voter and every member,
// one exchange per pair and period serves both directions (request, echo with request, echo).
// Internal to node/.

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "ring/messages.h"

namespace grapevine {

class Heartbeats {
public:
    explicit Heartbeats(Duration period) : period_(period) {}

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
    [[nodiscard]] Time next_deadline() const;
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
        Time answered_sent = Time::min();  // when the last answered request was sent
        Time answered_at;                  // when that answer, or the first request, was
    };

    [[nodiscard]] Heartbeat request(Time now, Peer& peer) const;

    Duration period_;
    Epoch epoch_;
    std::map<NodeId, Peer> peers_;
    Time ticked_at_;
    std::vector<std::pair<NodeId, Heartbeat>> messages_;
    std::vector<NodeId> missed_;
};

}  // namespace grapevine
