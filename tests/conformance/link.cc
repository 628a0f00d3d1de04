#include "conformance/link.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "command/reply.h"

namespace grapevine::conformance {

namespace {

std::string as_request(const std::vector<std::string>& args) {
    std::string bytes = fmt::format("*{}\r\n", args.size());
    for (const std::string& arg : args) {
        bytes += fmt::format("${}\r\n", arg.size());
        bytes += arg;
        bytes += "\r\n";
    }
    return bytes;
}

template <class Address>
int connect_to(int family, const Address& address) {
    const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return descriptor;
    }
    close(descriptor);
    return -1;
}

}  // namespace

Link::~Link() {
    close(descriptor_);
}

void Link::send(const std::vector<std::string>& args) const {
    const std::string request = as_request(args);
    std::string_view left = request;
    while (!left.empty()) {
        const ssize_t sent = ::send(descriptor_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) throw std::runtime_error("the server hung up");
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string Link::read_reply() {
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
            if (!is_readable(patience)) throw std::runtime_error("the server is silent");
        }
        receive();
    }
}

bool Link::is_readable(std::chrono::milliseconds bound) const {
    pollfd wanted{descriptor_, POLLIN, 0};
    return poll(&wanted, 1, static_cast<int>(bound.count())) == 1;
}

void Link::receive() {
    std::array<char, 64 * 1024> bytes{};
    const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (size <= 0) throw std::runtime_error("the server hung up");
    received_.append(bytes.data(), static_cast<std::size_t>(size));
}

int connect_to_path(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("a path is too long");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return connect_to(AF_UNIX, address);
}

int connect_to_port(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect_to(AF_INET, address);
}

}  // namespace grapevine::conformance
