#include "sim/chaos.h"

#include <algorithm>
#include <utility>

namespace grapevine::sim {

Chaos::Chaos(Cluster& cluster, ChaosConfig config, std::uint64_t seed, OnFault on_fault)
    : cluster_(cluster),
      world_(cluster.world()),
      config_(std::move(config)),
      rng_(seed),
      on_fault_(std::move(on_fault)) {}

void Chaos::start() {
    running_ = true;
    started_ = world_.now();
    if (!config_.script) {
        if (config_.disaster_at) look_for_disaster(*config_.disaster_at);
        return next();
    }
    for (const Fault& fault : *config_.script) {
        const Time at = std::max(started_ + fault.at, world_.now() + 1us);
        world_.queue().first_at(at, [this, fault] {
            if (running_) carry_out(fault);
        });
    }
}

void Chaos::next() {
    const bool strikes =
        std::ranges::any_of(draws(), [this](const Draw& draw) { return config_.mix.has(draw.of); });
    if (!strikes) return;
    world_.queue().after(rng_.between(1ms, config_.gap_max), [this] {
        if (!running_) return;
        strike();
        next();
    });
}

void Chaos::strike() {
    if (!config_.beyond_promise && awaits_kill()) return;
    std::uint64_t total = 0;
    for (const Draw& draw : draws()) {
        if (config_.mix.has(draw.of)) total += draw.weight;
    }
    std::uint64_t drawn = rng_.below(total);
    for (const Draw& draw : draws()) {
        if (!config_.mix.has(draw.of)) continue;
        if (drawn < draw.weight) return (this->*draw.strike)();
        drawn -= draw.weight;
    }
}

// What ends everything follows from how the world is, so no script needs to tell it.
void Chaos::stop(bool revive) {
    running_ = false;
    disturbed_until_ = kill_at_ = Time{};
    const Time at = world_.now() + 1us;
    world_.queue().first_at(at, [this, at, revive] {
        const auto end = [this, at](Fault fault) {
            fault.at = at - started_;
            ++faults_;
            on_fault_(fault);
            world_.apply(fault);
        };
        end({.kind = FaultKind::calm});
        if (config_.disaster_at) end_disaster(end);
        if (revive && !dead().empty()) end({.kind = FaultKind::restart, .names = dead()});
    });
    world_.run_until(at);
}

void Chaos::apply(Fault fault) {
    apply_after(1us, std::move(fault));
}

namespace {

bool needs_names(FaultKind kind) {
    switch (kind) {
        case FaultKind::kill:
        case FaultKind::restart:
        case FaultKind::back:
        case FaultKind::leave:
        case FaultKind::join:
        case FaultKind::pause:
        case FaultKind::resume:
        case FaultKind::slow:
        case FaultKind::drift:
        case FaultKind::full:
        case FaultKind::roomy:
        case FaultKind::wall:
            return true;
        default:
            return false;
    }
}

}  // namespace

void Chaos::apply_after(Duration delay, Fault fault) {
    if (needs_names(fault.kind) && fault.names.empty()) return;  // nobody is left
    const Time at = world_.now() + delay;
    fault.at = at - started_;
    world_.queue().first_at(at, [this, fault = std::move(fault)] {
        if (running_) carry_out(fault);
    });
}

void Chaos::carry_out(Fault fault) {
    ++faults_;
    on_fault_(fault);
    world_.apply(fault);
    applied_.push_back(std::move(fault));
}

void Chaos::apply_for(const Fault& fault, Duration span, const Fault& end) {
    apply(fault);
    disturbed_until_ = std::max(disturbed_until_, world_.now() + span);
    apply_after(span + 1us, end);
}

// Nothing else goes on: every member is there, and every partition has its copies.
bool Chaos::is_calm() const {
    const bool all_run = std::ranges::all_of(
        world_.alive(), [](const NodeHost* host) { return host->is_running(); });
    const bool nobody_leaves = std::ranges::none_of(world_.alive(), &NodeHost::is_leaving);
    return all_run && nobody_leaves && !awaits_kill() && world_.now() > disturbed_until_ + 500ms &&
           cluster_.is_restored();
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
    const Names servers = world_.servers();
    names.insert(names.end(), servers.begin(), servers.end());
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

Names Chaos::clients() const {
    Names names;
    for (const ClientHost* client : world_.clients()) {
        if (client->name() != watching_client) names.push_back(client->name());
    }
    return names;
}

Names Chaos::ends() {
    Names names = everyone();
    if (!rng_.chance(1, 4)) return names;
    const Names others = clients();
    names.insert(names.end(), others.begin(), others.end());
    return names;
}

bool Chaos::has_coordinator() const {
    const NodeHost* coordinator = world_.node(coordinator_name);
    return coordinator != nullptr && coordinator->is_alive();
}

}  // namespace grapevine::sim
