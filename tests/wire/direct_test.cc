#include "wire/direct.h"

#include <schema/client_generated.h>
#include <schema/peer_generated.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "wire/samples.h"
#include "wire/wire.h"

using namespace grapevine;

namespace {

constexpr auto client_message = wire::is_direct_client_message;
constexpr auto server_message = wire::is_direct_server_message;
constexpr auto peer_message = wire::is_direct_envelope;

std::string payload_of(const std::string& frame) {
    return frame.substr(frame_header_size);
}

template <class Root>
bool verifies(const std::string& payload) {
    flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(payload.data()),
                                   payload.size(), {.max_depth = 16, .max_tables = 1'000'000});
    return verifier.VerifyBuffer<Root>(nullptr);
}

// Whatever is done to a message, what is taken for one in the known layout must be one that the
// verifier lets through as well.
template <class Root>
void check_damaged(const std::string& whole, bool (*is_direct)(std::string_view), Rng& rng) {
    REQUIRE(is_direct(whole));
    REQUIRE(verifies<Root>(whole));
    int taken = 0;
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = whole;
        if (rng.chance(1, 4)) damaged.resize(rng.below(whole.size() / 8) * 8);
        for (std::uint64_t i = 1 + rng.below(3); i > 0 && !damaged.empty(); --i) {
            const std::size_t at = rng.below(damaged.size());
            damaged[at] = static_cast<char>(rng.chance(1, 2) ? rng.next() : damaged[at] + 4);
        }
        if (is_direct(damaged)) {
            ++taken;
            if (!verifies<Root>(damaged)) FAIL("the verifier refuses what was taken");
        } else {
            ++refused;
        }
    }
    CHECK(taken > 0);
    CHECK(refused > 0);
}

// What programs leave behind is for the builder.
bool is_plain(const Replicate& message) {
    return std::ranges::none_of(message.ops,
                                [](const OpPtr& op) { return static_cast<bool>(op->more); });
}

Replicate plain_replicate(Samples& samples) {
    auto message = samples.make<Replicate>();
    for (OpPtr& each : message.ops) {
        Op op = *each;
        op.more = {};
        if (op.kind == OpKind::batch) op.kind = OpKind::none;
        each = make_op(std::move(op));
    }
    return message;
}

Request plain_request(Samples& samples) {
    auto request = samples.make<Request>();
    request.slot = -1;
    return request;
}

Envelope replicate_of(Samples& samples) {
    for (;;) {
        auto message = plain_replicate(samples);
        if (message.ops.size() > 1 && !message.acks.empty()) {
            return samples.envelope(std::move(message));
        }
    }
}

}  // namespace

TEST_CASE("requests, replies and replication are encoded directly, and the verifier agrees",
          "[wire]") {
    Samples samples(11);
    for (int round = 0; round < 300; ++round) {
        const std::string request = payload_of(encode(ClientMessage{plain_request(samples)}));
        CHECK(client_message(request));
        CHECK(verifies<fb::ClientMessage>(request));
        const std::string reply = payload_of(encode(ServerMessage{samples.make<Reply>()}));
        CHECK(server_message(reply));
        CHECK(verifies<fb::ServerMessage>(reply));
        const std::string peer = payload_of(encode(samples.envelope(plain_replicate(samples))));
        CHECK(peer_message(peer));
        CHECK(verifies<fb::Envelope>(peer));
    }
}

TEST_CASE("a damaged message is never taken for a direct one that leads out of its bytes",
          "[wire]") {
    Samples samples(12);
    for (int round = 0; round < 30; ++round) {
        check_damaged<fb::ClientMessage>(payload_of(encode(ClientMessage{plain_request(samples)})),
                                         client_message, samples.rng());
        check_damaged<fb::ServerMessage>(payload_of(encode(ServerMessage{samples.make<Reply>()})),
                                         server_message, samples.rng());
        check_damaged<fb::Envelope>(payload_of(encode(replicate_of(samples))), peer_message,
                                    samples.rng());
    }
}

TEST_CASE("other messages are left to the builder", "[wire]") {
    Samples samples(13);
    for (const Envelope& envelope : samples.envelopes()) {
        const auto* const replicate = std::get_if<Replicate>(&envelope.body);
        CHECK(peer_message(payload_of(encode(envelope))) ==
              (replicate != nullptr && is_plain(*replicate)));
    }
    for (int round = 0; round < 100; ++round) {
        const auto replicate = samples.make<Replicate>();
        CHECK(peer_message(payload_of(encode(samples.envelope(replicate)))) == is_plain(replicate));
    }
    for (const ClientMessage& message : samples.client_messages()) {
        const auto* const request = std::get_if<Request>(&message);
        CHECK(client_message(payload_of(encode(message))) ==
              (request != nullptr && request->slot == -1));
    }
    for (const ServerMessage& message : samples.server_messages()) {
        CHECK(server_message(payload_of(encode(message))) ==
              std::holds_alternative<Reply>(message));
    }
}

// As another implementation may write it: the builder leaves empty fields out.
TEST_CASE("the builder's own layouts are read as well", "[wire]") {
    flatbuffers::FlatBufferBuilder builder;
    const fb::Version none;
    const fb::RequestHead head(7, 2, 1, 1000, 3, none, 500, fb::OperationKind::get,
                               fb::Condition::none);
    const std::uint8_t key[] = {'k'};
    const auto request = fb::CreateRequest(builder, &head, builder.CreateVector(key, 1));
    builder.Finish(fb::CreateClientMessage(builder, fb::ClientBody::Request, request.Union()));
    const std::string payload(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                              builder.GetSize());
    CHECK_FALSE(client_message(payload));
    const auto message = decode_client_message(payload);
    REQUIRE(message.has_value());
    const Request expected{.client = ClientId{7},
                           .sequence = 2,
                           .floor = 1,
                           .stamp_ms = 1000,
                           .epoch = Epoch{3},
                           .deadline_ms = 500,
                           .key = "k"};
    CHECK(same(std::get<Request>(*message), expected));
}
