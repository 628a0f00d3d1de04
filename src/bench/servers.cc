#include "bench/servers.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "coordinator/launch.h"
#include "runtime/process.h"
#include "runtime/socket_address.h"
#include "runtime/system.h"
#include "runtime/wait.h"

namespace grapevine::bench {

namespace {

namespace fs = std::filesystem;

constexpr Duration leave_patience = 60s;
constexpr Duration interrupt_patience = 20s;  // the coordinator gives its nodes two of them
constexpr Duration kill_patience = 2s;
constexpr int joiners_max = 100;
constexpr std::uint32_t loopback_ip = 0x7f000001;
const std::string coordinator_process = "coordinator";

Result<std::string> make_folder() {
    std::error_code error;
    std::string name = (fs::temp_directory_path(error) / "grapevine-bench-XXXXXX").string();
    if (error || mkdtemp(name.data()) == nullptr) return fail("no folder for logs could be made");
    return name;
}

}  // namespace

Servers::Servers(Session& session, const ClusterConfig& config)
    : session_(session),
      config_(config),
      seeds_(config.running),
      children_(session.loop(), [this](const std::string& name, int status, int signal) {
          exited(name, status, signal);
      }) {}

Result<std::unique_ptr<Servers>> Servers::start(Session& session, const ClusterConfig& config) {
    std::unique_ptr<Servers> servers(new Servers(session, config));
    auto folder = make_folder();
    if (!folder) return std::unexpected(folder.error());
    servers->folder_ = *std::move(folder);
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
    seeds_ = {Address{.ip = loopback_ip, .port = *port}};
    next_port_ = static_cast<std::uint16_t>(*port + config_.nodes + 1);
    std::vector<std::string> command = {beside_this_program("coordinator"),
                                        "--port",
                                        std::to_string(*port),
                                        "--nodes",
                                        std::to_string(config_.nodes),
                                        "--rep",
                                        std::to_string(config_.copies),
                                        "--partitions",
                                        std::to_string(config_.partitions),
                                        "--log-dir",
                                        folder_};
    const auto pid = start_process(coordinator_process, std::move(command));
    if (!pid) return std::unexpected(pid.error());
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
    auto pid = children_.start(name, command, folder_ + "/" + name + ".log");
    if (pid) running_[name] = {.pid = *pid};
    return pid;
}

void Servers::tell_to_leave(int pid) {
    for (auto& [name, child] : running_) {
        if (child.pid != pid) continue;
        child.told = true;
        children_.signal(name, SIGTERM);
    }
}

bool Servers::ended(int pid) const {
    return std::ranges::none_of(running_,
                                [&](const auto& child) { return child.second.pid == pid; });
}

std::vector<int> Servers::pids() const {
    std::vector<int> pids;
    for (const auto& [name, child] : running_) pids.push_back(child.pid);
    return pids;
}

void Servers::exited(const std::string& name, int status, int signal) {
    const bool as_told = running_.at(name).told && status == 0 && signal == 0;
    running_.erase(name);
    if (as_told || !broken_.empty()) return;
    broken_ = fmt::format("{} {}{}", name, describe_end(status, signal), last_words(name));
}

// The folder does not outlive the run, so its reason is told.
std::string Servers::last_words(const std::string& name) const {
    std::ifstream log(folder_ + "/" + name + ".log");
    std::string last;
    for (std::string line; std::getline(log, line);) {
        if (!line.empty()) last = line;
    }
    return last.empty() ? "" : "; its last words: " + last;
}

void Servers::signal_all(int number) {
    for (auto& [name, child] : running_) {
        child.told = true;
        children_.signal(name, number);
    }
}

// What joined a cluster that stays holds copies of it, so it leaves first.
Servers::~Servers() {
    Loop& loop = session_.loop();
    const auto none_left = [this] { return running_.empty(); };
    bool over = false;
    if (!config_.running.empty()) {
        signal_all(SIGTERM);
        over = run_until(loop, leave_patience, none_left);
    }
    if (!over) {
        signal_all(SIGINT);
        over = run_until(loop, interrupt_patience, none_left);
    }
    if (!over) {
        signal_all(SIGKILL);
        run_until(loop, kill_patience, none_left);
    }
    std::error_code error;
    if (!folder_.empty()) fs::remove_all(folder_, error);
}

Use use_of(const Servers& servers, const Ring& ring) {
    std::set<int> pids;
    for (const int pid : servers.pids()) pids.insert(pid);
    for (const Member& member : ring.members) {
        if (is_loopback(member.address) && member.pid != 0) {
            pids.insert(static_cast<int>(member.pid));
        }
    }
    Use use{.cpu = cpu_of_reaped(), .own_cpu = cpu_of_self()};
    for (const int pid : pids) {
        const auto process = use_of_process(pid);
        if (!process) continue;
        use.cpu += process->cpu;
        use.rss += process->rss;
    }
    return use;
}

}  // namespace grapevine::bench
