#pragma once
// The steps of apply() that concern members (ring/change.h, steps 1 to 3). The planner takes them
// too, to see which lists the arrangements of its change start from.

#include "base/planted.h"
#include "base/result.h"
#include "ring/change.h"
#include "ring/ring.h"

namespace grapevine {

// A draft is a ring in the making: its epoch and the states of its members are the new ones, stamps
// and voters still the old ones, and down members that nothing lists are still there.

// Adds a member, or brings a down one back, and gives it a name if it has none. On an error the
// draft is unchanged.
Result<void> admit(Ring& draft, const Member& joiner);

// All steps up to `departed`.
Result<Ring> apply_membership(const Ring& ring, const RingChange& change, PlantedBugs bugs);

}  // namespace grapevine
