#include "sim/chaos.h"

#include <algorithm>
#include <utility>

#include "ring/ring.h"

namespace grapevine::sim {

Chaos::Chaos(Cluster& cluster, const ChaosConfig& config, std::uint64_t seed, OnFault on_fault)
    : cluster_(cluster),
      world_(cluster.world()),
      config_(config),
      rng_(seed),
      on_fault_(std::move(on_fault)) {}

void Chaos::start() {
    running_ = true;
    started_ = world_.now();
    next();
}

void Chaos::next() {
    world_.queue().after(rng_.between(1ms, config_.gap_max), [this] {
        if (!running_) return;
        strike();
        next();
    });
}

void Chaos::strike() {
    switch (rng_.below(10)) {
        case 0:
        case 1:
        case 2:
            return kill();
        case 3:
        case 4:
            return restart();
        case 5:
            return pause();
        case 6:
            return cut();
        case 7:
            return cut_one_way();
        case 8:
            return break_links();
        default:
            return lose();
    }
}

void Chaos::stop() {
    running_ = false;
    disturbed_until_ = Time{};
    apply({.kind = FaultKind::heal});
    apply({.kind = FaultKind::loss, .percent = 0});
    Names paused;
    for (const NodeHost* host : world_.alive()) {
        if (host->is_paused()) paused.push_back(host->name());
    }
    if (!paused.empty()) apply({.kind = FaultKind::resume, .names = paused});
    if (!dead().empty()) apply({.kind = FaultKind::restart, .names = dead()});
}

void Chaos::apply(Fault fault) {
    fault.at = world_.now() - started_;
    ++faults_;
    on_fault_(fault);
    world_.apply(fault);
}

void Chaos::end_later(Fault fault, Duration delay) {
    disturbed_until_ = std::max(disturbed_until_, world_.now() + delay);
    world_.queue().after(delay, [this, fault = std::move(fault)] {
        if (running_) apply(fault);
    });
}

// Nothing else goes on: every member is there, and every partition has its copies.
bool Chaos::is_calm() const {
    const bool all_run = std::ranges::all_of(
        world_.alive(), [](const NodeHost* host) { return host->is_running(); });
    return all_run && world_.now() > disturbed_until_ + 500ms && cluster_.is_restored();
}

void Chaos::kill() {
    if (config_.beyond_promise) {
        apply({.kind = FaultKind::kill, .names = pick(alive(), 1 + rng_.below(3))});
        return;
    }
    if (!is_calm()) return;
    const std::size_t survived = deaths_survived(*world_.newest_ring());
    if (survived == 0) return;
    const NodeHost* coordinator = world_.node(coordinator_name);
    const bool has_coordinator = coordinator != nullptr && coordinator->is_alive();
    // deaths_survived() counts on the coordinator, so it dies alone.
    if (has_coordinator && rng_.chance(1, 5)) {
        apply({.kind = FaultKind::kill, .names = {coordinator_name}});
        return;
    }
    apply({.kind = FaultKind::kill, .names = pick(cluster_.running(), 1 + rng_.below(survived))});
}

void Chaos::restart() {
    const Names names = dead();
    if (names.empty()) return;
    apply({.kind = FaultKind::restart, .names = pick(names, 1 + rng_.below(names.size()))});
}

// As often some milliseconds as some seconds.
Duration Chaos::draw_length() {
    const Duration longest = Duration{1000LL << rng_.below(13)};
    return rng_.between(1ms, longest + 1ms);
}

void Chaos::pause() {
    const Names names = pick(alive(), 1);
    apply({.kind = FaultKind::pause, .names = names});
    end_later({.kind = FaultKind::resume, .names = names}, draw_length());
}

void Chaos::cut() {
    Names all = everyone();
    if (all.size() < 2) return;
    rng_.shuffle(all);
    const std::size_t here = 1 + rng_.below(std::max<std::size_t>(all.size() / 2, 1));
    const std::size_t there = rng_.chance(1, 2) ? all.size() - here : 1;
    Fault cut{.kind = FaultKind::cut};
    for (std::size_t a = 0; a < here; ++a) {
        for (std::size_t b = here; b < here + there; ++b) cut.pairs.emplace_back(all[a], all[b]);
    }
    apply(cut);
    end_later({.kind = FaultKind::heal, .pairs = cut.pairs}, draw_length());
}

void Chaos::cut_one_way() {
    const Names pair = pick(everyone(), 2);
    if (pair.size() < 2) return;
    apply({.kind = FaultKind::cut_one_way, .pairs = {{pair[0], pair[1]}}});
    end_later({.kind = FaultKind::heal, .pairs = {{pair[0], pair[1]}}}, draw_length());
}

void Chaos::break_links() {
    const Names pair = pick(everyone(), 2);
    if (pair.size() < 2) return;
    apply({.kind = FaultKind::break_links, .pairs = {{pair[0], pair[1]}}});
}

void Chaos::lose() {
    apply({.kind = FaultKind::loss, .percent = static_cast<std::uint32_t>(rng_.below(60))});
    end_later({.kind = FaultKind::loss, .percent = 0}, draw_length());
}

Names Chaos::pick(Names from, std::size_t count) {
    rng_.shuffle(from);
    from.resize(std::min(from.size(), count));
    std::ranges::sort(from);
    return from;
}

Names Chaos::everyone() const {
    Names names;
    if (world_.config().coordinator) names.push_back(coordinator_name);
    for (std::size_t i = 1; i <= world_.config().nodes; ++i) names.push_back(server_name(i));
    return names;
}

Names Chaos::alive() const {
    Names names;
    for (const NodeHost* host : world_.alive()) names.push_back(host->name());
    return names;
}

Names Chaos::dead() const {
    Names names = everyone();
    std::erase_if(names, [this](const std::string& name) {
        const NodeHost* host = world_.node(name);
        return host == nullptr || host->is_alive();
    });
    return names;
}

}  // namespace grapevine::sim
