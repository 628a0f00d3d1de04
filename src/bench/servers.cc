#include "bench/servers.h"

#include <csignal>
#include <memory>
#include <set>
#include <utility>

#include "runtime/process.h"
#include "runtime/socket_address.h"
#include "runtime/system.h"

namespace grapevine::bench {

namespace {

constexpr Duration leave_patience = 60s;
constexpr int joiners_max = 100;
const std::string coordinator_process = "coordinator";

}  // namespace

Result<std::unique_ptr<Servers>> Servers::start(Session& session, const ClusterConfig& config) {
    std::unique_ptr<Servers> servers(new Servers(config));
    auto processes = Processes::begin(session);
    if (!processes) return std::unexpected(processes.error());
    servers->processes_ = *std::move(processes);
    if (config.running.empty()) {
        if (const auto started = servers->start_cluster(); !started) {
            return std::unexpected(started.error());
        }
    }
    return servers;
}

Result<void> Servers::start_cluster() {
    const auto port = free_port();
    if (!port) return std::unexpected(port.error());
    if (*port + config_.nodes + joiners_max > 65535) return start_cluster();
    seeds_ = {on_loopback(*port)};
    next_port_ = static_cast<std::uint16_t>(*port + config_.nodes + 1);
    std::vector<std::string> command = {beside_this_program("coordinator"),
                                        "--port",
                                        std::to_string(*port),
                                        "--rep",
                                        std::to_string(config_.copies),
                                        "--partitions",
                                        std::to_string(config_.partitions),
                                        "--log-dir",
                                        processes_->folder()};
    if (!config_.by_hand) {
        command.insert(command.end(), {"--nodes", std::to_string(config_.nodes)});
    }
    const auto pid = start_process(coordinator_process, std::move(command));
    if (!pid) return std::unexpected(pid.error());
    for (std::size_t i = 0; config_.by_hand && i < config_.nodes; ++i) {
        if (const auto node = add_node(); !node) return std::unexpected(node.error());
    }
    return {};
}

Result<int> Servers::add_node() {
    std::vector<std::string> command = {beside_this_program("kvnode"), "--seed",
                                        to_string(seeds_.front())};
    if (next_port_ != 0)
        command.insert(command.end(), {"--first-port", std::to_string(next_port_)});
    return start_process(fmt::format("joiner{}", ++joined_), std::move(command));
}

Result<int> Servers::start_process(const std::string& name, std::vector<std::string> command) {
    if (!config_.backfill_rate.empty()) {
        command.insert(command.end(), {"--backfill-rate", config_.backfill_rate});
    }
    return processes_->start(name, command);
}

// What joined a cluster that stays holds copies of it, so it leaves first.
Servers::~Servers() {
    if (processes_ != nullptr && !config_.running.empty()) {
        processes_->end_all(SIGTERM, leave_patience);
    }
}

Use use_of(const Servers& servers, const Ring& ring) {
    std::set<int> pids;
    for (const int pid : servers.pids()) pids.insert(pid);
    for (const Member& member : ring.members) {
        if (is_loopback(member.address) && member.pid != 0) {
            pids.insert(static_cast<int>(member.pid));
        }
    }
    return use_of(std::vector(pids.begin(), pids.end()));
}

}  // namespace grapevine::bench
