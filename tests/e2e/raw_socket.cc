#include "e2e/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace grapevine::e2e {

namespace {

int connected_socket(int type, Address address) {
    const int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(address.port);
    there.sin_addr.s_addr = htonl(address.ip);
    if (descriptor < 0 ||
        connect(descriptor, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
        throw std::system_error(errno, std::generic_category(), to_string(address));
    }
    return descriptor;
}

}  // namespace

RawConnection::RawConnection(Address address)
    : descriptor_(connected_socket(SOCK_STREAM, address)) {}

RawConnection::~RawConnection() {
    if (descriptor_ >= 0) close(descriptor_);
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

void RawConnection::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::optional<std::string> RawConnection::read_to_end(Wait bound) const {
    bool ended = false;
    std::string text = receive(std::string::npos, bound, ended);
    return ended ? std::optional(std::move(text)) : std::nullopt;
}

std::string RawConnection::read(std::size_t size, Wait bound) const {
    bool ended = false;
    return receive(size, bound, ended);
}

std::string RawConnection::read_some(Wait bound) const {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, static_cast<int>(bound.count())) <= 0) return {};
    std::string text(256UZ * 1024, '\0');
    const ssize_t came = recv(descriptor_, text.data(), text.size(), 0);
    text.resize(came > 0 ? static_cast<std::size_t>(came) : 0);
    return text;
}

std::string RawConnection::receive(std::size_t size, Wait bound, bool& ended) const {
    std::string text;
    std::array<char, 4096> block{};
    const auto end = std::chrono::steady_clock::now() + bound;
    while (text.size() < size) {
        const auto left = std::chrono::ceil<Wait>(end - std::chrono::steady_clock::now());
        pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
        if (left <= 0ms || poll(&waiting, 1, static_cast<int>(left.count())) == 0) break;
        // A reset is a way to hang up.
        const ssize_t came =
            recv(descriptor_, block.data(), std::min(block.size(), size - text.size()), 0);
        ended = came <= 0;
        if (ended) break;
        text.append(block.data(), static_cast<std::size_t>(came));
    }
    return text;
}

void send_datagram(Address address, std::string_view bytes) {
    const int descriptor = connected_socket(SOCK_DGRAM, address);
    // A refusal that an earlier datagram earned is not of interest.
    (void)::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    close(descriptor);
}

}  // namespace grapevine::e2e
