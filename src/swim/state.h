#pragma once
// The inside of Swim: what it knows, and its protocol in three files. Nobody but they includes it.
//
//   swim.cc           inputs and outputs, deadlines, stalls, invariants
//   probing.cc        probes, helpers, local health: finding evidence
//   judgement.cc      accusations, suspicions, verdicts, refutation: what is believed
//   dissemination.cc  packets, broadcasts, gossip rounds, full-state exchange

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "swim/probe_cycle.h"
#include "swim/relays.h"
#include "swim/rumor_queue.h"
#include "swim/suspicion.h"
#include "swim/swim.h"
#include "swim/watch_list.h"

namespace grapevine {

// More at a time are not needed to see that much is wrong, and cost more than they tell.
inline constexpr std::size_t probes_max = 64;

enum class ProbeStage : std::uint8_t {
    direct,    // pinged, waiting
    indirect,  // helpers are asked, and it is pinged again and again
    pursuit,   // failed, this node accuses it: told so again and again until it refutes
};

struct Probe {
    std::uint64_t number = 0;  // the same on all its pings and requests
    ProbeStage stage = ProbeStage::direct;
    Time ping_at = never;
    Time until = never;           // end of the stage; pursuit has none
    Time withheld_since = never;  // the accusation is ripe since then, but this node is not well
    std::size_t asked = 0;        // helpers
    std::size_t nacks = 0;
};

struct Swim::State {
    State(const SwimConfig& configuration, NodeId id, std::uint64_t seed);

    // swim.cc
    void set_members(Time now, std::vector<NodeId> ids);
    void tick(Time now);
    [[nodiscard]] Time next_deadline() const;
    // Called first for every input: time in which this loop stood still is no evidence.
    void notice_stall(Time now);
    void invariants() const;
    void note(LogLevel level, std::string text);

    // probing.cc
    void probe_next(Time now);
    void advance_probes(Time now);
    void advance(Time now, NodeId target, Probe& probe);
    // Helpers are asked now, whatever the stage was before.
    void escalate(Time now, NodeId target);
    void begin_indirect(Time now, NodeId target, Probe& probe);
    void fail(Time now, NodeId target, Probe& probe);
    void pursue(Time now, NodeId target);
    void restart_probes(Time now);
    [[nodiscard]] bool withheld(Time now, Probe& probe) const;
    [[nodiscard]] bool failing(NodeId id) const;
    enum class Path : std::uint8_t { direct, indirect };
    void sign_of_life(Time now, NodeId member, Path path);
    void help(Time now, NodeId requester, const PingRequest& request);
    void acked(Time now, NodeId from, const Ack& ack);
    void nacked(Time now, NodeId from, const Nack& nack);
    void nack_due(Time now);
    [[nodiscard]] bool probing(NodeId target, std::uint64_t number) const;
    void worse();
    void better();

    // judgement.cc
    void hear(Time now, NodeId from, const std::vector<Rumor>& rumors);
    void accused_self(Time now, NodeId from, const Rumor& rumor);
    void merge(Time now, const Rumor& rumor);
    // True where it was news.
    bool confirm(const Rumor& rumor, WatchedMember& member);
    void adopt(Time now, const Rumor& rumor, WatchedMember& member);
    void accuse(Time now, NodeId id, Evidence evidence);
    void state_own_accusation(Time now, WatchedMember& member);
    void investigate(Time now, NodeId suspect);
    void decide_if_gone(Time now, NodeId id);
    void decide_due(Time now);
    [[nodiscard]] bool heard_others_during(NodeId suspect) const;
    void declare_dead(Time now, NodeId id);
    [[nodiscard]] Time verdict_at(NodeId id) const;
    void restart_suspicions(Time now);

    // dissemination.cc
    void pass_on(Time now, const Rumor& rumor);
    void announce(Time now, const Rumor& rumor);
    void send(NodeId to, SwimMessage message);
    void tell(Time now, NodeId id);
    void gossip_round(Time now);
    void flush();
    [[nodiscard]] std::set<NodeId> audience(const std::vector<Rumor>& urgent);
    // Up to `count` members that `eligible` admits, in random order.
    template <class Predicate>
    std::vector<NodeId> sample(std::size_t count, Predicate eligible);
    void sync_with_somebody();
    [[nodiscard]] std::vector<Rumor> everything() const;
    [[nodiscard]] Rumor own_rumor() const;

    SwimConfig config;
    NodeId self;
    Rng rng;
    Incarnation incarnation;
    std::uint32_t health = 0;

    WatchList members;                       // without this node
    std::map<NodeId, Suspicion> suspicions;  // of exactly the members believed suspect
    std::map<NodeId, Probe> probes;
    Relays relays;
    ProbeCycle cycle;
    std::uint64_t last_number;

    RumorQueue queue;
    std::set<NodeId> owed;  // they accused this node: the next packet to them refutes it

    Time probe_at = never;
    Time gossip_at = never;
    Time sync_at = never;
    SwimEffects effects;
};

template <class Predicate>
std::vector<NodeId> Swim::State::sample(std::size_t count, Predicate eligible) {
    std::vector<NodeId> chosen;
    // A few of very many: drawn one by one. Where most draws are in vain, look at all.
    const std::size_t draws = members.size() >= count * 4 ? count * 4 : 0;
    for (std::size_t i = 0; i < draws && chosen.size() < count; ++i) {
        const NodeId id = members.ids()[rng.below(members.size())];
        if (std::ranges::count(chosen, id) == 0 && eligible(id, members.view(id))) {
            chosen.push_back(id);
        }
    }
    if (chosen.size() == count) return chosen;
    chosen.clear();
    for (const NodeId id : members.ids()) {
        if (eligible(id, members.view(id))) chosen.push_back(id);
    }
    rng.shuffle(chosen);
    if (chosen.size() > count) chosen.resize(count);
    return chosen;
}

}  // namespace grapevine
