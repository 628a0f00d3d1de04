#include "runtime/peer_links.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "runtime/inbound.h"
#include "runtime/socket_fixture.h"

namespace grapevine {
namespace {

// A member's outgoing links, and what it was told of them.
struct Dialer {
    explicit Dialer(Loop& loop, PeerLinkLimits limits = {})
        : links(loop, outbox, log,
                {.up = [this](Address peer) { ups.push_back(peer); },
                 .down = [this](Address peer, LinkEnd how) { downs.emplace_back(peer, how); }},
                limits),
          turn(loop, [this] {
              outbox.flush_all();
              links.check_limits(boot_time());
          }) {
        Hello hello;
        hello.speaker = Speaker::peer;
        hello.cluster = ClusterId{7};
        hello.from = NodeId{1};
        hello.address = {.ip = 0x7f000001, .port = 7001};
        links.set_hello(hello);
    }
    Logger log{LogLevel::error};
    Outbox outbox;
    std::vector<Address> ups;
    std::vector<std::pair<Address, LinkEnd>> downs;
    PeerLinks links;
    Turn turn;
};

// A member that listens, and what its peers sent.
struct Listener final : EndpointOwner {
    explicit Listener(Loop& loop)
        : endpoint(open_endpoint(loop)),
          inbound(loop, outbox, log,
                  {.cluster = [this] { return cluster; },
                   .envelope = [this](const Envelope& envelope) { received.push_back(envelope); },
                   .peer_hung_up = [this](Address peer) { hung_up.push_back(peer); },
                   .client_message = [](Time, ConnectionId, const ClientMessage&) {},
                   .client_closed = [](ConnectionId) {},
                   .batch_full = [] {}}),
          turn(loop, [this] {
              outbox.flush_all();
              inbound.check_limits(boot_time(), false);
          }) {
        endpoint->start(*this);
    }
    void datagram(std::string_view, Address) override {}
    void incoming(uv_stream_t* listener) override { inbound.accept(listener); }
    [[nodiscard]] Address address() const { return endpoint->address(); }

    Logger log{LogLevel::error};
    Outbox outbox;
    ClusterId cluster{7};
    std::vector<Envelope> received;
    std::vector<Address> hung_up;
    std::unique_ptr<Endpoint> endpoint;
    Inbound inbound;
    Turn turn;
};

Envelope envelope_of(std::uint64_t epoch) {
    Envelope envelope;
    envelope.cluster = ClusterId{7};
    envelope.from = NodeId{1};
    envelope.from_address = {.ip = 0x7f000001, .port = 7001};
    envelope.to = NodeId{2};
    envelope.epoch = Epoch{epoch};
    envelope.body = RingRequest{.have = Epoch{epoch}};
    return envelope;
}

}  // namespace

TEST_CASE("messages of a link arrive in order, those sent while it was dialed too") {
    Loop loop;
    Dialer dialer(loop);
    Listener listener(loop);
    constexpr std::uint64_t count = 5000;
    for (std::uint64_t i = 1; i <= count; ++i) {
        dialer.links.send(boot_time(), listener.address(), envelope_of(i));
    }
    REQUIRE(run_until(loop, [&] { return listener.received.size() == count; }));
    CHECK(dialer.ups == std::vector<Address>{listener.address()});
    for (std::uint64_t i = 1; i <= count; ++i) {
        REQUIRE(listener.received[i - 1].epoch == Epoch{i});
    }
    dialer.links.hang_up(listener.address());
    REQUIRE(run_until(loop, [&] { return !listener.hung_up.empty(); }));
    CHECK(listener.hung_up == std::vector<Address>{{.ip = 0x7f000001, .port = 7001}});
    CHECK(dialer.downs.empty());
}

TEST_CASE("a refused dial is told as such") {
    Loop loop;
    Dialer dialer(loop);
    auto endpoint = open_endpoint(loop);
    const Address nobody = endpoint->address();
    endpoint.reset();
    uv_run(loop.get(), UV_RUN_NOWAIT);
    dialer.links.dial(boot_time(), nobody);
    REQUIRE(run_until(loop, [&] { return !dialer.downs.empty(); }));
    CHECK(dialer.downs.front() == std::pair{nobody, LinkEnd::refused});
}

TEST_CASE("the end of a peer's process ends the link") {
    Loop loop;
    Dialer dialer(loop);
    Address address;
    {
        Listener listener(loop);
        address = listener.address();
        dialer.links.send(boot_time(), address, envelope_of(1));
        REQUIRE(run_until(loop, [&] { return listener.received.size() == 1; }));
    }
    REQUIRE(run_until(loop, [&] { return !dialer.downs.empty(); }));
    CHECK(dialer.downs.front() == std::pair{address, LinkEnd::ended});
}

TEST_CASE("a member of another cluster is refused") {
    Loop loop;
    Dialer dialer(loop);
    Listener listener(loop);
    listener.cluster = ClusterId{8};
    dialer.links.send(boot_time(), listener.address(), envelope_of(1));
    REQUIRE(run_until(loop, [&] { return !dialer.downs.empty(); }));
    CHECK(listener.received.empty());
    CHECK(listener.hung_up.empty());
}

TEST_CASE("a link whose peer reads nothing is hung up at its bound") {
    Loop loop;
    Dialer dialer(loop, {.queued_bytes = 1024 * 1024});
    // Accepts connections in the kernel and never reads.
    const auto deaf = open_endpoint(loop);
    std::size_t queued_max = 0;
    const auto send_until_it_ends = [&] {
        for (int i = 0; i < 1000; ++i) {
            dialer.links.send(boot_time(), deaf->address(), envelope_of(1));
        }
        queued_max = std::max(queued_max, dialer.links.queued(deaf->address()));
        return !dialer.downs.empty();
    };
    REQUIRE(run_until(loop, send_until_it_ends));
    CHECK(dialer.downs.front() == std::pair{deaf->address(), LinkEnd::ended});
    CHECK(queued_max < 2 * 1024 * 1024);
}

TEST_CASE("what waits for a dial is bounded") {
    Loop loop;
    Dialer dialer(loop, {.dialing_bytes = 64 * 1024});
    const auto deaf = open_endpoint(loop);
    for (int i = 0; i < 2000; ++i) {
        dialer.links.send(boot_time(), deaf->address(), envelope_of(1));
    }
    REQUIRE(dialer.links.queued(deaf->address()) > 64 * 1024);
    dialer.links.check_limits(boot_time());
    REQUIRE(dialer.downs.size() == 1);
    CHECK(dialer.downs.front().second == LinkEnd::timeout);
    CHECK(dialer.links.queued(deaf->address()) == 0);
}

}  // namespace grapevine
