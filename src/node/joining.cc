// Getting into a ring, and out of it.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "node/state.h"

namespace grapevine {

namespace {

// Until the last request to be let in is void with every voter, though it was long under way.
constexpr Duration join_forgotten_after = 2 * news_age_max;

}  // namespace

// --- getting in ---

void Node::State::ask_again(Time now) {
    readmission.evicted(now, ring->member(self.id) != nullptr);
    const Duration away = readmission.away();
    log(LogLevel::warning,
        away == Duration{}
            ? "this node was evicted; asking to be let in again"
            : fmt::format("this node was evicted; it asks to be let in again when it has heard a "
                          "majority for {} s without a break",
                          away / 1s));
    join_at = now;
}

// Whether it has been away for long enough, and its line is good by now.
bool Node::State::may_ask(Time now, const JoinLinks& reached) const {
    const Time from = readmission.asks_from();
    if (reached.awaited || from == Time::min()) return true;
    return now > from && ring->votes_of(heartbeats.heard_since(from)) >= ring->majority();
}

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
    readmission.look(now, reached.majority_heard);
    if (reached.enough && !may_ask(now, reached)) return;
    const Member asking = joiner();
    look_for_obstacle(now, asking);
    for (const Voter& voter : ring->voters) {
        const Member* member = ring->member(voter.id);
        if (reached.enough) {
            send(now, voter.id, JoinRequest{asking, ring->epoch});
            asked_at = now;
        } else {
            send(now, member->address, voter.id, ring_request());
        }
    }
    // The members known here may all be gone; the seeds may know better.
    for (const Address seed : config.seeds) send(now, seed, NodeId{}, ring_request());
}

// Links to all that this node would link to: whoever cannot be reached would be accused as soon as
// this node is in. And datagrams both ways with a majority, without which it has no lease and would
// be put out. Who holds what a partition waits for is needed more than that: a majority that can
// admit it is enough.
Node::State::JoinLinks Node::State::link_before_joining(Time now) {
    std::set<Address> wanted;
    std::set<NodeId> checked;
    const std::set<NodeId> heard = heartbeats.heard_since(now - config.link_silence);
    JoinLinks found;
    for (const Member& member : ring->members) {
        if (!member.is_up() || member.address == self.address) continue;
        const std::uint32_t has = ring->votes_of(member.id);
        if (ring->members.size() > config.full_mesh_max && has == 0) continue;
        wanted.insert(member.address);
        checked.insert(member.id);
        const bool up = links.is_up(member.address) && link_checks.answered(member.id);
        if (!up) found.missing.push_back(member.id);
        if (!heard.contains(member.id)) found.unheard.push_back(member.id);
        found.votes += up ? has : 0;
    }
    links.want(now, wanted);
    links.tick(now);
    link_checks.adopt(now, checked, ring->members.size());
    link_checks.tick(now);
    heartbeats.adopt(now, ring->epoch, checked, ring->members.size());
    heartbeats.tick(now);
    found.awaited = ring->member(self.id) != nullptr;
    found.majority_heard = ring->votes_of(heard) >= ring->majority();
    found.enough = found.majority_heard &&
                   (found.missing.empty() || (found.awaited && found.votes >= ring->majority()));
    return found;
}

void Node::State::look_for_joiners_links(Time now, const JoinLinks& reached) {
    if (!join_links_missing.look(now, !reached.enough)) return;
    std::string text = "not admitted: no answer ";
    if (reached.missing.empty()) {
        text += fmt::format("to datagrams from {}; they go to the same ports, by UDP",
                            names_of(reached.unheard));
    } else {
        text += "from " + names_of(reached.missing);
    }
    text += "; still trying";
    if (reached.votes < ring->majority()) {
        const bool one_stores = std::ranges::any_of(ring->members, [&](const Member& member) {
            const bool is_missing =
                std::ranges::find(reached.missing, member.id) != reached.missing.end();
            const bool is_here = member.address == self.address;  // one before this process
            return member.is_up() && member.stores() && !is_missing && !is_here;
        });
        text += one_stores
                    ? ". A cluster that has lost its majority for good is founded anew by client "
                      "--force-ring"
                    : ". Nothing can be founded anew either, while no node that stores answers "
                      "that is in the ring: what this node holds is older";
    }
    log(LogLevel::warning, text);
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

// --- getting out ---

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

// It may have been the only one that knew of the ring without it, and the only voter of the one
// before. It ends when the others can go on without it.
void Node::State::look_who_is_in(const Envelope& envelope) {
    if (envelope.epoch < ring->epoch) return;
    in_without_us.insert(envelope.from);
    if (ring->votes_of(in_without_us) < ring->majority()) return;
    leave_at = never;
    effects.left = true;
}

}  // namespace grapevine
