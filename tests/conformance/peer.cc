#include "conformance/peer.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "base/limits.h"
#include "command/describe.h"
#include "command/execute.h"
#include "command/table.h"

namespace grapevine::conformance {

namespace {

constexpr const char* server_path = "/usr/bin/redis-server";

[[noreturn]] void become_server(const std::string& folder, std::vector<std::string> options) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = open("/dev/null", O_RDWR);
    if (nowhere < 0) _exit(127);
    for (const int descriptor : {0, 1, 2}) dup2(nowhere, descriptor);
    std::vector<std::string> all = {server_path,
                                    "--unixsocket",
                                    folder + "/socket",
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--dir",
                                    folder,
                                    "--proto-max-bulk-len",
                                    std::to_string(value_size_max)};
    std::ranges::move(options, std::back_inserter(all));
    std::vector<char*> arguments;
    for (std::string& argument : all) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    execv(server_path, arguments.data());
    _exit(127);
}

// Throws what it says otherwise, after a while.
template <class Condition>
void wait_until(const Condition& is_so, const char* otherwise) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error(otherwise);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

}  // namespace

std::vector<std::string> Peer::ask_all(const std::vector<std::vector<std::string>>& commands) {
    std::vector<std::string> replies;
    for (const auto& args : commands) replies.push_back(ask(args, Protocol::resp3));
    return replies;
}

Link& Server::link(Protocol protocol) {
    auto& link = protocol == Protocol::resp2 ? resp2_ : resp3_;
    if (link != nullptr) return *link;
    int descriptor = -1;
    wait_until([&] { return (descriptor = connect()) >= 0; }, "nobody listens");
    link = std::make_unique<Link>(descriptor);
    if (protocol == Protocol::resp3) {
        link->send({"HELLO", "3"});
        (void)link->read_reply();
    }
    return *link;
}

std::string Server::ask(const std::vector<std::string>& args, Protocol protocol) {
    Link& to = link(protocol);
    to.send(args);
    std::string reply = to.read_reply();
    // The next command makes a new one.
    if (args[0] == "QUIT") (protocol == Protocol::resp2 ? resp2_ : resp3_).reset();
    return reply;
}

std::vector<std::string> Server::ask_all(const std::vector<std::vector<std::string>>& commands) {
    Link& to = link(Protocol::resp3);
    for (const auto& args : commands) to.send(args);
    std::vector<std::string> replies;
    for (std::size_t i = 0; i < commands.size(); ++i) replies.push_back(to.read_reply());
    return replies;
}

std::unique_ptr<Reference> Reference::start() {
    return start({"--port", "0"});
}

std::unique_ptr<Reference> Reference::start_cluster(std::uint16_t port, std::uint16_t bus_port) {
    auto reference =
        start({"--port", std::to_string(port), "--cluster-port", std::to_string(bus_port), "--bind",
               "127.0.0.1", "--cluster-enabled", "yes"});
    if (reference == nullptr) return nullptr;
    reference->ask({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}, Protocol::resp2);
    wait_until([&] { return reference->serves_all_slots(); }, "no cluster");
    return reference;
}

bool Reference::is_version(const std::string& version) {
    const std::string about = ask({"INFO", "server"}, Protocol::resp2);
    return about.contains("redis_version:" + version + ".");
}

bool Reference::serves_all_slots() {
    return ask({"CLUSTER", "INFO"}, Protocol::resp2).contains("cluster_state:ok");
}

std::unique_ptr<Reference> Reference::start(const std::vector<std::string>& options) {
    if (!std::filesystem::exists(server_path)) return nullptr;
    std::string folder = "/tmp/conformance-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder for the reference");
    const int pid = fork();
    if (pid < 0) throw std::runtime_error("no process for the reference");
    if (pid == 0) become_server(folder, options);
    return std::unique_ptr<Reference>(new Reference(folder, pid));
}

Reference::~Reference() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
}

int Reference::connect() const {
    return connect_to_path(folder_ + "/socket");
}

std::string Executor::ask(const std::vector<std::string>& args, Protocol protocol) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    keys_.set_now_ms(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    command::Command asked;
    asked.args.assign(args.begin(), args.end());
    const auto info = command::check_command(asked.args);
    if (info && (*info)->name.starts_with("command")) {
        command::Reply reply(protocol);
        command::describe_commands(asked.args, reply);
        return reply.take();
    }
    // As it travels.
    command::Program program;
    program.commands.push_back(asked);
    const std::string bytes = command::encode(program);
    const std::uint64_t changes = keys_.changes();
    std::string resp3 = command::execute(command::decode(bytes).value(), keys_);
    // What primaries rely on.
    if (keys_.changes() != changes && (!command::writes(program) || resp3.starts_with('-'))) {
        throw std::runtime_error(args[0] + " changed something and should not");
    }
    if (protocol == Protocol::resp3) return resp3;
    std::string resp2;
    if (!command::append_resp2(resp2, resp3)) throw std::runtime_error("no RESP3: " + resp3);
    return resp2;
}

}  // namespace grapevine::conformance
