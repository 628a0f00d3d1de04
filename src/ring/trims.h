#pragma once
// Which changes can wait. A part of the policy of ring/planner.h.

#include <functional>

#include "base/ids.h"
#include "ring/change.h"
#include "ring/ring.h"

namespace grapevine {

// Whether the change does nothing but let copies go that are not wanted any more, and nobody waits
// for that: a ring costs every member something, and this need not cost one of its own, because it
// is a part of the next that is made for another reason. A leaver waits for it whose last copies
// these are; and as long as a copy is there every write waits for it, so one that may not answer
// its primary goes at once.
using Doubt = std::function<bool(NodeId primary, NodeId leaving)>;
[[nodiscard]] bool can_wait(const Ring& ring, const RingChange& change, const Doubt& may_be_silent);

}  // namespace grapevine
