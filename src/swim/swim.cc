#include "swim/swim.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "swim/precedence.h"
#include "swim/state.h"

namespace grapevine {

Swim::State::State(const SwimConfig& configuration, NodeId id, std::uint64_t seed)
    : config(configuration), self(id), rng(seed), last_number(rng.next() >> 16) {
    ASSERT(self);
    ASSERT(config.probe_timeout > 0ms && config.period > config.probe_timeout);
    ASSERT(config.suspicion_min <= config.suspicion_max);
    ASSERT(config.gossip_period > 0ms && config.sync_period > 0ms && config.stall > 0ms);
    ASSERT(config.retransmit > 0 && config.helpers > 0 && config.urgent_fanout > 0);
}

void Swim::State::note(LogLevel level, std::string text) {
    effects.log.push_back({level, std::move(text)});
}

void Swim::State::set_members(Time now, std::vector<NodeId> ids) {
    if (!std::ranges::is_sorted(ids)) std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const auto own = std::ranges::lower_bound(ids, self);
    if (own != ids.end() && *own == self) ids.erase(own);

    const WatchList::Changes changes = members.set(now, std::move(ids));
    for (const NodeId id : changes.gone) {
        queue.forget(id);
        suspicions.erase(id);
        probes.erase(id);
    }
    cycle.change(changes.gone, changes.come, rng);
    queue.set_limit(RumorQueue::send_limit(config.retransmit, members.size()));
    if (members.empty()) {
        probe_at = gossip_at = sync_at = never;
    } else if (probe_at == never) {
        // A random phase, so that a cluster that starts at once does not probe in step.
        probe_at = now + rng.between(0ms, config.period);
        sync_at = now + rng.between(config.sync_period / 2, config.sync_period);
    }
}

void Swim::State::notice_stall(Time now) {
    if (next_deadline() >= now - config.stall) return;
    worse();
    note(LogLevel::debug, "own loop stalled, probes and ripe suspicions start again");
    restart_probes(now);
    restart_suspicions(now);
    relays.postpone(now);
    for (Time* deadline : {&probe_at, &gossip_at, &sync_at}) *deadline = std::max(*deadline, now);
}

void Swim::State::tick(Time now) {
    notice_stall(now);
    advance_probes(now);
    if (now >= probe_at) probe_next(now);
    nack_due(now);
    decide_due(now);
    if (now >= sync_at) {
        sync_with_somebody();
        sync_at = now + config.sync_period;
    }
    if (now >= gossip_at) gossip_round(now);
}

Time Swim::State::next_deadline() const {
    Time earliest = std::min({probe_at, gossip_at, sync_at, relays.next_deadline()});
    for (const auto& [target, probe] : probes) {
        earliest = std::min({earliest, probe.ping_at, probe.until});
    }
    for (const auto& [id, suspicion] : suspicions) earliest = std::min(earliest, verdict_at(id));
    return earliest;
}

void Swim::State::invariants() const {
    ASSERT(!members.contains(self));
    ASSERT(cycle.size() == members.size(), "{} in the cycle, {} members", cycle.size(),
           members.size());
    ASSERT(health <= config.health_max && probes.size() <= probes_max);
    std::size_t suspects = 0;
    auto listed = members.ids().begin();
    for (const auto& [id, member] : members.known()) {
        listed = std::find(listed, members.ids().end(), id);  // both ascend
        ASSERT(listed != members.ids().end() && member.belief.member == id &&
                   well_formed(member.belief),
               "member {}", id);
        const bool suspect = member.belief.liveness == Liveness::suspect;
        ASSERT(!suspect || suspicions.contains(id), "member {}", id);
        ASSERT(suspect || !member.accused, "member {}", id);
        ASSERT(member.heard <= member.sign, "member {}", id);
        if (suspect) ++suspects;
    }
    ASSERT(suspicions.size() == suspects, "{} suspicions of {}", suspicions.size(), suspects);
    for (const auto& [id, probe] : probes) {
        ASSERT(members.contains(id) && members.view(id).belief.liveness != Liveness::dead,
               "member {}", id);
        const bool accused = members.view(id).accused.has_value();
        ASSERT((probe.stage == ProbeStage::pursuit) == accused, "member {}", id);
        ASSERT((probe.until == never) == accused, "member {}", id);
    }
    queue.invariants();
}

Swim::Swim(const SwimConfig& config, NodeId self, std::uint64_t seed)
    : state_(std::make_unique<State>(config, self, seed)) {}
Swim::~Swim() = default;
Swim::Swim(Swim&&) noexcept = default;
Swim& Swim::operator=(Swim&&) noexcept = default;

void Swim::set_members(Time now, std::vector<NodeId> members) {
    state_->notice_stall(now);
    state_->set_members(now, std::move(members));
}

void Swim::receive(Time now, NodeId from, const SwimMessage& message) {
    State& state = *state_;
    if (from == state.self) return;
    state.notice_stall(now);
    state.hear(now, from, message.rumors);
    const auto handle = [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, Ping>) {
            state.send(from, {Ack{body.number, state.self}, {}});
        } else if constexpr (std::is_same_v<Body, PingRequest>) {
            state.help(now, from, body);
        } else if constexpr (std::is_same_v<Body, Ack>) {
            state.acked(now, from, body);
        } else if constexpr (std::is_same_v<Body, Nack>) {
            state.nacked(now, from, body);
        }
    };
    std::visit(handle, message.body);
    // A member held dead that talks has to learn what is said, or it could not refute it.
    if (liveness(from) == Liveness::dead) state.tell(now, from);
}

void Swim::receive(Time now, NodeId from, const SwimSync& message) {
    if (!state_->members.contains(from)) return;
    state_->notice_stall(now);
    state_->hear(now, from, message.rumors);
    if (message.request) {
        state_->effects.links.emplace_back(from, SwimSync{false, state_->everything()});
    }
}

void Swim::heard(Time now, NodeId member) {
    state_->notice_stall(now);
    if (!state_->members.contains(member)) return;
    state_->sign_of_life(now, member, State::Path::direct);
}

void Swim::missed(Time now, NodeId member) {
    state_->notice_stall(now);
    if (!state_->members.contains(member)) return;
    // Something that was asked later has been answered.
    if (now - state_->members.view(member).sign < state_->config.probe_timeout) return;
    state_->escalate(now, member);
}

void Swim::gone(Time now, NodeId member) {
    state_->notice_stall(now);
    if (state_->members.contains(member)) state_->accuse(now, member, Evidence::gone);
}

void Swim::tick(Time now) {
    state_->tick(now);
}

SwimEffects Swim::take_effects() {
    state_->flush();
    return std::exchange(state_->effects, {});
}

Time Swim::next_deadline() const {
    return state_->next_deadline();
}

Liveness Swim::liveness(NodeId member) const {
    return state_->members.contains(member) ? state_->members.view(member).belief.liveness
                                            : Liveness::alive;
}

Time Swim::last_heard(NodeId member) const {
    return state_->members.contains(member) ? state_->members.view(member).heard : Time{};
}

std::vector<NodeId> Swim::dead() const {
    std::vector<NodeId> ids;
    for (const auto& [id, member] : state_->members.known()) {
        if (member.belief.liveness == Liveness::dead) ids.push_back(id);
    }
    return ids;
}

std::uint32_t Swim::local_health() const {
    return state_->health;
}

void Swim::invariants() const {
    state_->invariants();
}

}  // namespace grapevine
