#pragma once
// Rings in words and as tables, for people: what the coordinator prints and what the client shows.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "ring/ring.h"

namespace grapevine {

// Columns as wide as their widest cell, two spaces apart; numbers flush right. The first row is the
// head.
std::string aligned_table(const std::vector<std::vector<std::string>>& rows);

// How many partitions a member leads, and how many it holds a complete copy of.
struct Holdings {
    std::uint32_t primary = 0;
    std::uint32_t copies = 0;
};
Holdings holdings(const Ring& ring, NodeId member);

// "up", "leaving", "down".
std::string state_name(MemberState state);

// "server3" or, of who is no member, "node 1f3c...".
std::string name_in(const Ring& ring, NodeId id);

// Storage members before the coordinator, by the number in their name, then by name.
std::vector<const Member*> members_in_order(const Ring& ring);

// "survives 2 simultaneous deaths"; where the coordinator's death weighs more than a node's:
// "survives 2 simultaneous deaths of nodes, or the coordinator's and 1 node's".
std::string survives(const Resilience& resilience);
// The same of a ring. None, though there are copies: the reason too.
std::string survives(const Ring& ring);
// That reason; empty: some are survived, or there are no copies to spare.
std::string why_no_death_is_survived(const Ring& ring);

// Names of those that would bring what is down back, if they returned with their state.
std::string awaited(const Ring& ring);

// Why a member that leaves is not out yet; its id is in the ring or was.
std::string why_it_stays(const Ring& ring, NodeId leaver);

// Of a ring that is fully replicated: "every partition has its 3 copies", or why there are fewer:
// "every partition has 1 copy; 2 are wanted, but there is 1 node".
std::string describe_copies(const Ring& ring);

// "the 3 copies of a key are in 2 zones: several are lost together with one"; empty where there are
// zones enough, or nobody says where it stands. As it is when `without` has left; zero: as it is.
std::string too_few_zones(const Ring& ring, NodeId without = {});

// What one ring change did, in one line: "epoch 7: server2 is gone; 4 nodes; copying 310
// partitions; survives 1 simultaneous death". `before` is null where the ring is the first that is
// seen.
std::string describe_change(const Ring* before, const Ring& after);

}  // namespace grapevine
