#include "wire/codecs.h"

namespace grapevine::wire {

static_assert(static_cast<int>(fb::OperationKind::MAX) == static_cast<int>(OperationKind::erase));
static_assert(static_cast<int>(fb::Condition::MAX) == static_cast<int>(Condition::version));
static_assert(static_cast<int>(fb::Status::MAX) == static_cast<int>(Status::lapsed));

namespace {

// A zero version is left out.
const fb::Version* unless_zero(const Version& version, const fb::Version& packed) {
    return version == Version{} ? nullptr : &packed;
}

}  // namespace

Packed<fb::Request> pack(Builder& builder, const Request& message) {
    const auto key = pack_bytes(builder, message.key);
    const auto value = pack_bytes(builder, message.value);
    const fb::Version expected = pack(message.expected);
    return fb::CreateRequest(builder, message.client.value, message.sequence, message.floor,
                             message.stamp_ms, message.epoch.value, message.deadline_ms,
                             static_cast<fb::OperationKind>(message.kind),
                             static_cast<fb::Condition>(message.condition),
                             unless_zero(message.expected, expected), key, value);
}

Request unpack(Unpacker& unpacker, const fb::Request& in) {
    return {.client = ClientId{in.client()},
            .sequence = in.sequence(),
            .floor = in.floor(),
            .stamp_ms = in.stamp_ms(),
            .epoch = Epoch{in.epoch()},
            .deadline_ms = in.deadline_ms(),
            .kind = static_cast<OperationKind>(in.kind()),
            .condition = static_cast<Condition>(in.condition()),
            .expected = unpack(in.expected()),
            .key = unpacker.bytes(in.key()),
            .value = unpacker.bytes(in.value())};
}

Packed<fb::RingPoll> pack(Builder& builder, const RingPoll& message) {
    return fb::CreateRingPoll(builder, message.have.value, message.wait_ms);
}

RingPoll unpack(Unpacker&, const fb::RingPoll& in) {
    return {.have = Epoch{in.have()}, .wait_ms = in.wait_ms()};
}

Packed<fb::StatusRequest> pack(Builder& builder, const StatusRequest&) {
    return fb::CreateStatusRequest(builder);
}

StatusRequest unpack(Unpacker&, const fb::StatusRequest&) {
    return {};
}

Packed<fb::StopRequest> pack(Builder& builder, const StopRequest&) {
    return fb::CreateStopRequest(builder);
}

StopRequest unpack(Unpacker&, const fb::StopRequest&) {
    return {};
}

Packed<fb::Reply> pack(Builder& builder, const Reply& message) {
    const auto value = pack_bytes(builder, message.value);
    const fb::Version version = pack(message.version);
    return fb::CreateReply(builder, message.sequence, static_cast<fb::Status>(message.status),
                           unless_zero(message.version, version), message.epoch.value,
                           message.stamp_ms, value);
}

Reply unpack(Unpacker& unpacker, const fb::Reply& in) {
    return {.sequence = in.sequence(),
            .status = static_cast<Status>(in.status()),
            .version = unpack(in.version()),
            .epoch = Epoch{in.epoch()},
            .stamp_ms = in.stamp_ms(),
            .value = unpacker.bytes(in.value())};
}

Packed<fb::RingReply> pack(Builder& builder, const RingReply& message) {
    return fb::CreateRingReply(builder, message.ring ? pack(builder, *message.ring) : 0);
}

RingReply unpack(Unpacker& unpacker, const fb::RingReply& in) {
    if (in.ring() == nullptr) return {};
    return {.ring = std::make_shared<const Ring>(unpack(unpacker, *in.ring()))};
}

Packed<fb::StatusReply> pack(Builder& builder, const StatusReply& message) {
    const auto name = pack_text(builder, message.name);
    const fb::Address coordinator = pack(message.coordinator);
    return fb::CreateStatusReply(builder, message.id.value, name, message.epoch.value, message.keys,
                                 message.keys_held, message.memory_bytes, message.serving,
                                 message.filling, &coordinator);
}

StatusReply unpack(Unpacker& unpacker, const fb::StatusReply& in) {
    return {.id = NodeId{in.id()},
            .name = unpacker.text(in.name()),
            .epoch = Epoch{in.epoch()},
            .keys = in.keys(),
            .keys_held = in.keys_held(),
            .memory_bytes = in.memory_bytes(),
            .serving = in.serving(),
            .filling = in.filling(),
            .coordinator = unpack(in.coordinator())};
}

Packed<fb::StopReply> pack(Builder& builder, const StopReply&) {
    return fb::CreateStopReply(builder);
}

StopReply unpack(Unpacker&, const fb::StopReply&) {
    return {};
}

Packed<fb::AcceptLoss> pack(Builder& builder, const AcceptLoss& message) {
    return fb::CreateAcceptLoss(builder, message.epoch.value);
}

AcceptLoss unpack(Unpacker&, const fb::AcceptLoss& in) {
    return {.epoch = Epoch{in.epoch()}};
}

Packed<fb::AcceptLossReply> pack(Builder& builder, const AcceptLossReply& message) {
    return fb::CreateAcceptLossReply(builder, message.restarted, message.left);
}

AcceptLossReply unpack(Unpacker&, const fb::AcceptLossReply& in) {
    return {.restarted = in.restarted(), .left = in.left()};
}

Packed<fb::LeaveRequest> pack(Builder& builder, const LeaveRequest&) {
    return fb::CreateLeaveRequest(builder);
}

LeaveRequest unpack(Unpacker&, const fb::LeaveRequest&) {
    return {};
}

Packed<fb::LeaveReply> pack(Builder& builder, const LeaveReply&) {
    return fb::CreateLeaveReply(builder);
}

LeaveReply unpack(Unpacker&, const fb::LeaveReply&) {
    return {};
}

Packed<fb::ErrorReply> pack(Builder& builder, const ErrorReply& message) {
    const std::string_view sentence =
        std::string_view(message.message).substr(0, sentence_size_max);
    return fb::CreateErrorReply(builder, pack_text(builder, sentence));
}

ErrorReply unpack(Unpacker& unpacker, const fb::ErrorReply& in) {
    ErrorReply reply{.message = unpacker.text(in.message())};
    if (reply.message.size() > sentence_size_max) unpacker.fail("an error's sentence is too long");
    return reply;
}

}  // namespace grapevine::wire
