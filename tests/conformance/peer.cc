#include "conformance/peer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "base/limits.h"
#include "command/describe.h"
#include "command/execute.h"
#include "command/table.h"

namespace grapevine::conformance {

namespace {

constexpr auto patience = std::chrono::seconds(30);
constexpr const char* server_path = "/usr/bin/redis-server";

std::string as_request(const std::vector<std::string>& args) {
    std::string bytes = fmt::format("*{}\r\n", args.size());
    for (const std::string& arg : args) {
        bytes += fmt::format("${}\r\n", arg.size());
        bytes += arg;
        bytes += "\r\n";
    }
    return bytes;
}

int connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("a path is too long");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return descriptor;
    }
    close(descriptor);
    return -1;
}

[[noreturn]] void become_server(const std::string& folder) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = open("/dev/null", O_RDWR);
    for (const int descriptor : {0, 1, 2}) dup2(nowhere, descriptor);
    const std::string socket_path = folder + "/socket";
    const std::string value_size = std::to_string(value_size_max);
    execl(server_path, server_path, "--port", "0", "--unixsocket", socket_path.c_str(), "--save",
          "", "--appendonly", "no", "--dir", folder.c_str(), "--proto-max-bulk-len",
          value_size.c_str(), nullptr);
    _exit(127);
}

}  // namespace

class Reference::Connection {
public:
    explicit Connection(int descriptor) : descriptor_(descriptor) {}
    ~Connection() { close(descriptor_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void send_all(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) throw std::runtime_error("the reference hung up");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    std::string read_reply() {
        // Large replies are looked at again when a half more is there, or nothing comes any more.
        std::size_t look_at = 1;
        while (true) {
            if (received_.size() >= look_at || !is_readable(std::chrono::milliseconds(0))) {
                if (const auto size = command::reply_size(received_)) {
                    std::string reply = received_.substr(0, *size);
                    received_.erase(0, *size);
                    return reply;
                }
                look_at = received_.size() + received_.size() / 2 + 1;
                if (!is_readable(patience)) throw std::runtime_error("the reference is silent");
            }
            receive();
        }
    }

private:
    [[nodiscard]] bool is_readable(std::chrono::milliseconds bound) const {
        pollfd wanted{descriptor_, POLLIN, 0};
        return poll(&wanted, 1, static_cast<int>(bound.count())) == 1;
    }

    void receive() {
        std::array<char, 64 * 1024> bytes{};
        const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), 0);
        if (size <= 0) throw std::runtime_error("the reference hung up");
        received_.append(bytes.data(), static_cast<std::size_t>(size));
    }

    int descriptor_;
    std::string received_;
};

std::unique_ptr<Reference> Reference::start() {
    if (!std::filesystem::exists(server_path)) return nullptr;
    std::string folder = "/tmp/conformance-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder for the reference");
    const int pid = fork();
    if (pid < 0) throw std::runtime_error("no process for the reference");
    if (pid == 0) become_server(folder);
    return std::unique_ptr<Reference>(new Reference(folder, pid));
}

Reference::Reference(std::string folder, int pid) : folder_(std::move(folder)), pid_(pid) {}

Reference::~Reference() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
}

Reference::Connection& Reference::connection(Protocol protocol) {
    auto& connection = protocol == Protocol::resp2 ? resp2_ : resp3_;
    if (connection != nullptr) return *connection;
    const auto give_up = std::chrono::steady_clock::now() + patience;
    int descriptor = connect_to(folder_ + "/socket");
    while (descriptor < 0) {
        if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("no reference");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        descriptor = connect_to(folder_ + "/socket");
    }
    connection = std::make_unique<Connection>(descriptor);
    if (protocol == Protocol::resp3) {
        connection->send_all(as_request({"HELLO", "3"}));
        (void)connection->read_reply();
    }
    return *connection;
}

std::string Reference::ask(const std::vector<std::string>& args, Protocol protocol) {
    Connection& to = connection(protocol);
    to.send_all(as_request(args));
    return to.read_reply();
}

std::vector<std::string> Reference::ask_all(const std::vector<std::vector<std::string>>& commands) {
    Connection& to = connection(Protocol::resp3);
    std::string bytes;
    for (const auto& args : commands) bytes += as_request(args);
    to.send_all(bytes);
    std::vector<std::string> replies;
    for (std::size_t i = 0; i < commands.size(); ++i) replies.push_back(to.read_reply());
    return replies;
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
    const std::string resp3 = command::execute(command::decode(bytes).value(), keys_);
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
