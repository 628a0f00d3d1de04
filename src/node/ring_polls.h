#pragma once
// Clients that wait for a newer ring ("long poll"). Each has one question: the last that it asked.
// Where many are to be told one, they are told in the order in which they came to that, as far as
// there is a budget. Internal to node/.

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>
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
        if (is_empty || (is_newer && due_.empty() && budget_.take(now, ring->partitions()))) {
            waiting_.erase(connection);
            return RingReply{is_newer ? ring : nullptr};
        }
        Waiting& wait = waiting_[connection];
        wait.have = poll.have;
        wait.until = now + std::chrono::milliseconds(poll.wait_ms);
        if (is_newer) enter_due(connection, wait);
        return std::nullopt;
    }

    void closed(ConnectionId connection) { waiting_.erase(connection); }

    // Of those who have waited long enough, or for an older ring than this: nobody twice, and of
    // rings as many as the budget allows.
    std::vector<Due> take_due(Time now, const RingPtr& ring) {
        std::vector<Due> due;
        for (auto& [connection, wait] : waiting_) {
            if (ring && ring->epoch > wait.have) {
                enter_due(connection, wait);
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
            if (is_owed && !budget_.take(now, ring->partitions())) break;
            if (is_owed) {
                due.push_back({found->first, {ring}});
                waiting_.erase(found);
            } else if (found != waiting_.end()) {
                found->second.is_due = false;
            }
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
        bool is_due = false;  // in due_
    };

    void enter_due(ConnectionId connection, Waiting& wait) {
        if (!std::exchange(wait.is_due, true)) due_.push_back(connection);
    }

    std::map<ConnectionId, Waiting> waiting_;
    std::deque<ConnectionId> due_;  // some of these may have hung up
    RingBudget budget_;
};

}  // namespace grapevine
