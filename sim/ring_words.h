#pragma once
// What changed from one ring to the next, in words.

#include <string>
#include <vector>

#include "ring/ring.h"
#include "sim/world.h"

namespace grapevine::sim {

// "ring 5: without server3 and server5; 512 partitions change their primary, ...". `keys`: whose
// moves are named one by one.
std::vector<std::string> describe_change(const World& world, const Ring& before, const Ring& after,
                                         const std::vector<std::string>& keys);

// "server1, server2 and server3".
std::string join_names(const std::vector<std::string>& names);

}  // namespace grapevine::sim
