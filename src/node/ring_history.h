#pragma once
// What became of the last changes of the ring, as this node saw them: in words and in times. For
// people; when a ring was adopted is all that anything is decided by. Internal to node/.
//
// A join or a death is one ring, and then come many, up to a hundred and more, which do nothing but
// make its copies and open the next fills. Those that follow each other are one event, so that they
// do not push out what they are for.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
    // This node proposes the successor of its ring, or votes for it.
    void proposed(Time now) {
        if (!proposed_at_) proposed_at_ = now;
    }

    // A ring was adopted; returns it in words, by itself. `before` is null where it is the first
    // that this node sees, `change` where it came whole.
    std::string adopt(Time now, const Ring* before, const Ring& after, const RingChange* change);
    // All that this node is primary of is served, in the ring adopted last.
    void active(Time now);
    // active() was not said of that ring yet.
    [[nodiscard]] bool is_activating() const {
        return !events_.empty() && events_.back().activating_since;
    }

    [[nodiscard]] HistoryReply reply(Time now) const;

    // When this node was first in ring `epoch` or, where it never was or that is long ago, in the
    // next that it remembers. At most the moment at which it adopted the latest.
    [[nodiscard]] Time adopted_at(Epoch epoch) const;
    // The first ring that may have been made after that: the one after the last that had been
    // adopted by then.
    [[nodiscard]] Epoch first_after(Time time) const;

private:
    struct Verdict {
        Evidence evidence = Evidence::silence;
        Time last_heard;
    };
    // What a change did to partitions.
    struct TableNews {
        std::size_t made = 0;       // copies, of fills
        std::size_t moved = 0;      // primaries
        std::size_t filling = 0;    // copies, after it
        std::size_t restarted = 0;  // partitions, empty
        std::size_t down = 0;       // partitions, after it
        [[nodiscard]] std::vector<std::string> words(std::uint32_t partitions) const;
    };
    struct Event {
        Epoch epoch;       // of its first ring
        Epoch last_epoch;  // of its last
        Time at;           // of its first ring
        std::optional<Duration> detected;
        std::optional<Duration> agreed;        // the longest
        std::optional<Duration> active;        // the longest
        std::optional<Time> activating_since;  // nothing: all is active
        std::optional<Time> repaired_at;       // all copies that are wanted were there again
        bool is_over = false;     // nothing was left to be copied, though copies may be missing
        bool is_lost = false;     // what it took was given up since: it is not repaired by that
        bool only_moves = false;  // copies and primaries: no member came, went or is another
        bool is_first = false;    // that this member has seen, of many: what it changed others tell
        TableNews news;           // of all its rings
        RingCause cause = RingCause::other;
        std::string what;
    };

    [[nodiscard]] static TableNews compare(const Ring& before, const Ring& after,
                                           const RingChange* change);
    [[nodiscard]] Event event_of(Time now, const Ring& before, const Ring& after,
                                 const RingChange* change);
    [[nodiscard]] static RingCause cause_of(const Ring& before, const Ring& after,
                                            const RingChange* change, const TableNews& news);
    [[nodiscard]] bool goes_on(const Event& event) const;
    // What the ring adopted last means for those that are not over yet.
    void look_whether_over(Time now, const Ring& ring);
    void fold(Event&& event, std::uint32_t partitions);
    [[nodiscard]] std::string describe(const Ring& before, const Ring& after,
                                       const RingChange* change, const TableNews& news) const;
    [[nodiscard]] std::string is_out(const Member& member, const RingChange* change) const;

    std::deque<Event> events_;                      // the last history_size_max
    std::deque<std::pair<Epoch, Time>> adoptions_;  // of as many rings
    std::map<NodeId, Verdict> verdicts_;            // on members that are up in the ring
    std::optional<Time> proposed_at_;               // its successor
};

}  // namespace grapevine
