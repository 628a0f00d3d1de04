#pragma once
// When the members of a pair ask each other, where three messages serve both directions: question,
// answer with question, answer (heartbeats.h, link_checks.h).
//
// So that the two do not ask at the same moment, period after period, the one with the lower id
// asks first: the other sends its question along with the answer, and asks by itself only when it
// was not asked for a quarter longer than the period.
//
// A process pays more for being woken than for a message. So with few members whoever is asked, and
// so is awake, asks its own at the same moment, and waits an eighth longer than the period for
// that: the member with the lowest id sets the pace, and all pairs have their exchange in one go.
// With many members each pair keeps its own time.
//
// Internal to node/.

#include <algorithm>
#include <cstddef>
#include <set>

#include "base/ids.h"
#include "base/time.h"

namespace grapevine {

class Pace {
public:
    Pace(Duration period, NodeId self) : period_(period), self_(self), lowest_(self) {}

    // The peers in a ring of so many members.
    void adopt(const std::set<NodeId>& peers, std::size_t members) {
        are_few_ = members <= few_max;
        lowest_ = are_few_ && !peers.empty() ? *peers.begin() : self_;
    }

    [[nodiscard]] Duration period() const { return period_; }
    [[nodiscard]] NodeId self() const { return self_; }
    // All keep the same time.
    [[nodiscard]] bool are_few() const { return are_few_; }

    // From one question to the next.
    [[nodiscard]] Duration interval(NodeId peer) const {
        if (peer < self_) return period_ + period_ / 4;
        return lowest_ < self_ ? period_ + period_ / 8 : period_;
    }
    // When a peer is asked that was too short a time ago to be asked along now; however often
    // others put it off, not much later than it would have been by itself. `asked_at`: the last
    // time.
    [[nodiscard]] Time in_step(Time now, NodeId peer, Time asked_at) const {
        return std::min(now + interval(peer), std::max(asked_at, Time{}) + period_ * 3 / 2);
    }
    // The answer to a question carries one that is due then or before.
    [[nodiscard]] Time rides_until(Time now) const { return now + period_ / 2; }
    // Those are asked along that are due then or before: all but whoever was asked just now.
    [[nodiscard]] Time along_until(Time now) const { return now + period_ * 3 / 4; }

private:
    // Three messages of each of so many find room in any socket.
    static constexpr std::size_t few_max = 33;

    Duration period_;
    NodeId self_;
    NodeId lowest_;  // of the peers, where the members are few
    bool are_few_ = true;
};

}  // namespace grapevine
