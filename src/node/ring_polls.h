#pragma once
// Clients that wait for a newer ring ("long poll"). Internal to node/.

#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
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
        if (ring && ring->epoch > poll.have) return RingReply{ring};
        if (poll.wait_ms == 0) return RingReply{nullptr};
        waiting_[connection] = {poll.have, now + std::chrono::milliseconds(poll.wait_ms)};
        return std::nullopt;
    }

    void closed(ConnectionId connection) { waiting_.erase(connection); }

    // Everybody who has waited long enough, or for an older ring than this.
    std::vector<Due> take_due(Time now, const RingPtr& ring) {
        std::vector<Due> due;
        std::erase_if(waiting_, [&](const auto& entry) {
            const auto& [connection, wait] = entry;
            const bool newer = ring && ring->epoch > wait.have;
            if (!newer && now < wait.until) return false;
            due.push_back({connection, {newer ? ring : nullptr}});
            return true;
        });
        return due;
    }

    [[nodiscard]] Time next_deadline() const {
        Time due = never;
        for (const auto& [connection, wait] : waiting_) due = std::min(due, wait.until);
        return due;
    }

private:
    struct Waiting {
        Epoch have;
        Time until;
    };
    std::map<ConnectionId, Waiting> waiting_;
};

}  // namespace grapevine
