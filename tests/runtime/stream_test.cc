#include "runtime/stream.h"

#include <catch2/catch.hpp>
#include <string>

#include "runtime/endpoint.h"
#include "runtime/socket_fixture.h"

namespace grapevine {
namespace {

// Has one connection.
struct Acceptor final : EndpointOwner, StreamOwner {
    explicit Acceptor(Loop& loop) : stream(loop, outbox, *this), endpoint(open_endpoint(loop)) {
        endpoint->start(*this);
    }
    void datagram(std::string_view, Address) override {}
    void incoming(uv_stream_t* listener) override { REQUIRE(stream.accept(listener) == 0); }
    void received(Stream&, std::string_view) override {}
    void ended(Stream&, int) override { is_over = true; }

    Outbox outbox;
    Stream stream;
    std::unique_ptr<Endpoint> endpoint;
    bool is_over = false;
};

}  // namespace

// It was the same until the last byte of what libuv had was taken, so who read slowly seemed to
// read nothing.
TEST_CASE("what is queued becomes less with everything that the other side takes") {
    constexpr std::size_t size = 40'000'000;  // many times what the kernel holds
    Loop loop;
    Acceptor acceptor(loop);
    RawClient client(acceptor.endpoint->address());
    REQUIRE(run_until(loop, [&] { return acceptor.stream.is_connected(); }));
    acceptor.stream.send(std::string(size, 'x'));
    CHECK(acceptor.stream.queued() == size);
    acceptor.outbox.flush_all();
    std::size_t before = acceptor.stream.queued();
    std::size_t steps = 0;
    std::string received;
    const bool all = run_until(loop, [&] {
        client.receive_some(received);
        if (acceptor.stream.queued() < before) ++steps;
        before = acceptor.stream.queued();
        return received.size() == size;
    });
    CHECK(all);
    CHECK(acceptor.stream.queued() == 0);
    CHECK(steps > 4);
    client.hang_up();
    CHECK(run_until(loop, [&] { return acceptor.is_over; }));
}

}  // namespace grapevine
