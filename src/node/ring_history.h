#pragma once
// What became of the last changes of the ring, as this node saw them: in words and in times. For
// people; nothing is decided by it. Internal to node/.

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
#include "ring/change.h"
#include "ring/ring.h"
#include "swim/messages.h"

namespace grapevine {

class RingHistory {
public:
    // This node holds the member dead. `last_heard`: when it answered last; Time{} for never.
    void found_dead(NodeId member, Evidence evidence, Time last_heard) {
        verdicts_[member] = {evidence, last_heard};
    }
    // This node proposes the successor of its ring.
    void proposed(Time now) {
        if (!proposed_at_) proposed_at_ = now;
    }

    // A ring was adopted; returns it in words. `before` is null where it is the first that this
    // node sees, `change` where it came whole.
    const std::string& adopt(Time now, const Ring* before, const Ring& after,
                             const RingChange* change);
    // All that this node is primary of is served, in the ring adopted last.
    void active(Time now);
    // active() was not said of that ring yet.
    [[nodiscard]] bool is_activating() const {
        return !events_.empty() && !events_.back().active_at;
    }

    [[nodiscard]] HistoryReply reply(Time now) const;

    // When this node was first in ring `epoch` or, where it never was or that is long ago, in the
    // next that it remembers. At most the moment at which it adopted the latest.
    [[nodiscard]] Time adopted_at(Epoch epoch) const;

private:
    struct Verdict {
        Evidence evidence = Evidence::silence;
        Time last_heard;
    };
    struct Event {
        Epoch epoch;
        Time at;
        std::optional<Duration> detected;
        std::optional<Duration> agreed;
        std::optional<Time> active_at;
        std::optional<Time> repaired_at;
        std::string what;
    };

    [[nodiscard]] std::string describe(const Ring& before, const Ring& after,
                                       const RingChange* change) const;
    [[nodiscard]] std::string why_out(const Member& member, const RingChange* change) const;

    std::deque<Event> events_;            // the last history_size_max
    std::map<NodeId, Verdict> verdicts_;  // on members that are up in the ring
    std::optional<Time> proposed_at_;     // its successor
};

}  // namespace grapevine
