#pragma once
// The processes that a run starts: a coordinator with its nodes on free ports of loopback, where no
// cluster was named, and nodes that join later. All are ended with their owner.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "bench/processes.h"
#include "bench/ring_watch.h"
#include "bench/session.h"

namespace grapevine::bench {

struct ClusterConfig {
    std::vector<Address> running;  // of a cluster that is there; empty: one is started
    std::size_t nodes = 7;
    unsigned copies = 3;
    unsigned partitions = 1024;
    bool by_hand = false;       // nodes are started one by one, so that they can be killed
    std::string backfill_rate;  // as kvnode takes it, of all that is started; empty: no bound
};

class Servers {
public:
    // Returns when the processes are started; the ring tells when they serve.
    static Result<std::unique_ptr<Servers>> start(Session& session, const ClusterConfig& config);
    ~Servers();
    Servers(const Servers&) = delete;
    Servers& operator=(const Servers&) = delete;

    [[nodiscard]] const std::vector<Address>& seeds() const { return seeds_; }

    // A node that joins the cluster: its pid.
    Result<int> add_node();
    // It is told to leave: what it holds moves first, then its process ends.
    void tell_to_leave(int pid) { processes_->tell_to_end(pid); }
    // SIGKILL for a node that was started here, by hand.
    void kill(int pid) { processes_->kill(pid); }
    [[nodiscard]] bool ended(int pid) const { return processes_->ended(pid); }

    // As Processes::broken.
    [[nodiscard]] const std::string& broken() const { return processes_->broken(); }
    [[nodiscard]] std::vector<int> pids() const { return processes_->pids(); }

private:
    explicit Servers(const ClusterConfig& config) : config_(config), seeds_(config.running) {}
    Result<void> start_cluster();
    Result<int> start_process(const std::string& name, std::vector<std::string> command);

    ClusterConfig config_;
    std::vector<Address> seeds_;
    std::uint16_t next_port_ = 0;  // where the search of a node for its port begins; 0: its own
    unsigned joined_ = 0;
    std::unique_ptr<Processes> processes_;
};

// Of the members of a ring that are processes of this machine, and of what was started here.
Use use_of(const Servers& servers, const Ring& ring);

}  // namespace grapevine::bench
