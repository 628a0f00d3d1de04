#include <catch2/catch.hpp>

#include "base/hash.h"
#include "wire/rules.h"
#include "wire/samples.h"

using namespace grapevine;

namespace {

// The one frame in `bytes`, which must be good.
Frame frame_of(const std::string& bytes, FrameKind kind) {
    const auto frame = parse_frame(bytes);
    REQUIRE(frame.has_value());
    REQUIRE(frame->kind == kind);
    REQUIRE(frame->protocol == protocol_version);
    return *frame;
}

// Encodes, decodes, compares every field, and encodes again to the same bytes.
template <class Message>
void check_round_trip(const Message& message, FrameKind kind,
                      Result<Message> (*decode)(std::string_view)) {
    const std::string frame = encode(message);
    const auto decoded = decode(frame_of(frame, kind).payload);
    if (!decoded) FAIL(decoded.error().message);
    CHECK(same(*decoded, message));
    CHECK(encode(*decoded) == frame);
}

Ring steady_ring() {
    Samples samples(5);
    Ring ring = samples.ring(7, 1024);
    for (Member& member : ring.members) member.state = MemberState::up;
    ring.voters = voters_for(ring.members);
    std::vector<NodeId> storage;
    for (const Member& member : ring.members) {
        if (member.stores()) storage.push_back(member.id);
    }
    for (std::size_t p = 0; p < ring.table.size(); ++p) {
        Entry& entry = ring.table[p];
        entry.copies = {storage[p % 7], storage[(p + 1) % 7], storage[(p + 3) % 7]};
        entry.fills.clear();
    }
    return ring;
}

}  // namespace

TEST_CASE("every peer message comes back as it was", "[wire]") {
    Samples samples(1);
    for (int round = 0; round < 200; ++round) {
        for (const Envelope& envelope : samples.envelopes()) {
            INFO("round " << round << ", body " << envelope.body.index());
            check_round_trip(envelope, FrameKind::peer, decode_envelope);
        }
    }
}

TEST_CASE("every client and server message comes back as it was", "[wire]") {
    Samples samples(2);
    for (int round = 0; round < 200; ++round) {
        INFO("round " << round);
        for (const ClientMessage& message : samples.client_messages()) {
            check_round_trip(message, FrameKind::client, decode_client_message);
        }
        for (const ServerMessage& message : samples.server_messages()) {
            check_round_trip(message, FrameKind::server, decode_server_message);
        }
    }
}

TEST_CASE("hello and refusal come back as they were", "[wire]") {
    Samples samples(3);
    for (int round = 0; round < 50; ++round) {
        auto hello = samples.make<Hello>();
        check_round_trip(hello, FrameKind::hello, decode_hello);
        check_round_trip(samples.make<Refusal>(), FrameKind::refusal, decode_refusal);
    }
}

TEST_CASE("a saved state comes back as it was, and is taken for nothing else", "[wire]") {
    Samples samples(7);
    for (int round = 0; round < 50; ++round) {
        SavedState state{
            .id = samples.make<Member>().id,
            .ring = std::make_shared<const Ring>(samples.ring(1 + samples.rng().below(5), 16)),
            .promises = {}};
        state.promises.epoch = next(state.ring->epoch);
        if (round % 3 > 0) state.promises.promised = {2, NodeId{9}};
        if (round % 3 > 1) {
            auto change = samples.make<RingChange>();
            change.epoch = state.promises.epoch;
            state.promises.accepted = AcceptedValue{{1, NodeId{9}}, std::move(change)};
        }
        if (round % 2 > 0) state.consent = samples.make<FoundAnew>().founding;
        const std::string file = encode(state);
        const auto decoded = decode_saved(file);
        if (!decoded) FAIL(decoded.error().message);
        CHECK(decoded->id == state.id);
        CHECK(same(decoded->ring, state.ring));
        CHECK(decoded->promises.epoch == state.promises.epoch);
        CHECK(decoded->promises.promised == state.promises.promised);
        CHECK(same(decoded->promises.accepted, state.promises.accepted));
        CHECK(decoded->consent == state.consent);
        CHECK(encode(*decoded) == file);
        CHECK_FALSE(decode_datagram(file));
        CHECK_FALSE(decode_saved(encode(samples.envelope(samples.make<Heartbeat>()))));
    }
}

TEST_CASE("datagrams come back as they were and fit one packet", "[wire]") {
    Samples samples(4);
    for (int round = 0; round < 100; ++round) {
        SwimMessage swim = samples.make<SwimMessage>();
        swim.rumors.resize(rumors_per_packet_max, samples.make<Rumor>());
        for (const Envelope& envelope :
             {samples.envelope(swim), samples.envelope(samples.make<Heartbeat>())}) {
            const std::string datagram = encode_datagram(envelope);
            CHECK(datagram.size() <= datagram_size_max);
            const auto decoded = decode_datagram(datagram);
            REQUIRE(decoded.has_value());
            CHECK(same(*decoded, envelope));
        }
    }
}

TEST_CASE("keys and values of every size and byte survive", "[wire]") {
    Request request;
    request.client = ClientId{1};
    request.sequence = 1;
    request.kind = OperationKind::put;
    for (int c = 0; c < 256; ++c) request.key += static_cast<char>(c);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, value_size_max}) {
        request.value.assign(size, '\0');
        check_round_trip(ClientMessage{request}, FrameKind::client, decode_client_message);
    }
    request.key.assign(key_size_max, 'k');
    check_round_trip(ClientMessage{request}, FrameKind::client, decode_client_message);
}

TEST_CASE("many of the smallest that a list can hold come back as they were", "[wire]") {
    // Clients of whom nothing but their ids is remembered took less than what was counted for them.
    FillChunk chunk{.from = fill_base, .to = fill_items};
    for (std::uint64_t id = 1; id <= 1000; ++id) chunk.clients.push_back({.client = ClientId{id}});
    Samples samples(8);
    check_round_trip(samples.envelope(chunk), FrameKind::peer, decode_envelope);
    chunk.from = fill_items;
    chunk.to = fill_items + 1;
    chunk.clients.clear();
    chunk.items.resize(1000);
    check_round_trip(samples.envelope(chunk), FrameKind::peer, decode_envelope);
    check_round_trip(samples.envelope(Replicate{.parts = std::vector<Replicate::Part>(1000)}),
                     FrameKind::peer, decode_envelope);
    check_round_trip(samples.envelope(Gathered{.parts = std::vector<Gathered::Part>(1000)}),
                     FrameKind::peer, decode_envelope);
}

TEST_CASE("a ring of 1,024 partitions and 3 copies takes less than 10 KiB", "[wire]") {
    Ring ring = steady_ring();
    const std::string frame = encode(ServerMessage{RingReply{std::make_shared<const Ring>(ring)}});
    CHECK(frame.size() < 10 * 1024);

    // And so does the change that makes it.
    RingChange genesis;
    genesis.epoch = Epoch{2};
    for (std::uint32_t p = 0; p < 1024; ++p) {
        genesis.arrangements.push_back(
            {.partition = PartitionId{p}, .copies = ring.table[p].copies, .fills = {}});
    }
    Samples samples(6);
    const auto accept = samples.envelope(
        Accept{.epoch = Epoch{2}, .ballot = samples.make<Ballot>(), .change = genesis});
    CHECK(encode(accept).size() < 11 * 1024);
}

TEST_CASE("the format has not changed", "[wire]") {
    const Request request{.client = ClientId{0x1122334455667788},
                          .sequence = 7,
                          .floor = 5,
                          .stamp_ms = 1234,
                          .epoch = Epoch{9},
                          .deadline_ms = 5000,
                          .kind = OperationKind::put,
                          .condition = Condition::version,
                          .expected = {.epoch = Epoch{3}, .counter = 4},
                          .key = "key1",
                          .value = "value1"};
    std::string hex;
    for (const char c : encode(ClientMessage{request})) {
        hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    CHECK(hex ==
          "f904040088000000974fb9c0051a4f9f"  // header
          "0c00000008000e000700080008000000000000011000000000000a005000040048004c000a00"
          "0000887766554433221107000000000000000500000000000000d20400000000000009000000"
          "0000000003000000000000000400000000000000881300000102000000000000080000000c00"
          "0000040000006b6579310600000076616c7565310000");
    // Every message at once, of a fixed seed: changes whenever any encoding does.
    Samples samples(42);
    std::string all;
    for (const auto& message : samples.envelopes()) append_frame(all, message);
    for (const auto& message : samples.client_messages()) append_frame(all, message);
    for (const auto& message : samples.server_messages()) append_frame(all, message);
    CHECK(hash64(all) == 0xcecc95770accb4b2);
}

// It was read, and came to nothing when it was written again.
TEST_CASE("a saved consent is to something", "[wire]") {
    Samples samples(1);
    SavedState state{
        .id = NodeId{7}, .ring = std::make_shared<const Ring>(samples.ring(3, 16)), .promises = {}};
    state.promises.epoch = next(state.ring->epoch);
    CHECK(wire::defect(state).empty());
    state.consent = {.epoch = state.ring->epoch,
                     .ballot = {1, ClusterId{8}},
                     .survivors = {state.ring->members.front().id}};
    CHECK(wire::defect(state).empty());
    state.consent.ballot = {};
    CHECK_FALSE(wire::defect(state).empty());
}
