// Packets: broadcasts of urgent rumors, gossip rounds, what rides on other messages, and the
// exchange of everything.

#include <algorithm>
#include <span>
#include <utility>

#include "swim/state.h"

namespace grapevine {

// Own news: leaves with the next effects, to everybody in reach, and then in rounds.
void Swim::State::announce(Time now, const Rumor& rumor) {
    queue.add(rumor, true);
    if (gossip_at == never) gossip_at = now + config.gossip_period;
}

// Somebody else's news: in the next round, which is now where none is under way.
void Swim::State::pass_on(Time now, const Rumor& rumor) {
    queue.add(rumor, false);
    if (gossip_at == never) gossip_at = now;
}

Rumor Swim::State::own_rumor() const {
    return {.member = self,
            .liveness = Liveness::alive,
            .evidence = Evidence::silence,
            .incarnation = incarnation,
            .observer = self};
}

// What the receiver itself has to know comes first: what is said of it (Lifeguard, Buddy System),
// and that what it said of this node is not so.
void Swim::State::send(NodeId to, SwimMessage message) {
    const bool listed = members.contains(to);
    const auto add = [&](const Rumor& rumor) {
        if (message.rumors.size() < rumors_per_packet_max &&
            std::ranges::count(message.rumors, rumor) == 0) {
            message.rumors.push_back(rumor);
        }
    };
    if (owed.erase(to) > 0) add(own_rumor());
    if (listed) {
        const Rumor believed = members.view(to).belief;
        if (believed.liveness != Liveness::alive) add(believed);
        queue.fill(message.rumors, rumors_per_packet_max);
    }
    effects.datagrams.emplace_back(to, std::move(message));
}

// A member that is alive by its own signs must hear what is believed of it, or it could never
// refute it. Not with every sign: answers come many times a second.
void Swim::State::tell(Time now, NodeId id) {
    WatchedMember& member = members.at(id);
    if (member.belief.liveness == Liveness::alive) return;
    if (member.told != Time{} && now - member.told < config.gossip_period) return;
    member.told = now;
    send(id, {Gossip{}, {}});
}

void Swim::State::gossip_round(Time now) {
    gossip_at = never;
    if (queue.empty()) return;
    const auto receivers = sample(config.helpers, [](NodeId, const WatchedMember& member) {
        return member.belief.liveness != Liveness::dead;
    });
    for (const NodeId to : receivers) send(to, {Gossip{}, {}});
    if (!queue.empty() && !receivers.empty()) gossip_at = now + config.gossip_period;
}

void Swim::State::flush() {
    const std::vector<Rumor> urgent = queue.take_urgent();
    constexpr std::size_t room = rumors_per_packet_max - 2;  // two may be for the receiver alone
    for (const NodeId to : audience(urgent)) {
        for (std::size_t i = 0; i < urgent.size(); i += room) {
            const auto chunk = std::span(urgent).subspan(i, std::min(room, urgent.size() - i));
            send(to, {Gossip{}, {chunk.begin(), chunk.end()}});
        }
    }
    while (!owed.empty()) send(*owed.begin(), {Gossip{}, {}});
}

// Everybody up to urgent_fanout, else that many at random; the accused in any case.
std::set<NodeId> Swim::State::audience(const std::vector<Rumor>& urgent) {
    std::set<NodeId> receivers;
    if (urgent.empty()) return receivers;
    const auto chosen = sample(config.urgent_fanout, [](NodeId, const WatchedMember& member) {
        return member.belief.liveness != Liveness::dead;
    });
    receivers.insert(chosen.begin(), chosen.end());
    for (const Rumor& rumor : urgent) {
        if (rumor.member != self) receivers.insert(rumor.member);
    }
    return receivers;
}

void Swim::State::sync_with_somebody() {
    for (const NodeId to : sample(1, [](NodeId, const WatchedMember&) { return true; })) {
        effects.links.emplace_back(to, SwimSync{true, everything()});
    }
}

// An alive member that never had to refute anything is no news to anybody.
std::vector<Rumor> Swim::State::everything() const {
    std::vector<Rumor> rumors;
    const auto add = [&](const Rumor& rumor) {
        if (rumor.liveness != Liveness::alive || rumor.incarnation) rumors.push_back(rumor);
    };
    add(own_rumor());
    for (const auto& [id, member] : members.known()) add(member.belief);
    return rumors;
}

}  // namespace grapevine
