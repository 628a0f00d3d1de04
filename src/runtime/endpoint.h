#pragma once
// Where a process listens: UDP and TCP on the same port of one address.

#include <uv.h>

#include <memory>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "runtime/loop.h"

namespace grapevine {

class EndpointOwner {
public:
    virtual void datagram(std::string_view bytes, Address from) = 0;
    // A connection waits to be accepted (Stream::accept).
    virtual void incoming(uv_stream_t* listener) = 0;

protected:
    ~EndpointOwner() = default;
};

struct ListenOn {
    std::uint32_t ip = 0x7f000001;
    std::uint16_t port = 0;
    // The port was not asked for: `port` and those above it are tried until one is free.
    bool search = false;
};

class Endpoint {
public:
    // An error is a sentence with the remedy. A port counts as free when both sockets could have
    // it, which for TCP shows when listening, not when binding.
    static Result<std::unique_ptr<Endpoint>> open(Loop& loop, const ListenOn& where);

    // From now on `owner` hears what arrives.
    void start(EndpointOwner& owner);

    [[nodiscard]] Address address() const { return address_; }
    // A datagram that the kernel has no room for is dropped, as the network might.
    void send(Address to, std::string_view datagram);

    explicit Endpoint(Loop& loop);

private:
    [[nodiscard]] int listen(Address address);

    EndpointOwner* owner_ = nullptr;
    Handle<uv_udp_t> udp_;
    Handle<uv_tcp_t> tcp_;
    Address address_;
};

// The default number of open files is too small for a server: raised to what the system allows.
void raise_open_file_limit();
// How many connections clients may have by that, so that enough is left for peers and files: half
// of it, or all but 8,192.
std::size_t client_connections_max();

}  // namespace grapevine
