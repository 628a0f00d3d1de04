#include "runtime/endpoint.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "base/assert.h"
#include "base/limits.h"
#include "runtime/clock.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

constexpr int backlog = 511;
constexpr int ports_to_try = 1000;

// Datagrams that are read at once.
constexpr std::size_t batch_max = 32;
// What comes within this time of others is not worth being woken for, and waits as long. A member
// that answers takes about a tenth of it.
constexpr Duration rest_after = 2ms;

// Where datagrams are read: one buffer for the thread, since they are handed on before the next.
struct Batch {
    // More than a datagram may have, so that a longer one shows by its size; aligned for frames.
    struct alignas(8) Slot {
        std::array<char, datagram_size_max + 8> bytes;
    };
    std::array<Slot, batch_max> slots;
    std::array<sockaddr_in, batch_max> senders;
    std::array<iovec, batch_max> parts;
    std::array<mmsghdr, batch_max> headers;

    // How many there were.
    std::size_t receive(int socket) {
        for (std::size_t i = 0; i < batch_max; ++i) {
            parts[i] = {.iov_base = slots[i].bytes.data(), .iov_len = slots[i].bytes.size()};
            headers[i] = {};
            headers[i].msg_hdr.msg_name = &senders[i];
            headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
            headers[i].msg_hdr.msg_iov = &parts[i];
            headers[i].msg_hdr.msg_iovlen = 1;
        }
        const int count = recvmmsg(socket, headers.data(), batch_max, MSG_DONTWAIT, nullptr);
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    [[nodiscard]] std::string_view bytes(std::size_t i) const {
        return {slots[i].bytes.data(), headers[i].msg_len};
    }
};

}  // namespace

Endpoint::Endpoint(Loop& loop)
    : loop_(loop),
      udp_([&](uv_udp_t* udp) { return uv_udp_init(loop.get(), udp); }, this),
      tcp_([&](uv_tcp_t* tcp) { return uv_tcp_init(loop.get(), tcp); }, this) {}

int Endpoint::listen(Address address) {
    const sockaddr_in raw = to_sockaddr(address);
    const auto* name = reinterpret_cast<const sockaddr*>(&raw);
    if (const int error = uv_udp_bind(udp_.get(), name, 0); error != 0) return error;
    // libuv sets SO_REUSEADDR: connections of a dead predecessor do not keep the port.
    if (const int error = uv_tcp_bind(tcp_.get(), name, 0); error != 0) return error;
    address_ = address;
    return uv_listen(reinterpret_cast<uv_stream_t*>(tcp_.get()), backlog,
                     [](uv_stream_t* listener, int status) {
                         auto* endpoint = static_cast<Endpoint*>(listener->data);
                         if (status == 0 && endpoint->owner_ != nullptr) {
                             endpoint->owner_->incoming(listener);
                         }
                     });
}

Result<std::unique_ptr<Endpoint>> Endpoint::open(Loop& loop, const ListenOn& where) {
    Address address{.ip = where.ip, .port = where.port};
    const int tries = where.search ? ports_to_try : 1;
    int error = 0;
    for (int i = 0; i < tries && address.port != 0; ++i, ++address.port) {
        auto endpoint = std::make_unique<Endpoint>(loop);
        error = endpoint->listen(address);
        if (error == 0) return endpoint;
        if (error != UV_EADDRINUSE && error != UV_EACCES) break;
    }
    address.port = where.port;
    if (error == UV_EADDRINUSE && where.search) {
        return fail("no free port from {} on; name one with --port", address);
    }
    if (error == UV_EADDRINUSE) {
        return fail("{} is taken by another process; choose another --port, or stop that process",
                    address);
    }
    if (error == UV_EADDRNOTAVAIL) {
        return fail("{} is not an address of this machine; see --listen", address);
    }
    if (error == UV_EMFILE || error == UV_ENFILE) {
        return fail("cannot listen on {}: {}; raise the limit (ulimit -n)", address,
                    uv_strerror(error));
    }
    return fail("cannot listen on {}: {}; choose another --port or --listen", address,
                uv_strerror(error));
}

void Endpoint::start(EndpointOwner& owner) {
    owner_ = &owner;
    uv_os_fd_t socket{};
    const int error = uv_fileno(udp_.base(), &socket);
    ASSERT(error == 0, "{}", uv_strerror(error));
    datagrams_.emplace([&](uv_poll_t* poll) { return uv_poll_init(loop_.get(), poll, socket); },
                       this);
    poll();
}

void Endpoint::poll() {
    rest_at_ = never;
    uv_poll_start(datagrams_->get(), UV_READABLE, [](uv_poll_t* poll, int status, int) {
        static_cast<Endpoint*>(poll->data)->readable(status < 0);
    });
}

void Endpoint::readable(bool is_error) {
    const Time now = boot_time();
    are_together_ = are_together_ || is_error || now < read_at_ + rest_after;
    read_at_ = now;
    read_ = read();
    if (!are_together_) return;
    uv_poll_stop(datagrams_->get());
    rest_ = 0;
    rest_at_ = now + rest_after;
}

bool Endpoint::read_rest() {
    if (rest_at_ != never && !read_) {
        const Time now = boot_time();
        read_ = read();
        rest_ += *read_;
        if (now >= rest_at_) {
            read_at_ = now;
            are_together_ = rest_ > 0;
            poll();
        }
    }
    return std::exchange(read_, std::nullopt).value_or(0) < batch_max;
}

std::size_t Endpoint::read() {
    static thread_local Batch batch;
    uv_os_fd_t socket{};
    uv_fileno(udp_.base(), &socket);
    const std::size_t count = batch.receive(socket);
    for (std::size_t i = 0; i < count; ++i) {
        owner_->datagram(batch.bytes(i), from_sockaddr(batch.senders[i]));
    }
    return count;
}

void Endpoint::send(Address to, std::string_view datagram) {
    const sockaddr_in target = to_sockaddr(to);
    const uv_buf_t buffer =
        uv_buf_init(const_cast<char*>(datagram.data()), static_cast<unsigned>(datagram.size()));
    uv_udp_try_send(udp_.get(), &buffer, 1, reinterpret_cast<const sockaddr*>(&target));
}

void raise_open_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t client_connections_max() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1024;
    const auto files = static_cast<std::size_t>(limit.rlim_cur);
    const std::size_t reserve = std::min<std::size_t>(files / 2, 8192);
    return std::max<std::size_t>(1, files - reserve);
}

}  // namespace grapevine
