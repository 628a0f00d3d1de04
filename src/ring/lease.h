#pragma once
// Read leases from the voters (PacificA, section 2.1, turned round: the lease is granted by the
// voters, not by the backups).
//
// A node holds the lease of ring e while voters with a majority of e's votes have echoed its
// heartbeats of ring e within the lease time, counted from when it *sent* them. Only an echo of its
// own send time renews. Its own vote counts at every moment until it votes for ring e+1. A voter
// that voted for e+1 or adopted a later ring echoes nothing for e (the caller says so with grants =
// false). Every ring is voted for by a majority of its predecessor, so no lease of e outlives the
// decision of e+1 by more than one lease time.
//
// After a ring change the lease of the older ring stays usable for partitions whose primary was the
// same and active in every ring between: expiry() takes the first ring of that unbroken run.

#include <cstdint>
#include <deque>
#include <vector>

#include "base/ids.h"
#include "base/planted.h"
#include "base/time.h"
#include "ring/ring.h"

namespace grapevine {

struct LeaseConfig {
    Duration lease = 200ms;
    PlantedBugs bugs{};
    // What a holder's clock may lag behind another's over one lease: 1 in 64 and 2 ms. Subtracted
    // from what the holder uses; the successor waits the full lease plus as much again.
    [[nodiscard]] Duration held() const { return lease - lease / 64 - 2ms; }
    [[nodiscard]] Duration waited_out() const { return lease + lease / 64 + 2ms; }
};

class Lease {
public:
    Lease(const LeaseConfig& config, NodeId self);

    // The node adopted this ring.
    void adopt(Time now, const Ring& ring);
    // The node voted for the successor of its ring: its own vote counts no more.
    void voted(Time now);
    // No lease of any ring so far is used any more, nor any renewed, until the next is adopted.
    void renounce();
    // A voter echoed the heartbeat that this node sent at `sent` for ring `epoch`, and grants.
    void echoed(NodeId voter, Epoch epoch, Time sent);

    // Until when (exclusive) a partition may be served that this node has served, active, in every
    // ring from `from` to the current one. In the past or Time{}: no lease.
    [[nodiscard]] Time expiry(Time now, Epoch from) const;

private:
    struct Grant {
        NodeId voter;
        std::uint32_t votes;
        Time sent;
    };
    struct Held {
        Epoch epoch;
        Time until;
    };

    [[nodiscard]] Time current_expiry(Time now) const;
    void recount();

    LeaseConfig config_;
    NodeId self_;
    Epoch epoch_;
    std::uint32_t majority_ = 0;
    std::uint32_t own_votes_ = 0;
    Time own_until_ = never;     // when it voted for the successor
    std::vector<Grant> grants_;  // the other voters of the current ring, the newest first
    // The newest moment since which a majority has been behind this node, counting its own vote or
    // not; min(): there is none. Kept, because every answer asks for the lease.
    Time with_self_ = Time::min();
    Time without_self_ = Time::min();
    std::deque<Held> older_;  // leases of earlier rings, as they stood when these ended
};

}  // namespace grapevine
