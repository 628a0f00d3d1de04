#pragma once
// The oracle of availability. Its rule: whenever a copy of a partition has been up, running and
// connected with a quorum of votes, each with each, for `outage_max`, the partition is served.
//
// Groups: every largest set of members of the newest ring that run at full speed, in which each
// reaches each (no obstacle either way, and the network as it was at first: no loss, no long
// delays) and that has a majority of the votes. A group that only shrinks or grows keeps the age of
// what stayed. A partition is owed service from the moment on at which one of its copies was in
// such a group, or it was last served, whichever is later.

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/world.h"

namespace grapevine::sim {

// What an outage may take, one after the other: to notice a death or a cut 0.6 s (silence,
// suspicion, and as much again where a node does not trust itself), to agree 0.5 s with competing
// proposers, a second ring for what the first one could not know 0.6 s, a dial that times out and
// is repeated 1.2 s, the leases of the old primary 0.2 s, questions that are repeated with a pause
// of up to 2 s. They rarely come together; the longest outage seen in the swarm is far shorter.
inline constexpr Duration outage_max = 6s;

class Availability {
public:
    explicit Availability(World& world) : world_(world) {}

    // Looks at the whole world, again and again from now on.
    void start();

    [[nodiscard]] Duration longest() const { return longest_; }

private:
    // Members by their place in the newest ring (bit i: members[i]).
    using Group = std::uint64_t;
    struct Aged {
        std::set<NodeId> members;
        Time since;
    };

    void look();
    void refresh(const Ring& ring);
    void look_at(const Ring& ring, PartitionId partition);
    [[nodiscard]] std::vector<std::set<NodeId>> groups(const Ring& ring) const;
    [[nodiscard]] bool connected(const NodeHost& a, const NodeHost& b) const;

    World& world_;
    std::vector<Aged> groups_;
    std::vector<Time> served_;  // by partition: when it was last seen to be served
    std::uint32_t next_ = 0;
    Duration longest_{};
};

}  // namespace grapevine::sim
