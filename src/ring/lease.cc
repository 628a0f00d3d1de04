#include "ring/lease.h"

#include <algorithm>
#include <functional>

namespace grapevine {

Lease::Lease(const LeaseConfig& config, NodeId self) : config_(config), self_(self) {}

void Lease::adopt(Time now, const Ring& ring) {
    if (epoch_) older_.push_back({epoch_, current_expiry(now)});
    std::erase_if(older_, [now](const Held& held) { return held.until <= now; });
    epoch_ = ring.epoch;
    majority_ = ring.majority();
    own_votes_ = ring.votes_of(self_);
    own_until_ = never;
    grants_.clear();
    for (const Voter& voter : ring.voters) {
        if (voter.id != self_) grants_.push_back({voter.id, voter.votes, Time::min()});
    }
    recount();
}

void Lease::voted(Time now) {
    if (config_.bugs.has(Bug::own_vote_after_voting)) return;
    own_until_ = std::min(own_until_, now);
}

void Lease::renounce() {
    older_.clear();
    majority_ = 0;
}

void Lease::echoed(NodeId voter, Epoch epoch, Time sent) {
    if (epoch != epoch_) return;
    if (config_.bugs.has(Bug::echo_counts_twice)) {
        const auto same = [&](const Grant& g) { return g.voter == voter && g.sent == sent; };
        const auto found = std::ranges::find_if(grants_, same);
        if (found != grants_.end()) grants_.push_back(Grant(*found));
    }
    for (Grant& grant : grants_) {
        if (grant.voter == voter) grant.sent = std::max(grant.sent, sent);
    }
    recount();
}

Time Lease::expiry(Time now, Epoch from) const {
    Time until = from <= epoch_ ? current_expiry(now) : Time::min();
    for (const Held& held : older_) {
        if (from <= held.epoch) until = std::max(until, held.until);
    }
    return until;
}

Time Lease::current_expiry(Time now) const {
    // The newest moment at which a majority was behind this node; its own vote counts up to now.
    const Time sent = std::max(without_self_, std::min({now, own_until_, with_self_}));
    return majority_ == 0 || sent == Time::min() ? Time::min() : sent + config_.held();
}

void Lease::recount() {
    std::ranges::sort(grants_, std::greater<>{}, &Grant::sent);
    with_self_ = own_votes_ >= majority_ ? never : Time::min();
    without_self_ = Time::min();
    std::uint32_t sum = 0;
    for (const Grant& grant : grants_) {
        sum += grant.votes;
        if (sum >= majority_) without_self_ = std::max(without_self_, grant.sent);
        if (sum + own_votes_ >= majority_) with_self_ = std::max(with_self_, grant.sent);
    }
}

}  // namespace grapevine
