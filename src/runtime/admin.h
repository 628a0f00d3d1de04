#pragma once
// Questions about a cluster as a whole, for command lines: each call runs a loop of its own until
// it has its answer.

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "client/messages.h"
#include "coordinator/health.h"
#include "ring/ring.h"

namespace grapevine {

// Asks all at once; one answer for each, in their order.
std::vector<Result<ServerMessage>> ask_all(const std::vector<Address>& peers,
                                           const ClientMessage& question, Duration timeout);

// The newest ring that any of them has, asked again and again until one has a ring or the time is
// over. The error says who did not answer, and what to do.
Result<RingPtr> fetch_ring(const std::vector<Address>& seeds, Duration timeout);

// Looks for members of the cluster whose coordinator listened at one of `seeds` and is gone, where
// members are by default: on the ports that follow, and those after 7000. Its newest ring. The
// error says what answers there instead, if anything does.
Result<RingPtr> search_ring(const std::vector<Address>& seeds, Duration timeout);

// Where to ask when nobody answers at `seeds` at once, all of which are on this machine (a search
// elsewhere would take its time, and be taken for an attack): the members that answer to such a
// search. Empty: ask the seeds, somebody answers there or nobody was found.
std::vector<Address> members_instead(const std::vector<Address>& seeds, Duration timeout);

// Of the members that are up.
std::vector<Address> addresses_of_up(const Ring& ring);

// What the members of a ring say of themselves; who does not answer is not there.
Statuses fetch_status(const Ring& ring, Duration timeout);

// Empty: every partition has its copies, and all its members that are up say so too. Otherwise
// what is missing, for a person.
std::string unsettled(const Ring& ring, const Statuses& status);

}  // namespace grapevine
