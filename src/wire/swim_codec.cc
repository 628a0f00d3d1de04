#include "wire/codecs.h"

namespace grapevine::wire {

static_assert(static_cast<int>(fb::Liveness::MAX) == static_cast<int>(Liveness::dead));
static_assert(static_cast<int>(fb::Evidence::MAX) == static_cast<int>(Evidence::gone));

namespace {

fb::Rumor pack(const Rumor& rumor) {
    return {rumor.member.value, rumor.observer.value, rumor.incarnation.value,
            static_cast<fb::Liveness>(rumor.liveness), static_cast<fb::Evidence>(rumor.evidence)};
}

auto pack(Builder& builder, const std::vector<Rumor>& rumors) {
    return pack_list(builder, rumors, [](const Rumor& rumor) { return pack(rumor); });
}

std::vector<Rumor> unpack(Unpacker& unpacker, const flatbuffers::Vector<const fb::Rumor*>* in) {
    return unpacker.list(in, [](const fb::Rumor* rumor) {
        return Rumor{.member = NodeId{rumor->member()},
                     .liveness = static_cast<Liveness>(rumor->liveness()),
                     .evidence = static_cast<Evidence>(rumor->evidence()),
                     .incarnation = Incarnation{rumor->incarnation()},
                     .observer = NodeId{rumor->observer()}};
    });
}

// The five kinds differ in two fields at most and share one table: datagrams stay small.
struct SwimFields {
    fb::SwimKind kind;
    std::uint64_t number = 0;
    NodeId member;
};

SwimFields fields(const Ping& ping) {
    return {.kind = fb::SwimKind::ping, .number = ping.number, .member = {}};
}
SwimFields fields(const PingRequest& ping) {
    return {.kind = fb::SwimKind::ping_request, .number = ping.number, .member = ping.target};
}
SwimFields fields(const Ack& ack) {
    return {.kind = fb::SwimKind::ack, .number = ack.number, .member = ack.member};
}
SwimFields fields(const Nack& nack) {
    return {.kind = fb::SwimKind::nack, .number = nack.number, .member = {}};
}
SwimFields fields(const Gossip&) {
    return {.kind = fb::SwimKind::gossip, .number = 0, .member = {}};
}

decltype(SwimMessage::body) unpack_body(Unpacker& unpacker, const fb::SwimMessage& in) {
    switch (in.kind()) {
        case fb::SwimKind::ping:
            return Ping{.number = in.number()};
        case fb::SwimKind::ping_request:
            return PingRequest{.number = in.number(), .target = NodeId{in.member()}};
        case fb::SwimKind::ack:
            return Ack{.number = in.number(), .member = NodeId{in.member()}};
        case fb::SwimKind::nack:
            return Nack{.number = in.number()};
        case fb::SwimKind::gossip:
            return Gossip{};
    }
    unpacker.fail("a gossip packet is of an unknown kind");
    return Gossip{};
}

}  // namespace

Packed<fb::SwimMessage> pack(Builder& builder, const SwimMessage& message) {
    const auto rumors = pack(builder, message.rumors);
    const auto [kind, number, member] =
        std::visit([](const auto& body) { return fields(body); }, message.body);
    return fb::CreateSwimMessage(builder, kind, number, member.value, rumors);
}

SwimMessage unpack(Unpacker& unpacker, const fb::SwimMessage& in) {
    return {.body = unpack_body(unpacker, in), .rumors = unpack(unpacker, in.rumors())};
}

Packed<fb::SwimSync> pack(Builder& builder, const SwimSync& message) {
    return fb::CreateSwimSync(builder, message.request, pack(builder, message.rumors));
}

SwimSync unpack(Unpacker& unpacker, const fb::SwimSync& in) {
    return {.request = in.request(), .rumors = unpack(unpacker, in.rumors())};
}

}  // namespace grapevine::wire
