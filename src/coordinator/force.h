#pragma once
// What an operator has to know before a cluster is founded anew from what survives of it, and what
// the survivors are asked then. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "client/messages.h"
#include "ring/found_anew.h"
#include "ring/ring.h"

namespace grapevine {

struct ForcePlan {
    Founding founding;  // the new cluster's id is for the caller to draw
    Survival survival;
    std::string refusal;  // why nothing should be founded; empty: it may be
};

// From the newest ring that could be found, and what its members answered, those that are down
// included: who answered in its cluster survives. One that is down counts where nobody has its name
// or its place by now.
ForcePlan plan_force(const Ring& ring, const std::map<NodeId, StatusReply>& answered);

// Who survives, who is silent, and what is lost: some lines, the last one ended too.
std::string describe(const Ring& ring, const ForcePlan& plan);

}  // namespace grapevine
