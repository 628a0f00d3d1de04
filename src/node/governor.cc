#include "node/governor.h"

#include <algorithm>
#include <utility>

#include "client/messages.h"

namespace grapevine {

namespace {

// Fills are reported every 100 ms, and where copies only move a ring is made of them within 500 ms
// of the first report; the next ones take a while to be complete.
constexpr Duration trim_delay = 2s;

// How long it is remembered that a fill was ended, and how long one that was begun again after
// that, and the copy that it becomes, are left alone: by then who lacks news of a link has it.
constexpr Duration ended_for = 3s;
constexpr Duration contested_for = 5s;

// So many rings in a row may change only what is being filled: each link that fails and each
// back-off that ends may be a reason. Before the next the cluster rests, and longer each time. Who
// has made none for a while begins anew.
constexpr std::size_t shuffles_free = 3;
constexpr Duration shuffle_rest_min = 250ms;
constexpr Duration shuffle_rest_max = 2s;
constexpr Duration shuffles_age_max = 5s;

// Joiners that ask at the same time. More are heard when these are in, or have stopped asking.
constexpr std::size_t joiners_max = members_waiting_max;

bool stale(Time now, Time heard_at) {
    return now > heard_at + news_age_max;
}

}  // namespace

std::optional<std::int64_t> Governor::rank(const Ring& ring, NodeId self,
                                           const std::set<NodeId>& dead) {
    std::int64_t rank = 0;
    for (const Voter& voter : ring.voters) {
        if (voter.id == self) return rank;
        if (!dead.contains(voter.id)) ++rank;
    }
    return std::nullopt;
}

void Governor::consider(Time now, Duration settle, const Ring& ring, NodeId self,
                        const std::set<NodeId>& dead) {
    const auto before_us = rank(ring, self, dead);
    if (before_us) propose_at_ = std::min(propose_at_, now + settle + *before_us * rank_delay_);
}

bool Governor::due(Time now) {
    if (now < propose_at_) return false;
    propose_at_ = never;
    return true;
}

void Governor::joiner(Time now, const JoinRequest& request) {
    // At one address there is one process: the latest that says so.
    std::erase_if(joiners_, [&](const auto& entry) {
        return stale(now, entry.second.at) ||
               entry.second.request.self.address == request.self.address;
    });
    if (joiners_.size() >= joiners_max && !joiners_.contains(request.self.id)) return;
    joiners_[request.self.id] = {request, now};
}

void Governor::onlooker(Time now, Address address) {
    std::erase_if(onlookers_, [&](const auto& entry) { return stale(now, entry.second); });
    if (onlookers_.size() >= joiners_max && !onlookers_.contains(address)) return;
    onlookers_[address] = now;
}

// One ring behind is as good as current: it hears of this one when it is in.
bool Governor::is_ready(Time now, const Ring& ring, const Joiner& joiner) {
    return next(joiner.request.have) >= ring.epoch && !stale(now, joiner.at);
}

std::map<NodeId, Address> Governor::joiners(Time now, const Ring& ring) const {
    std::map<NodeId, Address> ready;
    for (const auto& [id, joiner] : joiners_) {
        if (is_ready(now, ring, joiner)) ready.emplace(id, joiner.request.self.address);
    }
    return ready;
}

std::vector<Address> Governor::waiting(Time now) const {
    std::set<Address> waiting;
    for (const auto& [id, joiner] : joiners_) {
        if (!stale(now, joiner.at)) waiting.insert(joiner.request.self.address);
    }
    for (const auto& [address, at] : onlookers_) {
        if (!stale(now, at) && waiting.size() < joiners_max) waiting.insert(address);
    }
    return {waiting.begin(), waiting.end()};
}

void Governor::reports(Time now, const Ring& ring, const FillReports& message, Duration settle) {
    // Only of fills that there are: so they are no more than these, whoever sends them.
    for (const FillReport& report : message.reports) {
        if (fits(report, ring)) reports_[report] = now;
    }
    if (reports_.empty() || reports_due_ <= now + settle * 2) return;
    reports_due_ = std::min(reports_due_, now + settle * (are_reports_urgent(ring) ? 2 : 10));
}

bool Governor::are_reports_urgent(const Ring& ring) const {
    std::size_t open = 0;
    for (const Entry& entry : ring.table) open += entry.fills.size();
    if (reports_.size() * 2 >= open) return true;
    const std::size_t possible = copies_possible(ring);
    return std::ranges::any_of(reports_, [&](const auto& report) {
        return ring.entry(report.first.partition).copies.size() < possible;
    });
}

void Governor::loss(Time now, const LossAccepted& message) {
    // The latest of those that wait now; what somebody accepted long ago counts no more.
    loss_epoch_ = is_loss_current(now) ? std::max(loss_epoch_, message.epoch) : message.epoch;
    loss_at_ = now;
}

bool Governor::is_loss_current(Time now) const {
    return loss_at_ != Time::min() && !stale(now, loss_at_);
}

// Of a fill that the placement wants and that was ended, while nobody came or went, the link is bad
// (where the placement is not known, it may have been moved as well). Voters know different things
// of links and placements, so one may end what another begins: what was begun again is left alone,
// and what is ended even then has a bad link, whoever wants it.
void Governor::learn(Time now, const Ring& before, const Ring& ring, PlacementCache& placement) {
    std::erase_if(ended_, [&](const auto& fill) { return now > fill.second + ended_for; });
    std::erase_if(contested_, [&](const auto& fill) { return now > fill.second + contested_for; });
    if (before.cluster != ring.cluster || before.partitions() != ring.partitions()) {
        ended_.clear();
        contested_.clear();
        return;
    }
    std::vector<Holding> ended;
    for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
        const Entry& old = before.table[i];
        const Entry& entry = ring.table[i];
        if (old.fills.empty() && entry.fills.empty()) continue;
        const bool goes_on = old.primary() == entry.primary() && !ring.is_down(entry);
        for (const Fill& fill : entry.fills) {
            const Holding which{PartitionId{i}, fill.id};
            // Rings may have been missed in between.
            const bool again = goes_on && old.fill_of(fill.id) != nullptr;
            if (fill.opened > before.epoch && (again || ended_.contains(which))) {
                contested_[which] = now;
            }
        }
        if (!goes_on) continue;
        for (const Fill& fill : old.fills) {
            if (!entry.writes_to(fill.id)) ended.push_back({PartitionId{i}, fill.id});
        }
    }
    if (ended.empty()) return;
    const bool is_settled = before.members == ring.members;
    const Placement* const desired = is_settled ? placement.known(ring) : nullptr;
    for (const Holding& fill : ended) {
        const Member* member = ring.member(fill.member);
        if (member == nullptr || !member->stays()) continue;
        const auto is_wanted = [&] {
            const NodeList& wanted = (*desired)[fill.partition.value];
            return std::ranges::find(wanted, fill.member) != wanted.end();
        };
        // Not everybody's time ends at the same moment.
        const auto contested = contested_.find(fill);
        const bool is_contested =
            contested != contested_.end() && now < contested->second + contested_for - 1s;
        if (is_contested || (desired != nullptr && is_wanted())) {
            bad_links_.overruled(now, link_pair(fill.member, ring.entry(fill.partition).primary()));
        }
        ended_[fill] = now;
    }
}

void Governor::adopt(Time now, const Ring* before, const Ring& ring, PlacementCache& placement) {
    std::erase_if(joiners_, [&](const auto& joiner) { return ring.is_up(joiner.first); });
    for (const Member& member : ring.members) {
        if (member.is_up()) onlookers_.erase(member.address);
    }
    std::erase_if(leavers_, [&](const auto& leaver) { return !ring.is_up(leaver.first); });
    bad_links_.adopt(ring);
    bad_heartbeats_.adopt(ring);
    std::erase_if(reports_, [&](const auto& entry) { return !fits(entry.first, ring); });
    reports_due_ = never;  // what is left is reported again
    trims_due_ = now + trim_delay;
    do_trims_wait_ = false;
    if (before == nullptr || bugs_.has(Bug::undo_fills)) return;
    learn(now, *before, ring, placement);
    count_shuffles(now, *before, ring);
}

// What each voter wants filled may be right by what it knows of the links, and undo what another
// wants, each time of another partition, so that nothing of it is contested: links that are judged
// differently put the same copies elsewhere.
void Governor::count_shuffles(Time now, const Ring& before, const Ring& ring) {
    const bool only_fills =
        before.cluster == ring.cluster && before.members == ring.members &&
        std::ranges::equal(before.table, ring.table, [](const Entry& a, const Entry& b) {
            return a.copies == b.copies && a.generation == b.generation;
        });
    if (!only_fills || now > shuffled_at_ + shuffles_age_max) shuffles_ = 0;
    if (!only_fills) return;
    ++shuffles_;
    shuffled_at_ = now;
}

Time Governor::fills_rest_until() const {
    if (shuffles_ < shuffles_free) return Time::min();
    Duration rest = shuffle_rest_min;
    for (std::size_t i = shuffles_free; i < shuffles_ && rest < shuffle_rest_max; ++i) rest *= 2;
    return shuffled_at_ + rest;
}

Time Governor::trusts_from() const {
    Time from = std::max(bad_links_.trusts_from(), bad_heartbeats_.trusts_from());
    for (const auto& [fill, at] : contested_) from = std::max(from, at + contested_for);
    return from;
}

std::set<NodeId> Governor::accused(Time now) const {
    std::set<NodeId> ends;
    for (const BadLinks* links : {&bad_links_, &bad_heartbeats_}) {
        for (const auto& [pair, state] : links->news(now)) ends.insert({pair.low, pair.high});
    }
    return ends;
}

Observations Governor::observe(Time now, const Ring& ring, std::set<NodeId> dead) const {
    Observations seen;
    seen.genesis_members = genesis_members_;
    for (const auto& [id, joiner] : joiners_) {
        if (is_ready(now, ring, joiner)) seen.joiners.push_back(joiner.request.self);
    }
    for (const auto& [report, at] : reports_) {
        if (!stale(now, at) && !dead.contains(report.member)) {
            seen.completed.push_back(report);
        }
    }
    for (const auto& [id, at] : leavers_) {
        if (!stale(now, at)) seen.leaving.insert(id);
    }
    if (is_loss_current(now)) seen.losses = down_since(ring, loss_epoch_);
    seen.links = bad_links_.news(now);
    seen.heartbeats = bad_heartbeats_.news(now);
    const auto since = [](const std::map<Holding, Time>& fills, Time time) {
        std::set<Holding> holdings;
        for (const auto& [fill, at] : fills) {
            if (at >= time) holdings.insert(holdings.end(), fill);
        }
        return holdings;
    };
    seen.ended = since(ended_, now - ended_for);
    seen.contested = since(contested_, now - contested_for);
    seen.fills_rest = now < fills_rest_until() && !bugs_.has(Bug::fills_restless);
    seen.dead = std::move(dead);
    return seen;
}

}  // namespace grapevine
