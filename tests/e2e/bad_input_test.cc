// Bytes that make no sense cost their sender an error or its connection; nobody else notices.
#include <catch2/catch.hpp>

#include "base/rng.h"
#include "e2e/cluster.h"
#include "e2e/raw_socket.h"
#include "wire/wire.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

const ClusterId elsewhere{0xe15e};

// Everything that listens: the nodes and the coordinator.
std::vector<Address> addresses(const Cluster& cluster) {
    std::vector<Address> found{parse_address(cluster.address()).value()};
    for (const auto& [name, row] : cluster.nodes()) {
        found.push_back(parse_address(row.address).value());
    }
    return found;
}

std::string garbage(std::size_t size, std::uint64_t seed) {
    Rng rng(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
    return bytes;
}

std::string hello(std::uint16_t protocol, ClusterId cluster, Speaker speaker) {
    std::string frame;
    append_frame(frame, Hello{.protocol = protocol,
                              .cluster = cluster,
                              .speaker = speaker,
                              .from = speaker == Speaker::peer ? NodeId{77} : NodeId{},
                              .address = {.ip = 0x7f000001, .port = 9}});
    // The header says the version too.
    if (protocol == protocol_version) return frame;
    const Frame whole = parse_frame(frame).value();
    std::string other;
    append_frame(other, FrameKind::hello, whole.payload, protocol);
    return other;
}

std::string client_hello() {
    return hello(protocol_version, ClusterId{}, Speaker::client);
}

std::string request() {
    ClientMessage message = RingPoll{};
    return encode(message);
}

// What is said on a connection, and what the answer has to mention.
struct Speech {
    std::string what;
    std::string bytes;
    std::vector<std::string> answer = {};
};

std::vector<Speech> speeches() {
    std::string flipped = client_hello() + request();
    flipped.back() = static_cast<char>(flipped.back() ^ 1);
    // A header that announces more than any frame may hold.
    std::string oversized = client_hello() + request().substr(0, frame_header_size);
    oversized.replace(oversized.size() - frame_header_size + 4, 4, "\xf8\xff\xff\xff");
    const auto future = static_cast<std::uint16_t>(protocol_version + 1);
    return {
        {"no hello", request()},
        {"garbage after the hello", client_hello() + garbage(5'000, 2)},
        {"a flipped bit", flipped},
        {"an oversized frame", oversized},
        {"the second hello", client_hello() + client_hello()},
        {"a future protocol version",
         hello(future, ClusterId{}, Speaker::client),
         {std::to_string(protocol_version), std::to_string(future)}},
        {"a peer of another cluster",
         hello(protocol_version, elsewhere, Speaker::peer),
         {"cluster"}},
    };
}

// What begins as no frame does: to nodes it is what a Redis client says. (The coordinator takes
// none.)
std::vector<Speech> texts(bool is_node) {
    if (!is_node) {
        return {{"garbage", "\x01" + garbage(100'000, 1)},
                {"text", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
                {"zeros", std::string(4096, '\0')}};
    }
    return {{"a browser", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", {"-ERR wrong number of"}},
            {"zeros", std::string(70'000, '\0'), {"-ERR Protocol error: too big inline request"}},
            {"a quote", "set a \"b\r\n", {"-ERR Protocol error: unbalanced quotes"}},
            {"no bulk", "*1\r\n:5\r\nPING\r\n", {"-ERR Protocol error: expected '$', got ':'"}},
            {"a bulk of 513 MiB",
             "*2\r\n$3\r\nGET\r\n$537919488\r\n",
             {"-ERR Protocol error: invalid bulk length"}},
            {"garbage that ends", "*" + garbage(100'000, 5), {"-ERR Protocol error: "}}};
}

std::vector<std::string> datagrams() {
    const Envelope stranger{.cluster = elsewhere,
                            .from = NodeId{77},
                            .from_address = {.ip = 0x7f000001, .port = 9},
                            .to = NodeId{78},
                            .epoch = Epoch{1'000'000},
                            .body = SwimMessage{.body = Ping{.number = 1}, .rumors = {}}};
    const std::string whole = encode_datagram(stranger);
    std::string flipped = whole;
    flipped.back() = static_cast<char>(flipped.back() ^ 1);
    return {"",
            "x",
            garbage(1400, 3),
            garbage(60'000, 4),
            whole,
            whole.substr(0, whole.size() - 8),
            whole.substr(0, 5),
            flipped,
            hello(protocol_version, ClusterId{}, Speaker::client)};
}

}  // namespace

TEST_CASE("bad input costs its sender and nobody else", "[e2e]") {
    Cluster cluster = Cluster::launched(3, 2);
    std::map<std::string, std::string> written;
    for (int i = 0; i < 6; ++i) {
        const std::string key = "key" + std::to_string(i);
        written[key] = "value" + std::to_string(i);
        cluster.put(key, written[key]);
    }

    std::vector<RawConnection> half;  // stay open, to the end
    for (const Address address : addresses(cluster)) {
        std::vector<Speech> all = speeches();
        const bool is_node = to_string(address) != cluster.address();
        for (Speech& text : texts(is_node)) all.push_back(std::move(text));
        for (const auto& [what, bytes, answer] : all) {
            INFO(what << " to " << to_string(address));
            const RawConnection connection(address);
            connection.send(bytes);
            const auto reply = connection.read_to_end(patience);
            REQUIRE(reply.has_value());
            for (const std::string& part : answer) CHECK(reply->find(part) != std::string::npos);
        }
        for (const std::string& bytes : datagrams()) send_datagram(address, bytes);
        if (is_node) half.emplace_back(address).send("*2\r\n$3\r\nGET\r\n$100\r\nabc");
        for (const std::string& bytes : {client_hello(), client_hello() + request()}) {
            half.emplace_back(address).send(bytes.substr(0, bytes.size() - 8));
        }
        RawConnection(address).send(client_hello() + request().substr(0, 20));
    }
    // The same processes are in the ring, with what they held, and take new writes.
    CHECK(is_running(cluster.coordinator().pid()));
    for (const auto& [name, row] : cluster.nodes()) CHECK(is_running(row.pid));
    cluster.wait_until_whole();
    cluster.check_all(written);
    for (auto& [key, value] : written) cluster.put(key, value += "+");
    cluster.check_all(written);
}
