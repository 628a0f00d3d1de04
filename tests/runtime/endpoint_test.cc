#include "runtime/endpoint.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "runtime/clock.h"
#include "runtime/socket_fixture.h"
#include "runtime/stream.h"

namespace grapevine {
namespace {

struct Receiver final : EndpointOwner {
    void datagram(std::string_view bytes, Address from) override {
        datagrams.emplace_back(bytes);
        last_from = from;
    }
    void incoming(uv_stream_t*) override {}
    std::vector<std::string> datagrams;
    Address last_from;
};

// Reads the rest in each turn, as a host does.
class Reader {
public:
    Reader(Loop& loop, Endpoint& endpoint) : endpoint_(endpoint), turn_(loop, [this] { look(); }) {}

private:
    void look() {
        if (!endpoint_.read_rest()) turn_.again();
        turn_.wake_at(boot_time(), endpoint_.next_deadline());
    }

    Endpoint& endpoint_;
    Turn turn_;
};

// From one endpoint to another.
struct Way {
    Way() {
        from->start(here);
        to->start(there);
    }
    void send(std::string_view datagram) { from->send(to->address(), datagram); }

    Loop loop;
    Receiver here;
    Receiver there;
    std::unique_ptr<Endpoint> from = open_endpoint(loop);
    std::unique_ptr<Endpoint> to = open_endpoint(loop);
    Reader reader{loop, *to};
};

}  // namespace

TEST_CASE("busy ports are skipped where none was asked for") {
    Loop loop;
    const auto first = open_endpoint(loop);
    const Address taken = first->address();
    const auto second = Endpoint::open(loop, {.ip = taken.ip, .port = taken.port, .search = true});
    REQUIRE(second.has_value());
    CHECK((*second)->address().port > taken.port);
}

TEST_CASE("a port that was asked for and is taken is one sentence with the remedy") {
    Loop loop;
    const auto first = open_endpoint(loop);
    const Address taken = first->address();
    const auto second = Endpoint::open(loop, {.ip = taken.ip, .port = taken.port});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().message.find(to_string(taken)) != std::string::npos);
    CHECK(second.error().message.find("--port") != std::string::npos);
}

// TCP alone is busy: UDP can be bound, and TCP too, but not be listened on.
TEST_CASE("a port that only TCP has lost is busy") {
    Loop loop;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    sockaddr_in any = to_sockaddr({.ip = 0x7f000001, .port = 0});
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(listen(fd, 1) == 0);
    socklen_t size = sizeof any;
    REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size) == 0);
    const Address taken = from_sockaddr(any);
    CHECK_FALSE(Endpoint::open(loop, {.ip = taken.ip, .port = taken.port}).has_value());
    close(fd);
}

TEST_CASE("a new process can have the port of one that just died with connections") {
    Loop loop;
    auto endpoint = open_endpoint(loop);
    const Address address = endpoint->address();
    RawClient client(address);
    REQUIRE(client.is_connected());
    endpoint.reset();
    run_until(loop, [] { return true; });
    uv_run(loop.get(), UV_RUN_NOWAIT);
    CHECK(Endpoint::open(loop, {.ip = address.ip, .port = address.port}).has_value());
}

TEST_CASE("datagrams arrive whole with their sender") {
    Way way;
    const std::string large(datagram_size_max, 'x');
    way.send("hello");
    way.send(large);
    REQUIRE(run_until(way.loop, [&] { return way.there.datagrams.size() == 2; }));
    CHECK(way.there.datagrams == std::vector<std::string>{"hello", large});
    CHECK(way.there.last_from == way.from->address());
}

TEST_CASE("datagrams that come together are all read, in their order, as are those after them") {
    Way way;
    std::vector<std::string> sent;
    const auto send = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            sent.push_back(fmt::format("{}", sent.size()));
            way.send(sent.back());
        }
        REQUIRE(run_until(way.loop, [&] { return way.there.datagrams.size() == sent.size(); }));
        CHECK(way.there.datagrams == sent);
    };
    send(100);  // more than are read at once
    for (int i = 0; i < 20; ++i) send(1);
    send(3);
}

}  // namespace grapevine
