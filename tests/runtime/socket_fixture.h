#pragma once
// For tests with real sockets on loopback: a loop that runs until something is so, and a raw
// client that sends any bytes.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/endpoint.h"
#include "runtime/loop.h"
#include "runtime/socket_address.h"
#include "runtime/wait.h"

namespace grapevine {

// Turns of the loop until `done` or, as a failure, the time is over.
inline bool run_until(Loop& loop, const std::function<bool()>& done, Duration limit = 20s) {
    return run_until(loop, limit, done);
}

// An endpoint on a free port of loopback.
inline std::unique_ptr<Endpoint> open_endpoint(Loop& loop) {
    return std::move(*Endpoint::open(loop, {.ip = 0x7f000001, .port = 27100, .search = true}));
}

// A connection that sends whatever it is told and reads only when it is told.
class RawClient {
public:
    explicit RawClient(Address server) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
        const sockaddr_in address = to_sockaddr(server);
        connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~RawClient() { hang_up(); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    [[nodiscard]] bool is_connected() const { return connected_; }
    // As much as the kernel takes without waiting; the number of bytes.
    std::size_t send_some(std::string_view bytes) {
        const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    // Adds what has arrived to `received`; false once the other side has ended.
    bool receive_some(std::string& received) {
        std::array<char, 65536> block{};
        const ssize_t size = recv(fd_, block.data(), block.size(), MSG_DONTWAIT);
        if (size < 0) return errno == EAGAIN;
        received.append(block.data(), static_cast<std::size_t>(size));
        return size > 0;
    }
    // The server's next write fails.
    void reset() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        hang_up();
    }
    void hang_up() {
        if (fd_ >= 0) close(fd_);
        fd_ = -1;
    }

private:
    int fd_;
    bool connected_ = false;
};

}  // namespace grapevine
