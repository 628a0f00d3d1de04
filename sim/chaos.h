#pragma once
// Draws faults for a swarm run: what befalls the cluster next, given how it is now.

#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "sim/cluster.h"
#include "sim/fault.h"

namespace grapevine::sim {

struct ChaosConfig {
    Duration gap_max = 2s;  // between two faults
    bool beyond_promise = false;
};

class Chaos {
public:
    using OnFault = std::function<void(const Fault&)>;

    Chaos(Cluster& cluster, const ChaosConfig& config, std::uint64_t seed, OnFault on_fault);

    void start();
    // Ends all faults: heals, resumes, stops losing, and replaces the dead.
    void stop();
    [[nodiscard]] std::size_t faults() const { return faults_; }

private:
    void next();
    void strike();
    void kill();
    void restart();
    void pause();
    void cut();
    void cut_one_way();
    void break_links();
    void lose();

    void apply(Fault fault);
    void end_later(Fault fault, Duration delay);
    [[nodiscard]] bool is_calm() const;
    [[nodiscard]] Names pick(Names from, std::size_t count);
    [[nodiscard]] Names everyone() const;  // the coordinator, where there is one, and all servers
    [[nodiscard]] Names alive() const;
    [[nodiscard]] Names dead() const;
    [[nodiscard]] Duration draw_length();

    Cluster& cluster_;
    World& world_;
    ChaosConfig config_;
    Rng rng_;
    OnFault on_fault_;
    Time started_;
    Time disturbed_until_;  // pauses, cuts and loss go on until then
    std::size_t faults_ = 0;
    bool running_ = false;
};

}  // namespace grapevine::sim
