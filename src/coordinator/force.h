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
    std::string outside;  // "server2 and server3 wait ...": who holds something and is no member of
                          // the ring; empty: nobody
};

// From the newest ring that could be found, and what its members answered, those that are down
// included: who answered in its cluster survives. One that is down counts where nobody has its name
// or its place by now. `outside`: what those answered that wait to be let into it. They were put
// out of a ring before it, and what they hold may be older than what was acknowledged since: they
// do not survive, and a person is told that they are there.
ForcePlan plan_force(const Ring& ring, const std::map<NodeId, StatusReply>& answered,
                     const std::vector<StatusReply>& outside = {});

// Who survives, who is silent, and what is lost: some lines, the last one ended too.
std::string describe(const Ring& ring, const ForcePlan& plan);

}  // namespace grapevine
