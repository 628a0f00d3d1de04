#include "runtime/endpoint.h"

#include <sys/resource.h>

#include <array>

#include "base/limits.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

constexpr int backlog = 511;
constexpr int ports_to_try = 1000;

// One byte more than a datagram may have, so that a longer one shows by its size.
void provide_datagram_buffer(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
    alignas(8) static thread_local std::array<char, datagram_size_max + 8> bytes;
    *buffer = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
}

}  // namespace

Endpoint::Endpoint(Loop& loop)
    : udp_([&](uv_udp_t* udp) { return uv_udp_init(loop.get(), udp); }, this),
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
    uv_udp_recv_start(
        udp_.get(), provide_datagram_buffer,
        [](uv_udp_t* udp, ssize_t size, const uv_buf_t* buffer, const sockaddr* from, unsigned) {
            if (from == nullptr || size < 0) return;
            static_cast<Endpoint*>(udp->data)->owner_->datagram(
                {buffer->base, static_cast<std::size_t>(size)},
                from_sockaddr(*reinterpret_cast<const sockaddr_in*>(from)));
        });
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
