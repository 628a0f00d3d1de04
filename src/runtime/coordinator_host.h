#pragma once
// The coordinator as a process: a Node without a store, the processes that it launches, and what it
// tells the person who started it. Which processes and when: coordinator/launch.h.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/launch.h"
#include "node/node.h"
#include "runtime/ask.h"
#include "runtime/children.h"
#include "runtime/farewell.h"
#include "runtime/logger.h"
#include "runtime/loop.h"
#include "runtime/node_host.h"
#include "runtime/vault.h"

namespace grapevine {

struct CoordinatorConfig {
    LaunchConfig launch;
    std::string log_folder;
    // Starts a node, without its name and its port: program and arguments.
    std::vector<std::string> node_command;
    std::unique_ptr<Vault> vault{};  // null: a process that is started again is another voter
};

class CoordinatorHost {
public:
    CoordinatorHost(Loop& loop, std::unique_ptr<Endpoint> endpoint, const NodeConfig& node,
                    CoordinatorConfig config, Logger& log);

    // Runs the loop until everything that was launched has ended after a signal, a client's stop,
    // a launch that failed, because it founded nothing (occupied_by()), or because its promises
    // could not be saved. False for the last three.
    bool run();
    // A member of a cluster that lives and knows this address, so that no other was founded.
    [[nodiscard]] std::optional<Address> occupied_by() const { return occupied_by_; }

private:
    // How many partitions each member says that it serves, asked until it is all of them.
    struct Survey {
        std::vector<std::unique_ptr<Ask>> asks;
        std::size_t left = 0;
        std::uint32_t serving = 0;
    };

    void ring_changed(const RingPtr& ring);
    void carry_out();
    bool save(const SavedState& state);
    // All nodes that it knows of have ended: an operator stopped them all, or they were launched
    // here. Their memory was all that there was, so promises about it are of no use.
    [[nodiscard]] bool has_ended_cluster() const;
    void forget();
    void start(const std::string& name);
    void say_formed();
    void print_nodes() const;
    void look_whether_ready();
    void answered(const Result<ServerMessage>& answer);
    void stop();
    void interrupted();
    // After a signal: whoever was not launched here runs on, and a person has to know.
    void launched_have_ended();
    [[nodiscard]] Farewell::View farewell_view() const;
    void tell_who_stays();
    [[nodiscard]] std::vector<const Member*> others() const;

    Loop& loop_;
    CoordinatorConfig config_;
    Logger& log_;
    Address address_;
    Launch launch_;
    Children children_;
    RingPtr ring_;
    std::set<Address> launched_at_;  // where members listened that were launched here
    Survey survey_;
    Epoch resumed_;  // the ring that it went on with after it had ended; zero: it is new
    bool ready_ = false;
    bool unsaved_ = false;
    bool stopped_by_client_ = false;  // client --stop, which tells all members
    bool interrupted_before_ = false;
    bool is_hurried_ = false;  // interrupted for the second time
    std::optional<Address> occupied_by_;
    NodeHost node_;
    Turn turn_;
    std::optional<Alarm> survey_alarm_;  // until ready
    std::optional<Farewell> farewell_;   // all that was launched has ended
    Time not_ready_said_at_ = never;     // when it is next said that it is not; never: not formed
    SignalWatch interrupted_;
    SignalWatch terminated_;
};

}  // namespace grapevine
