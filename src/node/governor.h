#pragma once
// When this node, as a voter, proposes a ring, and what it has heard that matters for it: joiners,
// completed fills, bad links and accepted losses. Internal to node/.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/ids.h"
#include "base/planted.h"
#include "base/time.h"
#include "node/bad_links.h"
#include "ring/messages.h"
#include "ring/planner.h"
#include "ring/ring.h"

namespace grapevine {

// News that nobody repeats is void after this, requests to be let in included.
constexpr Duration news_age_max = 1s;

class Governor {
public:
    Governor(Duration rank_delay, std::size_t genesis_members, PlantedBugs bugs = {})
        : rank_delay_(rank_delay),
          genesis_members_(genesis_members),
          bugs_(bugs),
          bad_links_(bugs),
          bad_heartbeats_(bugs) {}

    // How many live voters come before this one; nothing: it has no vote.
    [[nodiscard]] static std::optional<std::int64_t> rank(const Ring& ring, NodeId self,
                                                          const std::set<NodeId>& dead);

    // Something may have to change: look at it after `settle`, and later the more live voters come
    // before this one, so that normally one proposes.
    void consider(Time now, Duration settle, const Ring& ring, NodeId self,
                  const std::set<NodeId>& dead);
    // What was to be looked at before a ring changed it.
    void put_off() { propose_at_ = never; }
    // True once when the time has come.
    bool due(Time now);
    [[nodiscard]] Time next_deadline() const { return propose_at_; }

    void joiner(Time now, const JoinRequest& request);
    // Who is no member asks what the ring is: it may not be able to ask for more.
    void onlooker(Time now, Address address);
    // Who asks to be let in now, and where.
    [[nodiscard]] std::map<NodeId, Address> joiners(Time now, const Ring& ring) const;
    // Where those listen that ask to be let in, or for the ring, whether or not they may be let in.
    [[nodiscard]] std::vector<Address> waiting(Time now) const;
    void reports(Time now, const Ring& ring, const FillReports& message, Duration settle);
    // When a ring is to be made for the fills that were reported, if none is made before for
    // another reason; never: none was. Each ring costs every member about as much as a megabyte
    // that moves, and the clients of what it touches a moment. So where copies only move, it is
    // made when half of the fills that are open are complete, or the first has waited for 10 times
    // `settle`; where copies are missing, after twice `settle`.
    [[nodiscard]] Time reports_due() const { return reports_due_; }
    void reports(Time now, const Ring& ring, NodeId from, const LinkReports& message) {
        if (bugs_.has(Bug::links_unheard)) return;
        for (const LinkReport& report : message.reports) {
            if (!ring.is_up(from) || !ring.is_up(report.peer)) continue;
            const LinkPair pair = link_pair(from, report.peer);
            bad_links_.report(now, pair, std::chrono::milliseconds(report.link_ms));
            bad_heartbeats_.report(now, pair, std::chrono::milliseconds(report.heartbeat_ms));
        }
    }
    // When a ring is made for what can wait (ring/trims.h), if none is made before for another
    // reason: longer after the last one than those of a rebalance are apart.
    [[nodiscard]] Time trims_due() const { return trims_due_; }
    // There is something of this kind to do in this ring.
    void trims_wait() { do_trims_wait_ = true; }
    [[nodiscard]] bool do_trims_wait() const { return do_trims_wait_; }
    void loss(Time now, const LossAccepted& message);
    // False: that was known.
    bool leaver(Time now, NodeId member) { return leavers_.insert_or_assign(member, now).second; }
    // Members with a link that something is wrong with.
    [[nodiscard]] std::set<NodeId> accused(Time now) const;
    // A new ring: what it has settled is forgotten. `before`: the one that it follows here; null if
    // there is none.
    void adopt(Time now, const Ring* before, const Ring& ring, PlacementCache& placement);

    // When the back-off of the last link that was bad ends (node/bad_links.h), and of the last fill
    // that others want.
    [[nodiscard]] Time trusts_from() const;

    // Until then rings leave alone what is being filled, if they have nothing else to do
    // (Observations::fills_rest); min(): they need not.
    [[nodiscard]] Time fills_rest_until() const;

    // What to plan with.
    [[nodiscard]] Observations observe(Time now, const Ring& ring, std::set<NodeId> dead) const;

private:
    struct Joiner {
        JoinRequest request;
        Time at;
    };

    [[nodiscard]] static bool is_ready(Time now, const Ring& ring, const Joiner& joiner);
    [[nodiscard]] bool are_reports_urgent(const Ring& ring) const;
    [[nodiscard]] bool is_loss_current(Time now) const;
    void learn(Time now, const Ring& before, const Ring& ring, PlacementCache& placement);
    void count_shuffles(Time now, const Ring& before, const Ring& ring);

    Duration rank_delay_;
    std::size_t genesis_members_;
    PlantedBugs bugs_;
    Time propose_at_ = never;
    std::map<NodeId, Joiner> joiners_;
    std::map<Address, Time> onlookers_;
    std::map<FillReport, Time> reports_;
    Time reports_due_ = never;
    Time trims_due_{};
    bool do_trims_wait_ = false;
    std::map<NodeId, Time> leavers_;     // of the ring; when they last said so
    Epoch loss_epoch_;                   // what an operator gave up
    Time loss_at_ = Time::min();         // when that was last heard; min(): never
    std::map<Holding, Time> ended_;      // fills of members that are up; when
    std::map<Holding, Time> contested_;  // those that were begun again
    std::size_t shuffles_ = 0;           // the last rings that changed only what is being filled
    Time shuffled_at_ = Time::min();     // the last of them; min(): none was
    BadLinks bad_links_;
    BadLinks bad_heartbeats_;
};

}  // namespace grapevine
