// What is believed: accusations, suspicions, verdicts and refutations.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "swim/precedence.h"
#include "swim/state.h"

namespace grapevine {
namespace {

const char* word(Evidence evidence) {
    return evidence == Evidence::gone ? "its process is gone" : "it does not answer";
}

}  // namespace

// Who is not in the list accuses nobody: an evicted member's opinions must not outlive it. What it
// says about this node is answered all the same, since its list may be the newer one.
void Swim::State::hear(Time now, NodeId from, const std::vector<Rumor>& rumors) {
    for (const Rumor& rumor : rumors) {
        if (!well_formed(rumor)) continue;
        if (rumor.member == self) {
            if (rumor.liveness != Liveness::alive) accused_self(now, from, rumor);
        } else if (members.contains(from) && members.contains(rumor.member) &&
                   rumor.observer != self && members.contains(rumor.observer)) {
            merge(now, rumor);
        }
    }
}

// Refutes at once and to everybody. An accusation that was refuted before comes from somebody who
// has not heard so yet: it is enough to tell that one.
void Swim::State::accused_self(Time now, NodeId from, const Rumor& rumor) {
    owed.insert(from);
    if (rumor.incarnation < incarnation) return;
    incarnation = Incarnation{rumor.incarnation.value + 1};
    worse();
    note(LogLevel::info,
         fmt::format("refuted that this node is {}, incarnation {}",
                     rumor.liveness == Liveness::dead ? "dead" : "suspect", incarnation));
    announce(now, own_rumor());
}

void Swim::State::merge(Time now, const Rumor& rumor) {
    WatchedMember& member = members.at(rumor.member);
    if (supersedes(rumor, member.belief)) {
        adopt(now, rumor, member);
        // Found against an older incarnation and not refuted since: it stands against this one.
        if (member.accused) state_own_accusation(now, member);
    } else if (rumor.liveness != Liveness::suspect || rank(rumor) != rank(member.belief) ||
               !confirm(rumor, member)) {
        return;
    }
    pass_on(now, rumor);
    if (rumor.liveness != Liveness::suspect) return;
    if (!member.accused) investigate(now, rumor.member);
    decide_if_gone(now, rumor.member);
}

bool Swim::State::confirm(const Rumor& rumor, WatchedMember& member) {
    if (!suspicions.at(rumor.member).confirm(rumor.observer, rumor.evidence)) return false;
    if (rumor.evidence == Evidence::gone) member.belief = rumor;
    return true;
}

void Swim::State::adopt(Time now, const Rumor& rumor, WatchedMember& member) {
    const Liveness before = std::exchange(member.belief, rumor).liveness;
    suspicions.erase(rumor.member);
    if (rumor.liveness == Liveness::suspect) {
        const SuspicionLimits limits{config.suspicion_min, config.suspicion_max,
                                     config.confirmations};
        suspicions.emplace(rumor.member, Suspicion(limits, now))
            .first->second.confirm(rumor.observer, rumor.evidence);
    } else {
        member.accused.reset();
        probes.erase(rumor.member);
    }
    if (rumor.liveness == before) return;
    effects.events.push_back({rumor.member, rumor.liveness, rumor.evidence});
    // The news is told by whoever takes the event, under the member's name; this is how it came.
    if (rumor.liveness == Liveness::alive) {
        note(LogLevel::debug,
             fmt::format("member {} refuted, incarnation {}", rumor.member, rumor.incarnation));
    } else {
        note(LogLevel::debug, fmt::format("member {} is {}: {}, says {}", rumor.member,
                                          rumor.liveness == Liveness::dead ? "dead" : "suspect",
                                          word(rumor.evidence), rumor.observer));
    }
}

void Swim::State::accuse(Time now, NodeId id, Evidence evidence) {
    WatchedMember& member = members.at(id);
    if (member.belief.liveness == Liveness::dead || member.accused == Evidence::gone ||
        member.accused == evidence) {
        return;
    }
    member.accused = evidence;
    state_own_accusation(now, member);
    pursue(now, id);
    decide_if_gone(now, id);
}

void Swim::State::state_own_accusation(Time now, WatchedMember& member) {
    const Rumor rumor{.member = member.belief.member,
                      .liveness = Liveness::suspect,
                      .evidence = *member.accused,
                      .incarnation = member.belief.incarnation,
                      .observer = self};
    if (member.belief.liveness == Liveness::alive) {
        adopt(now, rumor, member);
    } else {
        confirm(rumor, member);
    }
    announce(now, rumor);
}

// Somebody else's suspicion: does this node find the same? Its probe carries the suspicion (Buddy
// System), and its failure is the independent confirmation. All do so where all hear of it at once,
// about as many in a larger cluster.
void Swim::State::investigate(Time now, NodeId suspect) {
    if (rng.chance(config.urgent_fanout, std::max(members.size(), config.urgent_fanout))) {
        escalate(now, suspect);
    }
}

// This node and another found its process gone: nothing to wait for. Where there is no other in the
// list, the suspicion runs its time.
void Swim::State::decide_if_gone(Time now, NodeId id) {
    const auto suspicion = suspicions.find(id);
    if (suspicion == suspicions.end() || members.view(id).accused != Evidence::gone) return;
    if (suspicion->second.gone_for_other_than(self)) declare_dead(now, id);
}

void Swim::State::decide_due(Time now) {
    std::vector<NodeId> due;
    for (const auto& [id, suspicion] : suspicions) {
        if (now >= verdict_at(id)) due.push_back(id);
    }
    for (const NodeId id : due) {
        if (members.view(id).accused == Evidence::gone || heard_others_during(id)) {
            declare_dead(now, id);
        } else {
            suspicions.at(id).restart(now);
        }
    }
}

// Who heard nobody since the suspicion began is cut off rather than right. Beside a single other
// member there is nobody else to hear.
bool Swim::State::heard_others_during(NodeId suspect) const {
    const Time started = suspicions.at(suspect).started();
    return members.size() == 1 || std::ranges::any_of(members.known(), [&](const auto& entry) {
               return entry.first != suspect && entry.second.sign > started;
           });
}

// Only who found evidence itself passes the verdict, and not before the member was silent for as
// long as it takes from the beginning of silence. Everybody else believes the verdict.
Time Swim::State::verdict_at(NodeId id) const {
    const WatchedMember member = members.view(id);
    if (!member.accused) return never;
    return suspicions.at(id).expiry(member.sign + config.suspect_after);
}

void Swim::State::declare_dead(Time now, NodeId id) {
    WatchedMember& member = members.at(id);
    Rumor rumor = member.belief;
    rumor.liveness = Liveness::dead;
    rumor.observer = self;
    adopt(now, rumor, member);
    announce(now, rumor);
}

// A verdict that this node would have passed while nothing could reach it, or is about to pass
// before what it missed can be said again.
void Swim::State::restart_suspicions(Time now) {
    for (auto& [id, suspicion] : suspicions) {
        if (verdict_at(id) <= now + config.probe_timeout) suspicion.restart(now);
    }
}

}  // namespace grapevine
