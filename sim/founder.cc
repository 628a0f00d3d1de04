#include "sim/founder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/ring_words.h"
#include "sim/world.h"

namespace grapevine::sim {

namespace {

// What a hurried one takes: who lives and is reached answers within some milliseconds.
constexpr Duration brief = 300ms;

// Nobody who stores is alive of its members: there is nothing to go on with.
bool is_lost(const World& world, const Ring& ring) {
    return std::ranges::none_of(world.alive(), [&](const NodeHost* host) {
        return host->stores() && ring.member(host->id()) != nullptr;
    });
}

}  // namespace

Founder::Founder(World& world, Address address, std::uint64_t seed)
    : world_(world), address_(address), rng_(seed), inquiry_(world.network(), address) {}

void Founder::say(const std::string& sentence) {
    world_.log().record(world_.now(), {EventKind::log, address_, {}, sentence});
    if (tell_) tell_(sentence);
}

Duration Founder::patience(Duration longest) {
    return is_hurried_ ? brief : rng_.between(20ms, longest);
}

void Founder::call() {
    if (std::exchange(is_busy_, true)) return;
    look();
}

void Founder::again() {
    world_.queue().after(patience(1s), [this] { look(); });
}

// --- looking around ---

void Founder::look() {
    inquiry_.forget();
    const bool misses_one = !is_hurried_ && rng_.chance(1, 5);
    const std::vector<const NodeHost*> alive = world_.alive();
    const std::size_t missed = misses_one ? rng_.below(alive.size() + 1) : alive.size();
    for (std::size_t i = 0; i < alive.size(); ++i) {
        if (i == missed && !named_.contains(alive[i]->id())) continue;
        inquiry_.ask(alive[i]->address(), {StatusRequest{}, RingPoll{}});
    }
    world_.queue().after(patience(500ms), [this] { judge(); });
}

Founder::Seen Founder::seen() const {
    Seen seen;
    for (const auto& [address, answers] : inquiry_.answers()) {
        for (const ServerMessage& answer : answers) {
            if (const auto* status = std::get_if<StatusReply>(&answer)) {
                seen.statuses[status->id] = *status;
            }
            const auto* reply = std::get_if<RingReply>(&answer);
            if (reply == nullptr || reply->ring == nullptr) continue;
            seen.shown[address] = reply->ring;
            if (seen.ring == nullptr || reply->ring->epoch > seen.ring->epoch) {
                seen.ring = reply->ring;
            }
        }
    }
    return seen;
}

void Founder::judge() {
    const Seen now = seen();
    if (now.ring == nullptr) return again();
    if (world_.can_go_on(now.ring->cluster)) return tidy(now);
    found(now);
}

// --- founding ---

bool Founder::misses_somebody(const Seen& seen) const {
    return std::ranges::any_of(world_.alive(), [&](const NodeHost* host) {
        if (!named_.contains(host->id())) return false;
        const auto status = seen.statuses.find(host->id());
        return status == seen.statuses.end() || status->second.cluster != seen.ring->cluster;
    });
}

void Founder::found(const Seen& seen) {
    if (misses_somebody(seen)) return again();
    const ForcePlan plan = plan_force(*seen.ring, seen.statuses);
    if (is_lost(world_, *seen.ring)) {
        is_busy_ = is_needed_ = false;
        return say(fmt::format("gives up: nobody is left of ring {} who stores", seen.ring->epoch));
    }
    if (!plan.refusal.empty()) return again();
    if (!std::exchange(is_needed_, true)) say("finds that the quorum is gone for good");
    world_.throw_away_disk(seen.ring->cluster);
    ask(*seen.ring, plan);
}

void Founder::ask(const Ring& ring, const ForcePlan& plan) {
    inquiry_.forget();
    std::vector<ForceRing> requests(1, {ring.cluster, plan.founding});
    if (!is_hurried_ && rng_.chance(1, 4)) requests.push_back(requests.front());
    for (ForceRing& request : requests) {
        request.founding.ballot.cluster = rng_.draw<ClusterId>();
    }
    std::vector<NodeId> asked = plan.founding.survivors;
    named_.insert(asked.begin(), asked.end());
    rng_.shuffle(asked);
    if (!is_hurried_) asked.resize(1 + rng_.below(asked.size()));
    std::vector<std::string> names;
    for (const NodeId id : asked) {
        names.push_back(world_.name_of(id));
        inquiry_.ask(ring.member(id)->address, {requests[rng_.below(requests.size())]});
    }
    std::vector<std::string> survivors;
    for (const NodeId id : plan.founding.survivors) survivors.push_back(world_.name_of(id));
    say(fmt::format("asks {} to found {} anew from ring {}, of {}", join_names(names),
                    requests.size() == 1 ? "the cluster" : "one of two clusters", ring.epoch,
                    join_names(survivors)));
    if (!is_hurried_ && rng_.chance(1, 6)) {
        world_.queue().after(rng_.between(0us, 30ms),
                             [this, old = ring.cluster] { kill_one(old); });
    }
    world_.queue().after(is_hurried_ ? 2s : patience(6s), [this] { look(); });
}

// Who has not gone over, so that nothing dies with it that was acknowledged in the new cluster.
void Founder::kill_one(ClusterId old) {
    std::vector<std::string> may_die;
    std::size_t holders = 0;
    for (const NodeHost* host : world_.alive()) {
        if (host->ring() == nullptr) continue;
        if (host->ring()->parent() == old) return;
        if (host->ring()->cluster != old || !named_.contains(host->id())) continue;
        may_die.push_back(host->name());
        if (host->stores()) ++holders;
    }
    if (is_hurried_ || holders < 2) return;
    const std::string name = may_die[rng_.below(may_die.size())];
    say(fmt::format("loses {} meanwhile", name));
    Fault kill;
    kill.names = {name};
    world_.apply(kill);
}

// --- afterwards ---

void Founder::tidy(const Seen& seen) {
    bool is_waiting = false;
    std::vector<std::string> ended;
    for (const NodeHost* host : world_.alive()) {
        const RingPtr ring = host->ring();
        if (ring == nullptr || ring->cluster == seen.ring->cluster) continue;
        is_waiting = true;
        if (!host->stores() || seen.ring->member(host->id()) != nullptr) continue;
        // Who shows another ring than its own has heard of an heir. Who is in a cluster that comes
        // from the same as this hears of none, and says nothing.
        const auto shown = seen.shown.find(host->address());
        const bool knows = shown != seen.shown.end() &&
                           (shown->second->cluster != ring->cluster ||
                            find_ancestor(seen.ring->ancestors, ring->cluster) == nullptr);
        if (knows && !host->is_paused()) ended.push_back(host->name());
    }
    if (!is_waiting) {
        is_busy_ = is_needed_ = false;
        say(named_.empty() ? "founds nothing: those that live can go on"
                           : "is done: everybody who lives is in one cluster");
        named_.clear();
        return;
    }
    if (!ended.empty()) {
        say(fmt::format("ends {}, left behind, and starts it anew", join_names(ended)));
        Fault fault;
        fault.names = ended;
        world_.apply(fault);
        fault.kind = FaultKind::restart;
        world_.apply(fault);
    }
    again();
}

}  // namespace grapevine::sim
