#pragma once
// Where a process listens: UDP and TCP on the same port of one address.
//
// Members exchange datagrams at about the same moment (node/heartbeats.h), and to be woken for each
// costs more than to handle it. So where others follow soon after the first, as they did the last
// time, the loop is not woken for them: they are read together a moment later, or in any turn
// before that.

#include <uv.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
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

    // Once per turn, after polling and before silence is judged: hands out the datagrams that the
    // loop was not woken for. False: as many came as are read at once, and more may wait.
    bool read_rest();
    // When there has to be a turn for those.
    [[nodiscard]] Time next_deadline() const { return rest_at_; }

    [[nodiscard]] Address address() const { return address_; }
    // A datagram that the kernel has no room for is dropped, as the network might.
    void send(Address to, std::string_view datagram);

    explicit Endpoint(Loop& loop);

private:
    [[nodiscard]] int listen(Address address);
    void poll();
    void readable(bool is_error);
    std::size_t read();

    EndpointOwner* owner_ = nullptr;
    Loop& loop_;
    Handle<uv_udp_t> udp_;  // bound, and sends
    Handle<uv_tcp_t> tcp_;
    std::optional<Handle<uv_poll_t>> datagrams_;  // wakes the loop; goes before udp_, whose it is
    Time read_at_ = Time::min();  // when it was last woken for datagrams, or read the rest
    Time rest_at_ = never;        // when the rest is read; never: the loop is woken
    bool are_together_ = false;   // others are to be expected after the first
    std::size_t rest_ = 0;        // datagrams that were read so far without being woken for them
    std::optional<std::size_t> read_;  // datagrams, in this turn
    Address address_;
};

// The default number of open files is too small for a server: raised to what the system allows.
void raise_open_file_limit();
// How many connections clients may have by that, so that enough is left for peers and files: half
// of it, or all but 8,192.
std::size_t client_connections_max();

}  // namespace grapevine
