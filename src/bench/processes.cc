#include "bench/processes.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "coordinator/launch.h"
#include "runtime/system.h"
#include "runtime/wait.h"

namespace grapevine::bench {

namespace {

namespace fs = std::filesystem;

constexpr Duration interrupt_patience = 20s;  // a coordinator gives its nodes two of them
constexpr Duration kill_patience = 2s;

Result<std::string> make_temporary_folder() {
    std::error_code error;
    std::string name = (fs::temp_directory_path(error) / "grapevine-bench-XXXXXX").string();
    if (error || mkdtemp(name.data()) == nullptr) return fail("no folder for logs could be made");
    return name;
}

}  // namespace

Processes::Processes(Session& session)
    : session_(session),
      children_(
          session.loop(),
          [this](const std::string& name, int status, int signal) { exited(name, status, signal); },
          // Also a run that is killed leaves nothing running: a coordinator that is
          // interrupted ends its nodes.
          SIGINT) {}

Result<std::unique_ptr<Processes>> Processes::begin(Session& session) {
    std::unique_ptr<Processes> processes(new Processes(session));
    auto folder = make_temporary_folder();
    if (!folder) return std::unexpected(folder.error());
    processes->folder_ = *std::move(folder);
    return processes;
}

Result<std::string> Processes::make_folder(const std::string& name) {
    std::error_code error;
    const fs::path path = fs::path(folder_) / name;
    if (!fs::create_directory(path, error)) return fail("{} could not be made", path.string());
    return path.string();
}

Result<int> Processes::start(const std::string& name, const std::vector<std::string>& command) {
    auto pid = children_.start(name, command, folder_ + "/" + name + ".log");
    if (pid) running_[name] = {.pid = *pid};
    return pid;
}

void Processes::tell_to_end(int pid) {
    const std::string name = name_of(pid);
    if (name.empty()) return;  // ended meanwhile, which broken() tells
    running_.at(name).told = true;
    children_.signal(name, SIGTERM);
}

void Processes::kill(int pid) {
    const std::string name = name_of(pid);
    if (name.empty()) return;  // likewise
    running_.at(name).killed = true;
    children_.signal(name, SIGKILL);
}

bool Processes::end_all(int signal, Duration patience) {
    for (auto& [name, child] : running_) {
        child.told = true;
        children_.signal(name, signal);
    }
    return run_until(session_.loop(), patience, [this] { return running_.empty(); });
}

bool Processes::ended(int pid) const {
    return name_of(pid).empty();
}

std::string Processes::name_of(int pid) const {
    for (const auto& [name, child] : running_) {
        if (child.pid == pid) return name;
    }
    return {};
}

std::vector<int> Processes::pids() const {
    std::vector<int> pids;
    for (const auto& [name, child] : running_) pids.push_back(child.pid);
    return pids;
}

void Processes::exited(const std::string& name, int status, int signal) {
    const Child& child = running_.at(name);
    const bool as_told =
        (child.told && status == 0 && signal == 0) || (child.killed && signal == SIGKILL);
    running_.erase(name);
    if (as_told || !broken_.empty()) return;
    broken_ = fmt::format("{} {}{}", name, describe_end(status, signal), last_words(name));
}

// The folder does not outlive the run, so its reason is told.
std::string Processes::last_words(const std::string& name) const {
    std::ifstream log(folder_ + "/" + name + ".log");
    std::string last;
    for (std::string line; std::getline(log, line);) {
        if (!line.empty()) last = line;
    }
    return last.empty() ? "" : "; its last words: " + last;
}

Processes::~Processes() {
    if (!end_all(SIGINT, interrupt_patience)) end_all(SIGKILL, kill_patience);
    std::error_code error;
    if (!folder_.empty()) fs::remove_all(folder_, error);
}

Use use_of(const std::vector<int>& pids) {
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
