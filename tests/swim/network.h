#pragma once
// A small world of failure detectors in virtual time: datagrams with latency and loss, links that
// are reliable, processes that crash, pause or go on. One seed draws everything.
//
//   Network network({.members = 5, .seed = 7});
//   network.run_for(2s);
//   network.crash(3);
//
// Members are numbered from 1. With heartbeats on, a member sends one to its next 19 neighbours
// each 40 ms, as it would for its leases: what they tell the detector are heard() and missed().

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "swim/swim.h"

namespace grapevine::test {

struct NetworkOptions {
    std::size_t members = 5;
    std::uint64_t seed = 1;
    bool heartbeats = true;
    std::uint64_t loss_percent = 0;  // of every datagram, each way
    SwimConfig swim = {};
    Duration latency_min = 100us;
    Duration latency_max = 500us;
};

struct Observation {
    Time at;
    NodeId observer;
    SwimEvent event;
};

class Network {
public:
    explicit Network(const NetworkOptions& options);

    void run_until(Time end);
    void run_for(Duration span) { run_until(now_ + span); }
    [[nodiscard]] Time now() const { return now_; }

    // The process ends; with `told`, whoever still has a link to it sees that end and is refused
    // when it dials again, within about `told`.
    void crash(std::size_t number, std::optional<Duration> told = std::nullopt);
    // One observer alone believes so.
    void say_gone(std::size_t observer, std::size_t member);
    // Nothing runs; what arrives waits.
    void pause(std::size_t number);
    void resume(std::size_t number);
    // Datagrams between the members of the set and all others are lost.
    void cut(const std::set<std::size_t>& side) { side_ = ids(side); }
    // Those between these two, and no others.
    void cut_between(std::size_t one, std::size_t other) { pair_ = ids({one, other}); }
    void heal() {
        side_.clear();
        pair_.clear();
    }
    void set_loss_percent(std::uint64_t percent) { options_.loss_percent = percent; }
    // Delivered as it is, past all delays and losses.
    void inject(std::size_t from, std::size_t to, const SwimMessage& message);

    [[nodiscard]] Swim& at(std::size_t number) { return *process(id(number)).swim; }
    [[nodiscard]] static NodeId id(std::size_t number) { return NodeId{number * 1000}; }

    // Among the members that run.
    [[nodiscard]] bool anyone_sees(std::size_t member, Liveness liveness) const;
    [[nodiscard]] bool everyone_sees(std::size_t member, Liveness liveness) const;
    [[nodiscard]] bool everyone_sees_all_alive() const;

    [[nodiscard]] const std::vector<Observation>& observations() const { return observations_; }
    [[nodiscard]] std::size_t count(Liveness liveness) const;
    [[nodiscard]] std::size_t datagrams() const { return datagrams_; }

private:
    struct Process {
        std::unique_ptr<Swim> swim;
        bool crashed = false;
        bool paused = false;
        std::vector<std::function<void()>> inbox;  // while paused
        Time wake = never;                         // the tick that is under way
    };
    struct Event {
        Time at;
        std::uint64_t order;
        std::function<void()> action;
        bool operator<(const Event& other) const {
            return std::pair(at, order) > std::pair(other.at, other.order);
        }
    };

    static std::set<NodeId> ids(const std::set<std::size_t>& numbers);
    Process& process(NodeId id) { return processes_.at(id); }
    void schedule(Time at, std::function<void()> action);
    [[nodiscard]] Duration latency() {
        return rng_.between(options_.latency_min, options_.latency_max);
    }
    [[nodiscard]] bool lost(NodeId from, NodeId to);
    // Runs now, after the pause, or never.
    void when_it_runs(NodeId id, std::function<void()> action);
    // Takes the effects and arranges the next tick.
    void settle(NodeId id);
    void wake(NodeId id);
    void carry_out(NodeId id, const SwimEffects& effects);

    void heartbeat(NodeId from, NodeId to);
    void heartbeat_sent(NodeId from, NodeId to, const std::shared_ptr<bool>& answered);

    NetworkOptions options_;
    Rng rng_;
    Time now_{};
    std::uint64_t scheduled_ = 0;
    std::priority_queue<Event> events_;
    std::map<NodeId, Process> processes_;
    std::set<NodeId> side_;
    std::set<NodeId> pair_;
    std::vector<Observation> observations_;
    std::size_t datagrams_ = 0;
};

}  // namespace grapevine::test
