// Adopting rings, proposing them, and getting into one.

#include <algorithm>
#include <ranges>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "node/state.h"
#include "ring/trims.h"

namespace grapevine {

namespace {

constexpr Duration tell_again = 50ms;   // a ring that was told may be under way
constexpr Duration fetch_again = 20ms;  // so may one that was asked for
constexpr Duration report_period = 100ms;
constexpr Duration activation_check = 5ms;
constexpr Duration link_silence_max = 3600s;  // longer is told as this long
constexpr Duration join_back_off_min = 1s;
constexpr Duration join_back_off_max = 60s;
// Until the last request to be let in is void with every voter, though it was long under way.
constexpr Duration join_forgotten_after = 2 * news_age_max;
// How long evictions wait for those who would be left with what the evicted hold.
constexpr Duration heirs_patience = 1s;
// Who was in for so long was not evicted for a bad line: its next pause is a short one again.
constexpr Duration good_membership = 60s;

// Whether one is left out that may be let in when it has promised. A death is not kept waiting.
bool waits_for_joiners(const RingChange& change, const Observations& seen) {
    return change.evicted.empty() && std::ranges::any_of(seen.joiners, [&](const Member& joiner) {
               return !seen.present->contains(joiner.id) &&
                      std::ranges::find(change.joined, joiner.id, &Member::id) ==
                          change.joined.end();
           });
}

}  // namespace

// --- adopting ---

void Node::State::adopt(Time now, const MadeRing& made) {
    const RingPtr before = std::exchange(ring, made.ring);
    const bool was_member = before && before->is_up(self.id);
    const bool unbroken = before && ring->epoch == next(before->epoch);
    last_change = made.change;
    ring_digest = made.digest;
    if (!unbroken) unbroken_since = now;
    lease.adopt(now, *ring);
    agreement.adopt(ring);
    effects.persist = true;
    governor.adopt(now, before.get(), *ring, placement);
    if (replication) replication->adopt(now, ring, unbroken);
    log(LogLevel::info, history.adopt(now, before.get(), *ring, made.change.get()));
    look_whether_active(now);

    if (is_member()) {
        if (!was_member) member_since = now;
        enter(now);
    } else {
        if (was_member) fall_out(now);
        if (has_left()) {
            part(now);
        } else if (was_member) {
            ask_again(now);
        } else if (!before) {
            join_at = now;  // the first that it sees; later ones do not cut a pause short
        }
    }
    for (auto& due : polls.take_due(now, ring)) reply(due.connection, std::move(due.reply));
    answer_losses(now);
    answer_founders(now);
}

// How long activation took is for people alone, so it is looked for now and then.
void Node::State::look_whether_active(Time now) {
    if (is_member() && !serves_all(now)) {
        active_at = now + activation_check;
        return;
    }
    active_at = never;
    history.active(now);
}

Result<MadeRing> Node::State::make_ring(const RingChange& change) const {
    if (config.make_ring) return config.make_ring(ring, change);
    return grapevine::make_ring(*ring, change, config.bugs);
}

// Clients know the cluster by the place of a coordinator that another has followed elsewhere.
void Node::State::note_coordinator(Address address) {
    if (address == last_coordinator) return;
    std::erase(coordinators_before, address);
    if (last_coordinator) coordinators_before.insert(coordinators_before.begin(), last_coordinator);
    if (coordinators_before.size() > coordinators_before_max) coordinators_before.pop_back();
    last_coordinator = address;
}

// In this ring: talk to its members, watch them, and see whether it is as it should be.
void Node::State::enter(Time now) {
    self = *ring->member(self.id);
    join_at = never;
    join_links_missing.look(now, false);
    report_at = replication ? now + report_period : never;
    // Rings that follow each other closely must not keep it from saying what they are made for.
    link_report_at = std::min(link_report_at, now + config.link_check);
    review_at = now + 1s;
    leave_at = leaving && self.state == MemberState::up ? now : never;
    withdrawn_until = never;
    if (const Member* coordinator = ring->coordinator()) note_coordinator(coordinator->address);
    beacon_at = ring->votes_of(self.id) > 0 ? std::min(beacon_at, now + config.beacon) : never;

    std::vector<NodeId> watched;
    std::set<NodeId> beaten;
    std::set<NodeId> linked;
    const bool all = ring->members.size() <= config.full_mesh_max;
    const auto has_vote = [&](const Member& member) {
        return ring->votes_of(member.id) > 0 || member.role == Role::coordinator;
    };
    const bool votes = has_vote(self);
    watched.reserve(ring->members.size());
    for (const Member& member : ring->members) {
        if (!member.is_up()) continue;
        watched.push_back(member.id);
        if (member.id == self.id) continue;
        const bool exchanges = votes || has_vote(member);
        if (exchanges) beaten.insert(beaten.end(), member.id);
        if (all || exchanges) linked.insert(linked.end(), member.id);
    }
    if (!all) {
        for (const Entry& entry : ring->table) {
            if (!entry.writes_to(self.id)) continue;
            linked.insert(entry.copies.begin(), entry.copies.end());
            for (const Fill& fill : entry.fills) linked.insert(fill.id);
        }
        linked.erase(self.id);
    }
    std::set<Address> dialed;
    for (const NodeId id : linked) dialed.insert(ring->member(id)->address);
    swim.set_members(now, std::move(watched));
    heartbeats.adopt(now, ring->epoch, beaten);
    links.want(now, dialed);
    links.tick(now);
    link_checks.adopt(now, linked);
    consider(now, config.settle);
}

// In no ring any more: serves nothing. What it holds is kept only where the ring waits for it.
void Node::State::fall_out(Time now) {
    swim.set_members(now, {self.id});
    heartbeats.adopt(now, ring->epoch, {});
    link_checks.adopt(now, {});
    report_at = link_report_at = review_at = beacon_at = leave_at = never;
    majority_missing.look(now, false);
}

// A holder that a partition waits for comes back at once; others with a growing pause, so that a
// bad line does not make and unmake rings.
void Node::State::ask_again(Time now) {
    log(LogLevel::warning, "this node was evicted; asking to be let in again");
    const bool awaited = ring->member(self.id) != nullptr;
    if (now >= member_since + good_membership) join_back_off = {};
    if (!awaited) {
        join_back_off = std::clamp(join_back_off * 2, join_back_off_min, join_back_off_max);
    }
    join_at = join_pause_until = now + (awaited ? Duration{} : join_back_off);
}

void Node::State::tell_ring(Time now, Address to, NodeId id, Epoch have) {
    if (!ring || !to) return;
    auto& [epoch, at] = told[id];
    if (epoch == ring->epoch && now < at + tell_again) return;
    if (told.size() > 4096) told.clear();  // strangers; the pause above is only a courtesy
    told[id] = {ring->epoch, now};
    if (last_change && next(have) == ring->epoch) {
        send(now, to, id, Decided{*last_change, ring_digest});
    } else {
        send(now, to, id, RingAnswer{ring});
    }
}

void Node::State::fetch_ring(Time now, Address from, NodeId id) {
    const Epoch have = ring ? ring->epoch : Epoch{};
    if (fetched_for == have && now < fetched_at + fetch_again && fetched_at != Time::min()) return;
    fetched_at = now;
    fetched_for = have;
    send(now, from, id, RingRequest{have});
}

// --- proposing ---

void Node::State::consider(Time now, Duration settle) {
    if (is_member()) governor.consider(now, settle, *ring, self.id, dead_members());
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

void Node::State::brief_agreement(Time now) {
    agreement.set_heard(heartbeats.heard_since(now - config.lease.lease));
    candidates = governor.joiners(now, *ring);
    std::set<NodeId> ids;
    for (const auto& [id, address] : candidates) ids.insert(ids.end(), id);
    ids.merge(heirs(now));
    agreement.set_candidates(std::move(ids));
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
    Observations seen = governor.observe(now, *ring, std::move(dead));
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

// Who is dead is found to be so before that, and who has not promised by then and lives may have no
// link that carries it.
bool Node::State::waits_for_heirs(Time now) const {
    return now < heirs_missed_at + heirs_patience || now >= heirs_missed_at + 2 * heirs_patience;
}

// Whether somebody would be evicted, or drop a copy, if heirs did not have to promise.
bool Node::State::lacks_heirs(Observations seen, const std::optional<RingChange>& change) {
    if (seen.dead.empty() && seen.links.empty() && seen.heartbeats.empty()) return false;
    seen.heirs_are_present = false;
    const auto without = plan(*ring, seen, config.planner, placement);
    if (!without) return false;
    const std::size_t evicted = change ? change->evicted.size() : 0;
    const std::size_t dropped = change ? change->dropped.size() : 0;
    return without->evicted.size() > evicted || without->dropped.size() > dropped;
}

// True: somebody would be evicted for its links if those who have not promised yet were there. What
// would be done without that is little help, and undone when they are.
bool Node::State::waits_to_accuse(Observations seen, const RingChange& change) {
    if (seen.heartbeats.empty() && seen.links.empty()) return false;
    seen.present.reset();
    const auto with_all = plan(*ring, seen, config.planner, placement);
    return with_all && with_all->evicted.size() > change.evicted.size();
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

void Node::State::propose(Time now) {
    if (!is_member() || agreement.proposing() || consent.stands()) return;
    Observations seen = governor.observe(now, *ring, dead_members());
    // What is complete does not make a ring before its time, but goes into any that is made.
    if (now < governor.reports_due()) seen.completed.clear();
    const auto change = plan(*ring, seen, config.planner, placement);
    if (!change || waits_for_another(now, seen, *change)) return;
    history.proposed(now);
    brief_agreement(now);
    agreement.propose(now, [&](const auto& promisers) { return choose(now, promisers); });
}

// Everybody whom the decision concerns learns it from who learned it first.
void Node::State::announce(Time now, const Ring& before) {
    std::map<NodeId, Address> audience;
    for (const Member& member : before.members) {
        if (member.is_up()) audience[member.id] = member.address;
    }
    for (const Member& member : ring->members) {
        if (member.is_up()) audience[member.id] = member.address;
    }
    audience.erase(self.id);
    for (const auto& [id, address] : audience) {
        told[id] = {ring->epoch, now};
        send(now, address, id, Decided{*last_change, ring_digest});
    }
}

// --- founding, and keeping others from it ---

void Node::State::found(Time now) {
    found_at = never;
    adopt(now, {.ring = std::make_shared<const Ring>(
                    found_ring(config.cluster, self, config.copies_wanted, config.partitions))});
}

// Whoever starts a coordinator again where one was must hear that the cluster lives, before it
// founds a second one that answers "not found" to the clients of the first.
void Node::State::send_beacons(Time now) {
    beacon_at = now + config.beacon;
    std::set<Address> where(config.seeds.begin(), config.seeds.end());
    if (last_coordinator) where.insert(last_coordinator);
    where.erase(self.address);
    for (const Address address : where) {
        if (ring->member_at(address) == nullptr) send(now, address, NodeId{}, Beacon{ring->parent});
    }
    call_left_behind(now);
}

// --- joining ---

void Node::State::ask_to_join(Time now) {
    join_at = now + config.join_period;
    if (!ring) {
        for (const Address seed : config.seeds) send(now, seed, NodeId{}, RingRequest{});
        return;
    }
    if (is_member()) {
        join_at = never;
        return;
    }
    const JoinLinks reached = link_before_joining(now);
    look_for_joiners_links(now, reached);
    const Member asking = joiner();
    look_for_obstacle(now, asking);
    for (const Voter& voter : ring->voters) {
        const Member* member = ring->member(voter.id);
        if (reached.enough) {
            send(now, voter.id, JoinRequest{asking, ring->epoch});
            asked_at = now;
        } else {
            send(now, member->address, voter.id, RingRequest{ring->epoch});
        }
    }
    // The members known here may all be gone; the seeds may know better.
    for (const Address seed : config.seeds) send(now, seed, NodeId{}, RingRequest{ring->epoch});
}

// Links to all that this node would link to: whoever cannot be reached would be accused as soon as
// this node is in. Who holds what a partition waits for is needed more than that: a majority that
// can admit it is enough.
Node::State::JoinLinks Node::State::link_before_joining(Time now) {
    std::set<Address> wanted;
    std::set<NodeId> checked;
    JoinLinks found;
    std::uint32_t votes = 0;
    for (const Member& member : ring->members) {
        if (!member.is_up() || member.address == self.address) continue;
        const std::uint32_t has = ring->votes_of(member.id);
        if (ring->members.size() > config.full_mesh_max && has == 0) continue;
        wanted.insert(member.address);
        checked.insert(member.id);
        const bool up = links.is_up(member.address) && link_checks.answered(member.id);
        if (!up) found.missing.push_back(member.id);
        votes += up ? has : 0;
    }
    links.want(now, wanted);
    links.tick(now);
    link_checks.adopt(now, checked);
    link_checks.tick(now);
    const bool awaited = ring->member(self.id) != nullptr;
    found.enough = found.missing.empty() || (awaited && votes >= ring->majority());
    return found;
}

void Node::State::look_for_joiners_links(Time now, const JoinLinks& reached) {
    if (!join_links_missing.look(now, !reached.enough)) return;
    log(LogLevel::warning,
        fmt::format("not admitted: no answer from {}; still trying. A cluster that has lost its "
                    "majority for good is founded anew by client --force-ring",
                    names_of(reached.missing)));
}

// Without a majority nothing is served and no ring agreed on: a person has to know why.
void Node::State::look_for_majority(Time now) {
    const std::set<NodeId> heard = heartbeats.heard_since(now - config.lease.lease);
    std::vector<NodeId> silent;
    std::uint32_t votes = 0;
    for (const Voter& voter : ring->voters) {
        if (voter.id == self.id || heard.contains(voter.id)) {
            votes += voter.votes;
        } else {
            silent.push_back(voter.id);
        }
    }
    const bool missing = votes < ring->majority();
    const bool was_said = majority_missing.said();
    if (majority_missing.look(now, missing)) {
        log(LogLevel::warning,
            fmt::format("only {} of {} votes {}, {} are needed: nothing is served and no ring is "
                        "agreed on until {} back; a cluster that has lost its majority for good "
                        "is founded anew from what is left by client --force-ring",
                        votes, ring->votes_total(), votes == 1 ? "answers" : "answer",
                        ring->majority(),
                        silent.size() == 1 ? names_of(silent) + " is"
                                           : "enough of " + names_of(silent) + " are"));
    } else if (was_said && !missing) {
        log(LogLevel::warning,
            fmt::format("a majority answers again: {} of {} votes", votes, ring->votes_total()));
    }
}

Member Node::State::joiner() const {
    Member joiner = self;
    const bool taken = ring->member_named(joiner.name) != nullptr;
    if (config.self.name.empty() && taken) joiner.name.clear();
    return joiner;
}

void Node::State::look_for_obstacle(Time now, const Member& joiner) {
    const std::optional<Obstacle> obstacle = obstacle_of(*ring, joiner);
    const Member* holder = obstacle ? ring->member(obstacle->holder) : nullptr;
    // At this node's own address there can be nobody else: a predecessor that is not out yet.
    const bool answers =
        holder != nullptr && holder->address != self.address && links.is_up(holder->address);
    const Obstacles::Notice notice = obstacles.look(now, obstacle, answers);
    if (notice.warn) {
        log(LogLevel::warning, fmt::format("not admitted: {}; still asking, in case it goes",
                                           describe(*ring, *obstacle)));
    }
    if (notice.hopeless && holder != nullptr && obstacle->kind == Obstacle::Kind::name)
        effects.name_held_by = *holder;
}

template <class Reports>
void Node::State::tell_voters(Time now, const Reports& reports) {
    for (const Voter& voter : ring->voters) {
        if (voter.id == self.id) {
            heed(now, self.id, reports);
        } else {
            send(now, voter.id, reports);
        }
    }
}

void Node::State::report_links(Time now) {
    link_report_at = now + config.link_check;
    const auto in_ms = [](Duration lasted) {
        return static_cast<std::uint32_t>(std::min(lasted, link_silence_max) / 1ms);
    };
    std::map<NodeId, LinkReport> silent;
    for (const auto& [id, lasted] : link_checks.silent(now, config.link_silence)) {
        silent[id].link_ms = in_ms(lasted);
    }
    for (const auto& [id, lasted] : heartbeats.silent(now, config.link_silence)) {
        silent[id].heartbeat_ms = in_ms(lasted);
    }
    if (silent.empty()) return;
    LinkReports reports;
    for (auto& [id, report] : silent) {
        report.peer = id;
        reports.reports.push_back(report);
    }
    tell_voters(now, reports);
}

void Node::State::report_loss(Time now) {
    const std::optional<Epoch> accepted = losses.accepted();
    loss_report_at = losses.next_deadline() == never ? never : now + report_period;
    if (!accepted || !is_member()) return;
    tell_voters(now, LossAccepted{*accepted});
}

// Where a partition waits for what it holds, it comes back first. Where it may be let in yet, it
// waits for that.
bool Node::State::has_left() const {
    return leaving && ring && ring->member(self.id) == nullptr && withdrawn_until == never;
}

// In no ring, and nothing waits for what it holds. Who has asked may be let in until that is
// forgotten: it has to be there then, and to leave like any member, because its vote counts.
void Node::State::withdraw(Time now) {
    join_at = never;
    withdrawn_until = asked_at == Time::min() ? now : asked_at + join_forgotten_after;
    if (now >= withdrawn_until) end_withdrawn();
}

void Node::State::end_withdrawn() {
    withdrawn_until = never;
    effects.left = true;
}

void Node::State::part(Time now) {
    log(LogLevel::info, "this node has left the cluster");
    join_at = never;
    leave_at = now;
    in_without_us.clear();
    effects.left = config.bugs.has(Bug::leave_unheard);
}

// Before it is out it asks to be; then it asks whether the others know.
void Node::State::report_leaving(Time now) {
    leave_at = now + report_period;
    if (!has_left()) return tell_voters(now, LeaveNotice{});
    for (const Voter& voter : ring->voters) {
        send(now, voter.id, LinkCheck{.sent_us = to_us(now)});
    }
}

// It may have been the only one that knew of the ring without it, and the only voter of the one
// before. It ends when the others can go on without it.
void Node::State::look_who_is_in(const Envelope& envelope) {
    if (envelope.epoch < ring->epoch) return;
    in_without_us.insert(envelope.from);
    std::uint32_t votes = 0;
    for (const NodeId id : in_without_us) votes += ring->votes_of(id);
    if (votes < ring->majority()) return;
    leave_at = never;
    effects.left = true;
}

void Node::State::report_fills(Time now) {
    report_at = now + report_period;
    FillReports reports{replication->complete_fills()};
    if (reports.reports.empty()) return;
    tell_voters(now, reports);
}

}  // namespace grapevine
