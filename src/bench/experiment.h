#pragma once
// What all measurements share: a cluster that serves, with the keys in it, and the load on it.

#include <memory>
#include <optional>
#include <string>

#include "bench/generator.h"
#include "bench/phase.h"
#include "bench/ring_watch.h"
#include "bench/servers.h"
#include "bench/session.h"
#include "bench/workload.h"

namespace grapevine::bench {

struct Setting {
    ClusterConfig cluster;
    LoadConfig load;  // its seeds are the cluster's
    Workload workload;
};
// What does not go together, or would not fit into `memory` bytes; empty: all does.
std::string defect_of(const Setting& setting, std::uint64_t memory);

class Experiment {
public:
    // Starts the cluster or finds it, and writes every key.
    static Result<std::unique_ptr<Experiment>> begin(Session& session, const Setting& setting);
    // The same, but whoever calls writes the keys.
    static Result<std::unique_ptr<Experiment>> begin_empty(Session& session,
                                                           const Setting& setting);
    // Ends what was started. Of a cluster that was there before, the keys are deleted.
    ~Experiment();
    Experiment(const Experiment&) = delete;
    Experiment& operator=(const Experiment&) = delete;

    [[nodiscard]] Session& session() { return session_; }
    [[nodiscard]] Servers& servers() { return *servers_; }
    [[nodiscard]] RingWatch& watch() { return *watch_; }

    // A load with no end, mixed as the workload says; `load` is that of the setting, or another,
    // whose seeds are the cluster's too.
    Result<void> begin_load(Duration warm_up) { return begin_load(warm_up, setting_.load); }
    Result<void> begin_load(Duration warm_up, LoadConfig load, Answered answered = {});
    // What is under way is waited for. At a fixed rate it was due in `last`, the phase that ends
    // here, and its latency is told with it: otherwise a stall at the end would go unseen.
    Result<void> end_load(Phase& last);
    // Of the load that was begun.
    [[nodiscard]] Meter meter() { return Meter(*load_, *watch_, *servers_); }
    Result<Phase> measure(Duration span);
    // So many operations, from the first to the last answer.
    Result<Phase> measure_operations(std::uint64_t count, std::uint64_t seed);
    // All that the source has, which is so much.
    Result<Phase> measure_all(Source source, std::uint64_t count, Answered answered = {});

    // Whoever writes more keys than the workload has says so, for them to be deleted too.
    void keys_are(std::uint64_t keys) { setting_.workload.keys = keys; }

    // Also ends where a process has ended that should not have.
    Result<void> wait(Duration bound, const std::string& what,
                      const std::function<bool()>& condition);
    Result<void> wait_until_settled();
    Result<void> wait_until_at_rest();

private:
    Experiment(Session& session, const Setting& setting) : session_(session), setting_(setting) {}
    Result<void> start();
    Result<void> find();
    Result<void> write_keys();
    void delete_keys();

    Session& session_;
    Setting setting_;
    std::unique_ptr<Servers> servers_;
    std::unique_ptr<RingWatch> watch_;
    std::unique_ptr<Generator> load_;
    bool keys_may_be_there_ = false;
};

}  // namespace grapevine::bench
