#pragma once
// Whether this node's links carry anything: each peer that it has a link to is asked now and then,
// and answers by its own link to this node, so an answer speaks for both. A connection that is up
// says less: what is sent on it may wait in a kernel for ever. Any answer that came by a link
// counts (heard()), so that a link full of data is not held for a bad one.
//
// Who asks when: node/pace.h. Internal to node/.

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "node/pace.h"
#include "node/stall_watch.h"
#include "ring/messages.h"

namespace grapevine {

class LinkChecks {
public:
    LinkChecks(Duration period, NodeId self) : pace_{period, self}, stall_(period * 2) {}

    // New peers are asked at once, and their silence counts from now on.
    // `members`: of the ring.
    void adopt(Time now, const std::set<NodeId>& peers, std::size_t members);
    // False: it is no peer.
    bool heard(Time now, NodeId peer);
    // What to answer whoever asked, a peer or not; with this node's question where that is due
    // before long. `asked_us`: LinkCheck::sent_us of the question.
    [[nodiscard]] LinkCheck answer(Time now, NodeId asker, std::int64_t asked_us);

    void tick(Time now);
    [[nodiscard]] Time next_deadline() const { return due_; }
    [[nodiscard]] std::vector<std::pair<NodeId, LinkCheck>> take_messages() {
        return std::exchange(messages_, {});
    }

    // Since it became a peer.
    [[nodiscard]] bool answered(NodeId peer) const;
    // Peers that have answered nothing for at least so long, and for how long.
    [[nodiscard]] std::map<NodeId, Duration> silent(Time now, Duration at_least) const;

private:
    struct Peer {
        Time ask_at;
        Time asked_at = Time::min();
        Time answered_at;  // or became a peer, or this process woke from a stall
        bool answered = false;
    };

    bool forgive_after_stall(Time now);
    void find_due();
    void ask_along(Time now);
    void keep_step(Time now);
    [[nodiscard]] LinkCheck question(Time now, NodeId id, Peer& peer) const;

    Pace pace_;
    std::map<NodeId, Peer> peers_;
    Time due_ = never;  // the earliest Peer::ask_at, or earlier: asked for after every input
    StallWatch stall_;
    std::vector<std::pair<NodeId, LinkCheck>> messages_;
};

}  // namespace grapevine
