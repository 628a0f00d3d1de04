#pragma once
// The oracle of availability. Its rule: whenever a copy of a partition has been up, running and
// connected with a quorum of votes, each with each, for `outage_max`, the partition is served, and
// what is written to it is acknowledged within that time of the last copy that the ring dropped
// meanwhile, but not later than if all had been dropped so.
//
// Groups: every largest set of members of the newest ring that run at full speed, in which each
// reaches each (no obstacle either way) and that has a majority of the votes, while the network is
// fit: as it was at first, or within the limits below. Datagrams that come again hinder nobody. A
// group that only shrinks or grows keeps the age of what stayed. Who is in another cluster than the
// newest ring's (it has consented to the new one, or was left behind) is in no group: a consent
// stops service, and it has until the end of the faults to go over. A partition is owed service
// from the moment on at which one of its copies was in such a group, or it was first found without,
// whichever is later. Partitions take turns in being looked at; one that is not served, or has an
// unfinished write, is looked at again each time until it is, or that write has been acknowledged.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "replication/partition_log.h"
#include "sim/world.h"

namespace grapevine::sim {

// What an outage may take, one after the other: to notice a death or a cut 0.6 s (silence,
// suspicion, and as much again where a node does not trust itself), to agree 0.5 s with competing
// proposers, a second ring for what the first one could not know 0.6 s, a dial that times out and
// is repeated 1.2 s, the leases of the old primary 0.2 s, questions that are repeated with a pause
// of up to 2 s. A link that carries nothing is told after 0.5 s and dropped 1 to 2 s later, with
// those who inherit waited for 1 s. They rarely come together; the longest outage seen in the swarm
// is far shorter.
inline constexpr Duration outage_max = 6s;

// More members than these at once are not looked at, and the run says so.
inline constexpr std::size_t watched_members_max = 256;

// A fit network loses or corrupts up to 20 % of datagrams, none in bursts (gentle_loss_max), and
// delays them by far less than a lease lasts.
inline constexpr Duration fit_delay_max = 10ms;
inline constexpr Duration fit_tail_max = 50ms;

// Whether what is sent fares as well as that. Looks at everything but obstacles between two.
bool is_fit(const NetworkConfig& network);

class Availability {
public:
    // `most`: members that are looked at, for tests; at most watched_members_max.
    explicit Availability(World& world, std::size_t most = watched_members_max)
        : world_(world), most_(most) {}

    // Looks at the whole world, again and again from now on.
    void start();

    // There were more members than it can look at, for a while at least.
    [[nodiscard]] bool is_blind() const { return is_blind_; }
    [[nodiscard]] Duration longest() const { return longest_; }
    // Of all looks at partitions in turn: those at which one of its copies had been in a group for
    // `outage_max`, so that an outage would count from its first moment on.
    [[nodiscard]] std::uint64_t looks() const { return looks_; }
    [[nodiscard]] std::uint64_t armed_looks() const { return armed_looks_; }

private:
    struct Aged {
        std::set<NodeId> members;
        Time since;
    };
    // Of one partition, as it was found.
    struct Outage {
        // `log`: of who serves it; null: nobody does.
        void look(Time now, const PartitionLog* log, const NodeList& holders);
        [[nodiscard]] bool is_on() const { return unserved_since != never || stuck_since != never; }

        Time unserved_since = never;
        Version unfinished;  // the oldest operation that is,
        NodeList copies;     // and those that there were when it was looked at last
        Time unfinished_since = never;
        Time stuck_since = never;  // since then none of the copies has gone
    };

    void look();
    void refresh(const Ring& ring);
    // `group`: the oldest with a copy of it; null: there is none.
    void look_at(const Ring& ring, PartitionId partition, const Aged* group);
    void report(const Ring& ring, PartitionId partition, const Aged& group, Time since,
                std::string_view what);
    [[nodiscard]] const NodeHost* server_of(PartitionId partition) const;  // null: nobody
    // The oldest in which one of the copies is; null: none.
    [[nodiscard]] const Aged* group_with_copy(const Entry& entry) const;
    [[nodiscard]] std::vector<std::set<NodeId>> groups(const Ring& ring);
    [[nodiscard]] bool connected(const NodeHost& a, const NodeHost& b) const;

    World& world_;
    std::size_t most_;
    std::vector<Aged> groups_;
    std::vector<Outage> outages_;       // by partition
    std::vector<PartitionId> watched_;  // those that are on
    std::uint32_t next_ = 0;
    Duration longest_{};
    std::uint64_t looks_ = 0;
    std::uint64_t armed_looks_ = 0;
    bool is_blind_ = false;
};

}  // namespace grapevine::sim
