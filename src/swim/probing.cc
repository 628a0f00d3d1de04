// Finding evidence: probes, helping others with theirs, and judging one's own health by them.

#include <algorithm>

#include "swim/state.h"

namespace grapevine {
namespace {

// A helper gives up at four fifths of the requester's time-out (Lifeguard, LHA-Probe).
constexpr Duration nack_after(Duration probe_timeout) {
    return probe_timeout * 4 / 5;
}

// Once a direct ping was lost the next ones follow faster: three within a time-out make a false
// accusation at 20 % loss rare, and cost nothing while all is well.
constexpr Duration repeat_after(Duration probe_timeout) {
    return probe_timeout / 3;
}

// A member that answered within this many periods counts as one that this node can hear.
constexpr int hearing_periods = 5;

}  // namespace

void Swim::State::probe_next(Time now) {
    probe_at = now + config.period;
    std::optional<NodeId> target = cycle.next(rng);
    // Those under probe need no turn; the others must not miss theirs.
    for (std::size_t i = 0; i < probes.size() && probes.contains(*target); ++i) {
        target = cycle.next(rng);
    }
    if (!target || probes.contains(*target)) return;
    const WatchedMember& member = members.at(*target);
    if (member.belief.liveness == Liveness::alive && now - member.heard < config.period &&
        member.heard != Time{}) {
        better();
        return;
    }
    const std::uint64_t number = ++last_number;
    send(*target, {Ping{number}, {}});
    // A dead one is only told of it: partitions that held each other dead find together again.
    if (member.belief.liveness == Liveness::dead || probes.size() >= probes_max) return;
    probes.emplace(*target, Probe{.number = number, .until = now + config.probe_timeout});
}

void Swim::State::advance_probes(Time now) {
    std::vector<NodeId> due;
    for (const auto& [target, probe] : probes) {
        if (now >= std::min(probe.ping_at, probe.until)) due.push_back(target);
    }
    for (const NodeId target : due) {
        const auto probe = probes.find(target);
        if (probe != probes.end()) advance(now, target, probe->second);
    }
}

void Swim::State::advance(Time now, NodeId target, Probe& probe) {
    if (now >= probe.until && probe.stage == ProbeStage::direct) {
        begin_indirect(now, target, probe);
    } else if (now >= probe.until) {
        fail(now, target, probe);
    }
    if (now < probe.ping_at) return;
    probe.ping_at = now + repeat_after(config.probe_timeout);
    send(target, {Ping{probe.number}, {}});
}

void Swim::State::escalate(Time now, NodeId target) {
    auto found = probes.find(target);
    if (found == probes.end()) {
        if (probes.size() >= probes_max || members.at(target).belief.liveness == Liveness::dead) {
            return;
        }
        found = probes.emplace(target, Probe{.number = ++last_number}).first;
    } else if (found->second.stage != ProbeStage::direct) {
        return;
    }
    begin_indirect(now, target, found->second);
    advance(now, target, found->second);
}

void Swim::State::begin_indirect(Time now, NodeId target, Probe& probe) {
    probe.stage = ProbeStage::indirect;
    probe.ping_at = now;
    // Lifeguard, LHA-Probe: who is not well is patient. Only the verdict waits, not the pings.
    probe.until = now + config.probe_timeout * (health + 1);
    const auto helpers = sample(config.helpers, [&](NodeId id, const WatchedMember& member) {
        return id != target && member.belief.liveness == Liveness::alive && !failing(id);
    });
    probe.asked = helpers.size();
    for (const NodeId helper : helpers) send(helper, {PingRequest{probe.number, target}, {}});
}

void Swim::State::fail(Time now, NodeId target, Probe& probe) {
    const Time silent_enough = members.view(target).sign + config.suspect_after;
    if (now < silent_enough) {
        probe.until = silent_enough;
        return;
    }
    // Helpers that are well answer, with a Nack if need be. Where most do not, the fault is here.
    // As in memberlist a failed probe says nothing about this node's own health otherwise.
    if (probe.withheld_since == never && probe.nacks * 2 < probe.asked) worse();
    if (withheld(now, probe)) {
        probe.until = now + repeat_after(config.probe_timeout);
    } else {
        accuse(now, target, Evidence::silence);
    }
}

bool Swim::State::failing(NodeId id) const {
    const auto probe = probes.find(id);
    return probe != probes.end() && probe->second.stage != ProbeStage::direct &&
           members.view(id).accused != Evidence::gone;
}

// Whom to trust more, oneself or all those that seem silent? Who hears nobody knows nothing of the
// others. Who hears fewer than it does not hear waits as long as a suspicion lasts, then speaks:
// most may really have failed at once, and those who are left must be able to say so. Beside a
// single other member there is nothing to compare with.
bool Swim::State::withheld(Time now, Probe& probe) const {
    if (members.size() < 2) return false;
    std::size_t silent = 0;
    std::size_t answering = 0;
    if (now - members.others_since() < hearing_periods * config.period) {
        answering = members.size() - members.known().size();
    }
    for (const auto& [id, member] : members.known()) {
        if (member.belief.liveness == Liveness::dead || member.accused == Evidence::gone) continue;
        if (failing(id)) {
            ++silent;
        } else if (now - member.sign < hearing_periods * config.period) {
            ++answering;
        }
    }
    if (silent <= answering) return false;
    if (probe.withheld_since == never) probe.withheld_since = now;
    return answering == 0 || now - probe.withheld_since < config.suspicion_max;
}

void Swim::State::pursue(Time now, NodeId target) {
    if (!probes.contains(target) && probes.size() >= probes_max) return;
    const auto [probe, added] = probes.try_emplace(target, Probe{});
    if (added) probe->second.number = ++last_number;
    probe->second.stage = ProbeStage::pursuit;
    probe->second.ping_at =
        std::min(probe->second.ping_at, now + repeat_after(config.probe_timeout));
    probe->second.until = never;
}

void Swim::State::restart_probes(Time now) {
    for (auto& [target, probe] : probes) {
        if (probe.ping_at != never || probe.stage == ProbeStage::direct) probe.ping_at = now;
        if (probe.until != never) probe.until = now + config.probe_timeout * (health + 1);
        probe.withheld_since = never;
    }
}

void Swim::State::sign_of_life(Time now, NodeId id, Path path) {
    WatchedMember& member = members.at(id);
    member.sign = now;
    if (path == Path::direct) {
        member.heard = now;
        // It was not gone, as far as this node can tell, but may have been silent before.
        if (member.accused == Evidence::gone) member.accused = Evidence::silence;
    }
    const auto probe = probes.find(id);
    if (probe != probes.end() && probe->second.stage != ProbeStage::pursuit) {
        probes.erase(probe);
        better();
    }
    tell(now, id);
}

bool Swim::State::probing(NodeId target, std::uint64_t number) const {
    const auto probe = probes.find(target);
    return probe != probes.end() && probe->second.number == number;
}

void Swim::State::help(Time now, NodeId requester, const PingRequest& request) {
    if (!members.contains(requester) || !members.contains(request.target)) return;
    const Relay relay{.requester = requester,
                      .number = request.number,
                      .target = request.target,
                      .nack_at = now + nack_after(config.probe_timeout)};
    if (!relays.add(++last_number, relay)) return;
    send(request.target, {Ping{last_number}, {}});
}

// Only answers to what is still being asked count, so that a late one keeps nobody alive.
void Swim::State::acked(Time now, NodeId from, const Ack& ack) {
    if (from != ack.member) {
        if (probing(ack.member, ack.number)) sign_of_life(now, ack.member, Path::indirect);
        return;
    }
    const std::optional<Relay> relay = relays.answered(ack.number, from);
    if (relay) send(relay->requester, {Ack{relay->number, from}, {}});
    if (members.contains(from) && (relay || probing(from, ack.number))) {
        sign_of_life(now, from, Path::direct);
    }
}

void Swim::State::nacked(Time now, NodeId from, const Nack& nack) {
    const auto asked = [&](const auto& entry) { return entry.second.number == nack.number; };
    const auto probe = std::ranges::find_if(probes, asked);
    if (probe == probes.end() || !members.contains(from)) return;
    ++probe->second.nacks;
    sign_of_life(now, from, Path::direct);
}

void Swim::State::nack_due(Time now) {
    for (const Relay& relay : relays.take_due(now)) {
        send(relay.requester, {Nack{relay.number}, {}});
    }
}

void Swim::State::worse() {
    health = std::min(health + 1, config.health_max);
}

void Swim::State::better() {
    if (health > 0) --health;
}

}  // namespace grapevine
