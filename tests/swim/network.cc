#include "swim/network.h"

#include <algorithm>

#include "base/assert.h"

namespace grapevine::test {
namespace {

constexpr Duration heartbeat_period = 40ms;
constexpr std::size_t linked_max = 20;

}  // namespace

Network::Network(const NetworkOptions& options) : options_(options), rng_(options.seed) {
    std::vector<NodeId> members;
    for (std::size_t i = 1; i <= options.members; ++i) members.push_back(id(i));
    now_ = time_from_us(1'000'000);
    for (const NodeId member : members) {
        processes_[member].swim =
            std::make_unique<Swim>(options.swim, member, options.seed * 1000 + member.value);
        process(member).swim->set_members(now_, members);
        settle(member);
    }
    if (!options.heartbeats) return;
    for (std::size_t i = 0; i < members.size(); ++i) {
        for (std::size_t j = 1; j < std::min(members.size(), linked_max); ++j) {
            const NodeId from = members[i];
            const NodeId to = members[(i + j) % members.size()];
            schedule(now_ + rng_.between(0ms, heartbeat_period),
                     [this, from, to] { heartbeat(from, to); });
        }
    }
}

void Network::schedule(Time at, std::function<void()> action) {
    events_.push({at, ++scheduled_, std::move(action)});
}

void Network::run_until(Time end) {
    while (!events_.empty() && events_.top().at <= end) {
        // Moved out: top() is const only to protect the order, which pop() restores.
        const Event event = std::move(const_cast<Event&>(events_.top()));
        events_.pop();
        ASSERT(event.at >= now_);
        now_ = event.at;
        event.action();
    }
    now_ = end;
}

bool Network::lost(NodeId from, NodeId to) {
    if (pair_.contains(from) && pair_.contains(to)) return true;
    return side_.contains(from) != side_.contains(to) || rng_.chance(options_.loss_percent, 100);
}

void Network::when_it_runs(NodeId id, std::function<void()> action) {
    Process& target = process(id);
    if (target.crashed) return;
    if (target.paused) {
        target.inbox.push_back(std::move(action));
        return;
    }
    action();
    settle(id);
}

void Network::settle(NodeId id) {
    Process& target = process(id);
    carry_out(id, target.swim->take_effects());
    target.swim->invariants();
    const Time deadline = target.swim->next_deadline();
    if (deadline >= target.wake) return;
    target.wake = deadline;
    schedule(std::max(deadline, now_), [this, id] { wake(id); });
}

void Network::wake(NodeId id) {
    Process& target = process(id);
    if (target.crashed || target.paused) return;
    target.wake = never;
    if (target.swim->next_deadline() <= now_) target.swim->tick(now_);
    settle(id);
}

void Network::carry_out(NodeId id, const SwimEffects& effects) {
    for (const SwimEvent& event : effects.events) observations_.push_back({now_, id, event});
    for (const auto& [to, message] : effects.datagrams) {
        ASSERT(message.rumors.size() <= rumors_per_packet_max, "{} rumors", message.rumors.size());
        ++datagrams_;
        if (!processes_.contains(to) || lost(id, to)) continue;
        schedule(now_ + latency(), [this, id, to, message] {
            when_it_runs(to, [=, this] { process(to).swim->receive(now_, id, message); });
        });
    }
    for (const auto& [to, message] : effects.links) {
        if (side_.contains(id) != side_.contains(to)) continue;
        schedule(now_ + latency(), [this, id, to, message] {
            when_it_runs(to, [=, this] { process(to).swim->receive(now_, id, message); });
        });
    }
}

void Network::inject(std::size_t from, std::size_t to, const SwimMessage& message) {
    when_it_runs(id(to), [=, this] { process(id(to)).swim->receive(now_, id(from), message); });
}

// A paused process sends none, and goes on with its rhythm when it runs again.
void Network::heartbeat(NodeId from, NodeId to) {
    if (process(from).crashed) return;
    schedule(now_ + heartbeat_period, [this, from, to] { heartbeat(from, to); });
    if (!process(from).paused) heartbeat_sent(from, to, std::make_shared<bool>(false));
}

void Network::heartbeat_sent(NodeId from, NodeId to, const std::shared_ptr<bool>& answered) {
    const auto echo = [=, this] {
        if (lost(to, from)) return;
        schedule(now_ + latency(), [=, this] {
            when_it_runs(from, [=, this] {
                *answered = true;
                process(from).swim->heard(now_, to);
            });
        });
    };
    if (!lost(from, to)) schedule(now_ + latency(), [=, this] { when_it_runs(to, echo); });
    schedule(now_ + options_.swim.probe_timeout, [=, this] {
        if (*answered) return;
        when_it_runs(from, [=, this] {
            if (!*answered) process(from).swim->missed(now_, to);
        });
    });
}

void Network::crash(std::size_t number, std::optional<Duration> told) {
    const NodeId dead = id(number);
    process(dead).crashed = true;
    if (!told) return;
    for (auto& [observer, state] : processes_) {
        const NodeId by = observer;
        if (state.crashed) continue;
        schedule(now_ + rng_.between(*told / 2, *told), [=, this] {
            when_it_runs(by, [=, this] { process(by).swim->gone(now_, dead); });
        });
    }
}

void Network::say_gone(std::size_t observer, std::size_t member) {
    when_it_runs(id(observer), [=, this] { process(id(observer)).swim->gone(now_, id(member)); });
}

void Network::pause(std::size_t number) {
    process(id(number)).paused = true;
}

// What arrived is handed in first, then the late tick: the contract of every host.
void Network::resume(std::size_t number) {
    Process& target = process(id(number));
    target.paused = false;
    for (const auto& action : std::exchange(target.inbox, {})) action();
    target.wake = never;
    wake(id(number));
}

std::set<NodeId> Network::ids(const std::set<std::size_t>& numbers) {
    std::set<NodeId> result;
    for (const std::size_t number : numbers) result.insert(id(number));
    return result;
}

bool Network::anyone_sees(std::size_t member, Liveness liveness) const {
    return std::ranges::any_of(processes_, [&](const auto& entry) {
        const auto& [observer, state] = entry;
        return !state.crashed && observer != id(member) &&
               state.swim->liveness(id(member)) == liveness;
    });
}

bool Network::everyone_sees(std::size_t member, Liveness liveness) const {
    return std::ranges::all_of(processes_, [&](const auto& entry) {
        const auto& [observer, state] = entry;
        return state.crashed || observer == id(member) ||
               state.swim->liveness(id(member)) == liveness;
    });
}

bool Network::everyone_sees_all_alive() const {
    for (std::size_t i = 1; i <= processes_.size(); ++i) {
        if (!everyone_sees(i, Liveness::alive)) return false;
    }
    return true;
}

std::size_t Network::count(Liveness liveness) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        observations_, [&](const Observation& seen) { return seen.event.liveness == liveness; }));
}

}  // namespace grapevine::test
