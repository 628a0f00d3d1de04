// A quorum that dies for good, and the operator who is called then.
#include <algorithm>
#include <set>
#include <utility>

#include "sim/chaos.h"

namespace grapevine::sim {

namespace {

constexpr Duration ask_again = 200ms;  // whether it is the time for a disaster

}  // namespace

void Chaos::look_for_disaster(Duration later) {
    world_.queue().after(later, [this] {
        if (!running_) return;
        if (is_disaster_possible()) return begin_disaster();
        look_for_disaster(ask_again);
    });
}

// Somebody has to be left who stores, in the only cluster that there is.
bool Chaos::is_disaster_possible() const {
    if (world_.founder().is_busy() || awaits_kill()) return false;
    const RingPtr ring = world_.newest_ring();
    if (ring == nullptr || !ring->genesis) return false;
    std::size_t holders = 0;
    for (const NodeHost* host : world_.alive()) {
        if (host->ring() == nullptr) continue;
        if (host->ring()->cluster != ring->cluster) return false;
        if (host->stores() && ring->is_up(host->id())) ++holders;
    }
    return holders >= 2 && world_.can_go_on(ring->cluster);
}

bool Chaos::is_quorum_gone(const Names& without) const {
    const RingPtr ring = world_.newest_ring();
    return ring != nullptr && !world_.can_go_on(ring->cluster, {without.begin(), without.end()});
}

bool Chaos::would_revive_quorum() const {
    if (!config_.disaster_at || !is_quorum_gone()) return false;
    return world_.can_go_on(world_.newest_ring()->cluster, {}, true);
}

// Drawn, as many as it takes and at times some more, but for one member that stores. Nothing:
// whoever dies, those that are left go on. The coordinator is often among the last.
std::optional<Names> Chaos::who_has_to_die() {
    const RingPtr ring = world_.newest_ring();
    Names living;
    std::set<std::string> holders;
    for (const NodeHost* host : world_.alive()) {
        if (host->ring() == nullptr) continue;
        living.push_back(host->name());
        if (host->stores() && ring->is_up(host->id())) holders.insert(host->name());
    }
    rng_.shuffle(living);
    if (rng_.chance(1, 2)) {
        std::ranges::stable_partition(
            living, [](const std::string& name) { return name != coordinator_name; });
    }
    Names dying;
    for (const std::string& name : living) {
        if (is_quorum_gone(dying) && !rng_.chance(1, 4)) break;
        if (holders.size() == 1 && holders.contains(name)) continue;
        holders.erase(name);
        dying.push_back(name);
    }
    if (!is_quorum_gone(dying)) return std::nullopt;
    return dying;
}

void Chaos::begin_disaster() {
    kill_more(rng_.chance(1, 2));
}

// One after the other: rings may be agreed on between, so that it takes other deaths than was seen
// at first. Those that are left may even go on alone; then there is nothing to be founded.
void Chaos::kill_more(bool at_once) {
    if (is_quorum_gone()) return call_operator();
    std::optional<Names> dying = who_has_to_die();
    if (!dying) return;
    if (!at_once) dying->resize(1);
    std::ranges::sort(*dying);
    apply({.kind = FaultKind::kill, .names = *dying});
    const Duration gap = at_once ? 1ms : rng_.between(1ms, Duration{2000LL << rng_.below(8)});
    disturbed_until_ = std::max(disturbed_until_, world_.now() + gap);
    world_.queue().after(gap, [this, at_once] {
        if (running_) kill_more(at_once);
    });
}

// At once, or when they have missed each other for some time. Another disaster may follow.
void Chaos::call_operator() {
    const Duration later = rng_.chance(1, 4) ? Duration{} : rng_.between(Duration{}, 3s);
    apply_after(later + 1us, {.kind = FaultKind::force});
    if (rng_.chance(1, 3)) look_for_disaster(later + rng_.between(5s, 20s));
}

// The faults end before anybody has called the operator: that is for how the world is to say, since
// no list tells it.
void Chaos::end_disaster(const std::function<void(Fault)>& end) {
    if (world_.founder().is_busy() || !is_quorum_gone()) return;
    end({.kind = FaultKind::force});
}

}  // namespace grapevine::sim
