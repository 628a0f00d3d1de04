#pragma once
// Clients that wait for a newer ring ("long poll"). Each has one question: the last that it asked.
// Where many are to be told one, they are told in the order in which they came to that, as far as
// there is a budget. Internal to node/.

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
#include "node/ring_budget.h"
#include "store/operation.h"

namespace grapevine {

class RingPolls {
public:
    struct Due {
        ConnectionId connection;
        RingReply reply;
    };

    // The answer, if there is one now; else the client waits.
    std::optional<RingReply> ask(Time now, ConnectionId connection, const RingPoll& poll,
                                 const RingPtr& ring) {
        const bool is_newer = ring && ring->epoch > poll.have;
        const bool is_empty = !is_newer && poll.wait_ms == 0;
        if (is_empty || (is_newer && due_.empty() && budget_.take(now, *ring))) {
            waiting_.erase(connection);
            return RingReply{is_newer ? ring : nullptr};
        }
        Waiting& wait = waiting_[connection];
        wait.have = poll.have;
        wait.until = now + std::chrono::milliseconds(poll.wait_ms);
        if (is_newer) enter_due(connection);
        return std::nullopt;
    }

    void closed(ConnectionId connection) { waiting_.erase(connection); }

    // Of those who have waited long enough, or for an older ring than this: nobody twice, and of
    // rings as many as the budget allows.
    std::vector<Due> take_due(Time now, const RingPtr& ring) {
        std::vector<Due> due;
        for (auto& [connection, wait] : waiting_) {
            if (ring && ring->epoch > wait.have) {
                enter_due(connection);
            } else if (now >= wait.until) {
                due.push_back({connection, {nullptr}});
            }
        }
        for (const Due& each : due) waiting_.erase(each.connection);
        while (!due_.empty()) {
            const auto found = waiting_.find(due_.front());
            // It has hung up, or has asked for a later one meanwhile.
            const bool is_owed =
                found != waiting_.end() && ring && ring->epoch > found->second.have;
            if (is_owed && !budget_.take(now, *ring)) break;
            if (is_owed) {
                due.push_back({found->first, {ring}});
                waiting_.erase(found);
            }
            queued_.erase(due_.front());
            due_.pop_front();
        }
        return due;
    }

    [[nodiscard]] Time next_deadline() const {
        if (!due_.empty()) return budget_.refills_at();
        Time due = never;
        for (const auto& [connection, wait] : waiting_) due = std::min(due, wait.until);
        return due;
    }

private:
    struct Waiting {
        Epoch have;
        Time until;
    };

    void enter_due(ConnectionId connection) {
        if (queued_.insert(connection).second) due_.push_back(connection);
    }

    std::map<ConnectionId, Waiting> waiting_;
    std::deque<ConnectionId> due_;   // some of these may have hung up, or want nothing any more
    std::set<ConnectionId> queued_;  // those in due_
    // The host makes the bytes once, for all that are told the same ring: they are copied alone.
    RingBudget budget_{8UZ * 65'536};
};

}  // namespace grapevine
