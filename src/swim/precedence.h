#pragma once
// Which of two rumors about the same member is to be believed (SWIM, section 4.2).
//
// The higher incarnation wins; within one, dead over suspect over alive. So an accusation holds
// against what was known at the time, and only the accused can lift it, by raising its incarnation.
// Unlike in SWIM a death can be refuted too: the ring, not the rumor, makes a removal final.

#include <limits>
#include <utility>

#include "swim/messages.h"

namespace grapevine {

constexpr std::pair<Incarnation, Liveness> rank(const Rumor& rumor) {
    return {rumor.incarnation, rumor.liveness};
}

constexpr bool supersedes(const Rumor& news, const Rumor& known) {
    return rank(news) > rank(known);
}

// Nobody accuses itself, nobody but the member itself calls it alive, and there is always a higher
// incarnation left to refute with.
constexpr bool well_formed(const Rumor& rumor) {
    return (rumor.liveness == Liveness::alive) == (rumor.observer == rumor.member) &&
           rumor.incarnation.value < std::numeric_limits<std::uint32_t>::max();
}

}  // namespace grapevine
