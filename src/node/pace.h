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

#include "base/ids.h"
#include "base/time.h"

namespace grapevine {

struct Pace {
    // The members of a ring of so many keep the same time: three messages of each find room in any
    // socket.
    static constexpr std::size_t few_max = 33;
    [[nodiscard]] static bool are_few(std::size_t members) { return members <= few_max; }

    Duration period;
    NodeId self;

    // From one question to the next. `lowest`: of the peers, where the members are few.
    [[nodiscard]] Duration interval(NodeId peer, NodeId lowest) const {
        if (peer < self) return period + period / 4;
        return lowest < self ? period + period / 8 : period;
    }
    // Whoever is not asked along is asked then; however often others put it off, not much later
    // than it would have been by itself. `asked_at`: when it was asked last.
    [[nodiscard]] Time in_step(Time next, Time asked_at) const {
        return std::min(next, std::max(asked_at, Time{}) + period * 3 / 2);
    }
    // The answer to a question carries one that is due then or before.
    [[nodiscard]] Time rides_until(Time now) const { return now + period / 2; }
    // Those are asked along that are due then or before: all but whoever was asked just now.
    [[nodiscard]] Time along_until(Time now) const { return now + period * 3 / 4; }
};

}  // namespace grapevine
