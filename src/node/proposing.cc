// Proposing rings: what the next should be, and for whom it waits.

#include <algorithm>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include "node/state.h"
#include "ring/trims.h"

namespace grapevine {

namespace {

// How long evictions wait for those who would be left with what the evicted hold.
constexpr Duration heirs_patience = 1s;
// How long a ring waits for its placement.
constexpr Duration placement_patience = 1s;
// Until then a primary that took over is young: it waits for the lease of the one before, and asks
// for what is unfinished. Who reviews the ring now and then finds it older.
constexpr Duration youth = 1s;

// Whether one is left out that may be let in when it has promised. A death is not kept waiting.
bool waits_for_joiners(const RingChange& change, const Observations& seen) {
    return change.evicted.empty() && std::ranges::any_of(seen.joiners, [&](const Member& joiner) {
               return !seen.present->contains(joiner.id) &&
                      std::ranges::find(change.joined, joiner.id, &Member::id) ==
                          change.joined.end();
           });
}

}  // namespace

// To plan costs about what adopting a ring does, and those after the first voter would plan the
// same, in vain. Not where the first may be gone, or not know what this one does.
bool Node::State::leaves_it_to_the_first(Time now) const {
    const std::set<NodeId> dead = dead_members();
    return dead.empty() && governor.rank(*ring, self.id, dead) != 0 &&
           governor.accused(now).empty() && governor.joiners(now, *ring).empty();
}

void Node::State::consider(Time now, Duration settle) {
    if (is_member()) governor.consider(now, settle, *ring, self.id, dead_members());
}

void Node::State::brief_agreement(Time now) {
    agreement.set_heard(heartbeats.heard_since(now - config.lease.lease));
    candidates = governor.joiners(now, *ring);
    std::set<NodeId> ids;
    for (const auto& [id, address] : candidates) ids.insert(ids.end(), id);
    ids.merge(heirs(now));
    agreement.set_candidates(std::move(ids));
}

// Who would be left with what those hold that may be evicted, or dropped.
std::set<NodeId> Node::State::heirs(Time now) const {
    const std::set<NodeId> dead = dead_members();
    std::set<NodeId> doubtful = governor.accused(now);
    doubtful.insert(dead.begin(), dead.end());
    std::set<NodeId> heirs;
    if (doubtful.empty()) return heirs;
    for (const Entry& entry : ring->table) {
        const bool concerned =
            std::ranges::any_of(entry.copies, [&](NodeId id) { return doubtful.contains(id); });
        if (concerned) heirs.insert(entry.copies.begin(), entry.copies.end());
    }
    std::erase_if(heirs, [&](NodeId id) { return dead.contains(id); });
    return heirs;
}

void Node::State::propose(Time now) {
    if (!is_member() || agreement.proposing() || consent.stands()) return;
    Observations seen = observe(now, dead_members());
    // What is complete does not make a ring before its time, but goes into any that is made.
    if (now < governor.reports_due()) seen.completed.clear();
    if (seen.fills_rest) consider(now, governor.fills_rest_until() - now);
    const auto change = plan(*ring, seen, config.planner, placement);
    if (waits_for_placement(now, change) || !change) return;
    if (waits_for_another(now, seen, *change)) return;
    history.proposed(now);
    brief_agreement(now);
    agreement.propose(now, [&](const auto& promisers) { return choose(now, promisers); });
}

Observations Node::State::observe(Time now, std::set<NodeId> dead) const {
    Observations seen = governor.observe(now, *ring, std::move(dead));
    seen.young_from = history.first_after(now - youth);
    return seen;
}

std::optional<RingChange> Node::State::choose(Time now, const Promisers& promisers) {
    std::set<NodeId> dead = dead_members();
    const std::size_t accused = dead.size();
    for (const NodeId id : promisers.hears) dead.erase(id);
    // Who promises lives, whatever was said of it.
    if (!config.bugs.has(Bug::evict_promisers)) {
        for (const NodeId id : promisers.present) dead.erase(id);
    }
    // Somebody hears a member that this node does not: look again before long.
    if (dead.size() < accused) consider(now, config.rank_delay);
    Observations seen = observe(now, std::move(dead));
    seen.present = promisers.present;
    seen.heirs_are_present = waits_for_heirs(now);
    auto change = plan(*ring, seen, config.planner, placement);
    if (seen.heirs_are_present && lacks_heirs(seen, change)) {
        if (!promisers.all) return std::nullopt;
        if (now >= heirs_missed_at + 2 * heirs_patience) heirs_missed_at = now;
        consider(now, config.rank_delay);
    }
    if (change && !promisers.all && waits_for_joiners(*change, seen)) return std::nullopt;
    if (change && !promisers.all && waits_to_accuse(seen, *change)) return std::nullopt;
    if (change && waits_for_another(now, seen, *change)) return std::nullopt;
    return change;
}

// --- placement that takes long ---

void Node::State::ask_for_placement() {
    if (is_placing) return;
    effects.placement = placement.take_wanted();
    is_placing = effects.placement.has_value();
}

void Node::State::placed(Time now, PlacementTask task, Placement computed) {
    is_placing = false;
    placement.learn(std::move(task), std::move(computed));
    consider(now, 0ms);
}

// True: it does nothing but let in, let go or found, and with what is being computed one ring will
// do. But not for ever: others may come and go all the time, and each time it is computed anew.
bool Node::State::waits_for_placement(Time now, const std::optional<RingChange>& change) {
    if (!change || !placement.wants()) {
        unplaced_since = never;
        return false;
    }
    const bool heals = !change->evicted.empty() || !change->completed.empty() ||
                       !change->dropped.empty() || !change->departed.empty() ||
                       !change->losses.empty();
    if (heals || (ring->genesis && !change->arrangements.empty())) return false;
    if (unplaced_since == never) unplaced_since = now;
    if (now >= unplaced_since + placement_patience) return false;
    consider(now, unplaced_since + placement_patience - now);
    return true;
}

// --- what it waits for ---

// Who is dead is found to be so before that, and who has not promised by then and lives may have no
// link that carries it.
bool Node::State::waits_for_heirs(Time now) const {
    return now < heirs_missed_at + heirs_patience || now >= heirs_missed_at + 2 * heirs_patience;
}

// Whether somebody would be evicted, or drop a copy, if heirs did not have to promise.
bool Node::State::lacks_heirs(Observations seen, const std::optional<RingChange>& change) {
    if (seen.dead.empty() && seen.links.empty() && seen.heartbeats.empty()) return false;
    seen.heirs_are_present = false;
    const RingChange without = plan_members(*ring, seen, config.planner);
    const std::size_t evicted = change ? change->evicted.size() : 0;
    const std::size_t dropped = change ? change->dropped.size() : 0;
    return without.evicted.size() > evicted || without.dropped.size() > dropped;
}

// True: somebody would be evicted for its links if those who have not promised yet were there. What
// would be done without that is little help, and undone when they are.
bool Node::State::waits_to_accuse(Observations seen, const RingChange& change) {
    if (seen.heartbeats.empty() && seen.links.empty()) return false;
    seen.present.reset();
    const RingChange with_all = plan_members(*ring, seen, config.planner);
    return with_all.evicted.size() > change.evicted.size();
}

// True: not worth a ring of its own yet. It is looked at again.
bool Node::State::waits_for_another(Time now, const Observations& seen, const RingChange& change) {
    const auto may_be_silent = [&](NodeId primary, NodeId goes) {
        if (goes != self.id && swim.liveness(goes) != Liveness::alive) return true;
        const auto link = seen.links.find(link_pair(primary, goes));
        return link != seen.links.end() && link->second != LinkState::distrusted;
    };
    if (!can_wait(*ring, change, may_be_silent)) return false;
    governor.trims_wait();
    if (config.bugs.has(Bug::trims_never_alone)) return true;
    if (now >= governor.trims_due()) return false;
    consider(now, governor.trims_due() - now);
    return true;
}

}  // namespace grapevine
