#include "wire/hello.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "wire/rules.h"
#include "wire/wire.h"

using namespace grapevine;

TEST_CASE("a hello of the same version and cluster is welcome", "[wire]") {
    const ClusterId mine{0xabc};
    CHECK(check_hello({.cluster = mine}, protocol_version, mine).has_value());
    // One side is in none yet, or does not know.
    CHECK(check_hello({.cluster = ClusterId{}}, protocol_version, mine).has_value());
    CHECK(check_hello({.cluster = mine}, protocol_version, ClusterId{}).has_value());
}

TEST_CASE("a cluster and those that it was founded from hear each other", "[wire]") {
    const ClusterId mine{0xabc};
    const Ancestors ancestors{{ClusterId{2}, Epoch{50}}, {ClusterId{1}, Epoch{5}}};
    for (const Ancestor& each : ancestors) {
        CHECK(check_hello({.cluster = each.cluster}, protocol_version, mine, ancestors));
        CHECK(
            check_hello({.cluster = mine, .ancestors = ancestors}, protocol_version, each.cluster));
    }
    CHECK_FALSE(check_hello({.cluster = ClusterId{3}}, protocol_version, mine, ancestors));
}

TEST_CASE("a hello or a beacon of too many ancestors is a defect", "[wire]") {
    Ancestors ancestors(ancestors_max);
    CHECK(wire::defect(Hello{.ancestors = ancestors}).empty());
    CHECK(wire::defect(Beacon{.ancestors = ancestors}).empty());
    ancestors.emplace_back();
    CHECK_FALSE(wire::defect(Hello{.ancestors = ancestors}).empty());
    CHECK_FALSE(wire::defect(Beacon{.ancestors = ancestors}).empty());
}

TEST_CASE("a mismatch names both sides, and travels as a refusal", "[wire]") {
    const auto version = check_hello({.protocol = 3}, 2, ClusterId{5});
    REQUIRE_FALSE(version.has_value());
    CHECK(version.error().message ==
          "this member speaks protocol version 2, the other side version 3");
    const auto cluster =
        check_hello({.cluster = ClusterId{0xbeef}}, protocol_version, ClusterId{0xf00d});
    REQUIRE_FALSE(cluster.has_value());
    CHECK(cluster.error().message ==
          "this member is in cluster f00d, the other side in cluster beef");

    const std::string frame = encode(Refusal{cluster.error().message});
    CHECK(decode_refusal(parse_frame(frame).value().payload).value().message ==
          cluster.error().message);
    CHECK(decode_refusal(parse_frame(encode(Refusal{std::string(5000, 'x')})).value().payload)
              .value()
              .message.size() == sentence_size_max);
}

TEST_CASE("a hello of another version can be read", "[wire]") {
    const Hello hello{.protocol = 77, .cluster = ClusterId{5}};
    const std::string frame = encode(hello);
    CHECK(decode_hello(parse_frame(frame).value().payload).value() == hello);
}

TEST_CASE("a datagram of another version names both", "[wire]") {
    const Envelope envelope{.cluster = ClusterId{1},
                            .from = NodeId{2},
                            .from_address = {.ip = 0x7f000001, .port = 7000},
                            .to = NodeId{3},
                            .epoch = Epoch{4},
                            .body = Heartbeat{}};
    const std::string mine = encode_datagram(envelope);
    std::string theirs;
    append_frame(theirs, FrameKind::peer, parse_frame(mine).value().payload, protocol_version + 1);
    CHECK(decode_datagram(theirs).error().message ==
          fmt::format("this member speaks protocol version {}, the sender of a datagram version {}",
                      protocol_version, protocol_version + 1));
}

TEST_CASE("what travels on links is refused as a datagram", "[wire]") {
    const Envelope envelope{.cluster = ClusterId{1},
                            .from = NodeId{2},
                            .from_address = {.ip = 0x7f000001, .port = 7000},
                            .to = NodeId{3},
                            .epoch = Epoch{4},
                            .body = RingRequest{}};
    CHECK(decode_datagram(encode(envelope)).error().message ==
          "a message that travels on links came as a datagram");
    CHECK(decode_datagram(encode(ClientMessage{StatusRequest{}})).error().message ==
          "a datagram is not from a peer");
    CHECK_FALSE(decode_datagram(encode(envelope).substr(8)).has_value());
}
