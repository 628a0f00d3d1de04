// Adopting rings, telling them, and founding the first one.

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "node/state.h"

namespace grapevine {

namespace {

constexpr Duration tell_again = 50ms;   // a ring that was told may be under way
constexpr Duration fetch_again = 20ms;  // so may one that was asked for
constexpr Duration activation_check = 5ms;

}  // namespace

// --- adopting ---

void Node::State::adopt(Time now, const MadeRing& made) {
    const RingPtr before = std::exchange(ring, made.ring);
    const bool was_member = before && before->is_up(self.id);
    const bool unbroken = before && ring->epoch == next(before->epoch);
    last_change = made.change;
    ring_digest = made.digest;
    needs_whole_ring = false;
    unplaced_since = never;
    if (!unbroken) unbroken_since = now;
    lease.adopt(now, *ring);
    agreement.adopt(ring);
    effects.persist = true;
    governor.adopt(now, before.get(), *ring, placement);
    if (replication) replication->adopt(now, ring, unbroken);
    log(LogLevel::info, history.adopt(now, before.get(), *ring, made.change.get()));
    look_whether_active(now);

    if (is_member()) {
        if (!was_member) readmission.admitted(now);
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
    self.pid = config.self.pid;  // the ring may know an earlier process of this state
    join_at = never;
    join_links_missing.look(now, false);
    const auto is_filled = [&](const Entry& entry) {
        return entry.primary() == self.id && !entry.fills.empty();
    };
    const bool fills = std::ranges::any_of(ring->table, is_filled);
    // Rings that follow each other closely must not keep it from saying what they are made for.
    report_at = fills ? std::min(report_at, now + report_period) : never;
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
    heartbeats.adopt(now, ring->epoch, beaten, ring->members.size());
    links.want(now, dialed);
    links.tick(now);
    link_checks.adopt(now, linked, ring->members.size());
    const bool waits = leaves_it_to_the_first(now);
    if (waits) governor.put_off();
    consider(now, config.settle + (waits ? followers_look_after : Duration{}));
}

// In no ring any more: serves nothing. What it holds is kept only where the ring waits for it.
void Node::State::fall_out(Time now) {
    swim.set_members(now, {self.id});
    heartbeats.adopt(now, ring->epoch, {}, 0);
    link_checks.adopt(now, {}, 0);
    report_at = link_report_at = review_at = beacon_at = leave_at = never;
    majority_missing.look(now, false);
}

// --- telling ---

void Node::State::tell_ring(Time now, Address to, NodeId id, Epoch have) {
    if (!ring || !to) return;
    auto& [epoch, at] = told[id];
    if (epoch == ring->epoch && now < at + tell_again) return;
    if (told.size() > 4096) told.clear();  // strangers; the pause above is only a courtesy
    // Who is not told shows again that it is behind.
    if (send_ring(now, to, id, have)) told[id] = {ring->epoch, now};
}

// To whom is one behind what has changed, to others the whole ring, as far as there is a budget.
// False: it was not sent.
bool Node::State::send_ring(Time now, Address to, NodeId id, Epoch have) {
    if (last_change && next(have) == ring->epoch) {
        send(now, to, id, Decided{*last_change, ring_digest});
        return true;
    }
    if (!ring_budget.take(now, *ring, !ring->is_up(id))) return false;
    send(now, to, id, RingAnswer{ring});
    return true;
}

// Who says that it has none is sent the whole one.
RingRequest Node::State::ring_request() const {
    return {ring && !needs_whole_ring ? ring->epoch : Epoch{}};
}

void Node::State::fetch_ring(Time now, Address from, NodeId id) {
    const Epoch have = ring ? ring->epoch : Epoch{};
    if (fetched_for == have && now < fetched_at + fetch_again && fetched_at != Time::min()) return;
    fetched_at = now;
    fetched_for = have;
    send(now, from, id, ring_request());
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
        if (ring->member_at(address) == nullptr)
            send(now, address, NodeId{}, Beacon{ring->ancestors});
    }
    call_left_behind(now);
}

}  // namespace grapevine
