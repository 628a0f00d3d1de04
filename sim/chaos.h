#pragma once
// Draws faults for a swarm run: what befalls the cluster next, given how it is now.
//
// Every fault strikes at a moment before everything else that happens then, and is written down
// with it. So a run can be had again from that list alone, without a draw: see `script`.
//
// Within the promise, nodes are killed only in a calm cluster that is whole and that nobody leaves
// (what a fit network loses and delays, see sim/availability.h, disturbs no calm), at most as many
// at once as the ring says it survives. A kill that is aimed at a moment to come is one of them,
// and until it has struck nothing else does. So is one beside members that stand still: these keep
// what they hold. Where they have just begun to, and nobody misses them yet, as many die as
// otherwise; later they count as dead too, because a ring may do without them by then.
//
// In some runs a quorum dies for good, at once or one after the other, whatever else goes on, and
// an operator founds the cluster anew from those that are left (sim/founder.h). Until that is done
// nobody is killed otherwise, and no coordinator comes back that would make the dead a quorum
// again.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "sim/cluster.h"
#include "sim/fault.h"
#include "sim/fault_mix.h"

namespace grapevine::sim {

struct ChaosConfig {
    Duration gap_max = 2s;  // between two faults
    bool beyond_promise = false;
    bool accepts_loss = false;  // an operator may give up what is down
    bool lasting = false;  // at times what is drawn lasts for 8 to 20 s, or is as slow as can be
    FaultMix mix = FaultMix::all();
    // After start(): a quorum dies for good then, or some time later.
    std::optional<Duration> disaster_at{};
    // Instead of draws: exactly these, each at its time after start().
    std::optional<std::vector<Fault>> script{};
};

class Chaos {
public:
    using OnFault = std::function<void(const Fault&)>;

    Chaos(Cluster& cluster, ChaosConfig config, std::uint64_t seed, OnFault on_fault);

    void start();
    // Ends all faults, and replaces the dead where `revive` says so. Takes a microsecond; not to be
    // called by an event.
    void stop(bool revive = true);

    [[nodiscard]] std::size_t faults() const { return faults_; }
    // Between start() and stop(), in order: what a script needs to do the same again.
    [[nodiscard]] const std::vector<Fault>& applied() const { return applied_; }

private:
    struct Draw {
        FaultClass of;
        std::uint32_t weight;  // how often, beside the others
        void (Chaos::*strike)();
    };
    static const std::vector<Draw>& draws();

    void next();
    void strike();
    // --- chaos_disaster.cc ---
    void look_for_disaster(Duration later);
    void begin_disaster();
    void kill_more(bool at_once);
    void call_operator();
    [[nodiscard]] bool is_disaster_possible() const;
    [[nodiscard]] std::optional<Names> who_has_to_die();
    [[nodiscard]] bool would_revive_quorum() const;
    [[nodiscard]] bool is_quorum_gone(const Names& without = {}) const;
    void end_disaster(const std::function<void(Fault)>& end);
    // --- chaos_draws.cc ---
    void kill();
    void restart();
    void bring_back(Names names, Duration later);
    void kill_and_restart();
    void pause_and_kill();
    void leave();
    void join();
    void accept_loss();
    void aim();
    void pause();
    void slow_down();
    void drift();
    void set_wall_clocks();
    void fill_up();
    void cut();
    void cut_one_way();
    void cut_partly();
    void flap();
    void clog();
    void hang();
    void mute();
    void break_links();
    void refuse();
    void lose();
    void lose_bursts();
    void delay();
    void duplicate();
    void corrupt();
    void kill_client();
    void echo();

    // At the next moment.
    void apply(Fault fault);
    void apply_after(Duration delay, Fault fault);
    void carry_out(Fault fault);
    // Something else follows in its place then.
    void apply_for(const Fault& fault, Duration span, const Fault& end);
    // Of one and another, or all others, at times one way only.
    void obstruct_one(FaultKind both, FaultKind one_way);
    void obstruct(FaultKind kind, std::vector<std::pair<std::string, std::string>> pairs,
                  Duration span = {});
    [[nodiscard]] std::size_t may_die() const;
    [[nodiscard]] bool is_calm() const;
    // Somebody is to die at a moment to come.
    [[nodiscard]] bool awaits_kill() const { return world_.aimed() > 0 || world_.now() < kill_at_; }
    [[nodiscard]] bool has_coordinator() const;
    [[nodiscard]] Names pick(Names from, std::size_t count);
    [[nodiscard]] Names everyone() const;  // the coordinator, where there is one, and all servers
    [[nodiscard]] Names alive() const;
    [[nodiscard]] Names dead() const;
    [[nodiscard]] Names clients() const;  // who work
    [[nodiscard]] Names ends();           // of links: everyone, at times the clients too
    // Everything that is sent fares worse for a while, as in `then`. A fit network disturbs
    // nothing.
    void spoil(const Fault& fault, const Fault& end, const NetworkConfig& then);
    [[nodiscard]] Duration draw_length();

    Cluster& cluster_;
    World& world_;
    ChaosConfig config_;
    Rng rng_;
    OnFault on_fault_;
    Time started_;
    Time disturbed_until_;  // what was begun goes on until then
    Time kill_at_;          // of the last kill that was put off
    std::vector<Fault> applied_;
    std::size_t faults_ = 0;
    bool running_ = false;
};

}  // namespace grapevine::sim
