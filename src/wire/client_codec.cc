#include "wire/codecs.h"

namespace grapevine::wire {

static_assert(static_cast<int>(fb::OperationKind::MAX) == static_cast<int>(OperationKind::query));
static_assert(static_cast<int>(fb::Condition::MAX) == static_cast<int>(Condition::version));
static_assert(static_cast<int>(fb::RingCause::MAX) == static_cast<int>(RingCause::copies));
static_assert(static_cast<int>(fb::Status::MAX) == static_cast<int>(Status::full));

fb::RequestHead pack_head(const Request& message) {
    return {message.client.value,
            message.sequence,
            message.floor,
            message.stamp_ms,
            message.epoch.value,
            pack(message.expected),
            message.deadline_ms,
            static_cast<fb::OperationKind>(message.kind),
            static_cast<fb::Condition>(message.condition)};
}

Packed<fb::Request> pack(Builder& builder, const Request& message) {
    const auto key = pack_bytes(builder, message.key);
    const auto value = pack_bytes(builder, message.value);
    const fb::RequestHead head = pack_head(message);
    return fb::CreateRequest(builder, &head, key, value, message.slot);
}

Request unpack(Unpacker& unpacker, const fb::Request& in) {
    const fb::RequestHead& head = *in.head();
    return {.client = ClientId{head.client()},
            .sequence = head.sequence(),
            .floor = head.floor(),
            .stamp_ms = head.stamp_ms(),
            .epoch = Epoch{head.epoch()},
            .deadline_ms = head.deadline_ms(),
            .kind = static_cast<OperationKind>(head.kind()),
            .condition = static_cast<Condition>(head.condition()),
            .expected = unpack(&head.expected()),
            .slot = in.slot(),
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

fb::ReplyHead pack_head(const Reply& message) {
    return {message.sequence, pack(message.version), message.epoch.value, message.stamp_ms,
            static_cast<fb::Status>(message.status)};
}

Packed<fb::Reply> pack(Builder& builder, const Reply& message) {
    const auto value = pack_bytes(builder, message.value);
    const fb::ReplyHead head = pack_head(message);
    return fb::CreateReply(builder, &head, value);
}

Reply unpack(Unpacker& unpacker, const fb::Reply& in) {
    const fb::ReplyHead& head = *in.head();
    return {.sequence = head.sequence(),
            .status = static_cast<Status>(head.status()),
            .version = unpack(&head.version()),
            .epoch = Epoch{head.epoch()},
            .stamp_ms = head.stamp_ms(),
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
    const auto to_send = pack_list(builder, message.to_send, [](const ToSend& each) {
        return fb::ToSend(each.to.value, each.keys);
    });
    const auto suspected =
        pack_list(builder, message.suspected, [](NodeId id) { return id.value; });
    const auto pack_address = [](const Address& each) { return pack(each); };
    const auto waiting = pack_list(builder, message.waiting, pack_address);
    const auto coordinators_before = pack_list(builder, message.coordinators_before, pack_address);
    return fb::CreateStatusReply(
        builder, message.id.value, name, message.epoch.value, message.keys, message.keys_held,
        message.memory_bytes, message.serving, message.filling, &coordinator,
        message.fill_bytes_per_second, message.fill_keys_per_second, to_send, suspected,
        message.memory_max, message.cluster.value, message.force_round, message.unserved_ms,
        message.ring_age_ms, coordinators_before, waiting, message.pid);
}

StatusReply unpack(Unpacker& unpacker, const fb::StatusReply& in) {
    return {.id = NodeId{in.id()},
            .name = unpacker.text(in.name()),
            .epoch = Epoch{in.epoch()},
            .keys = in.keys(),
            .keys_held = in.keys_held(),
            .memory_bytes = in.memory_bytes(),
            .serving = in.serving(),
            .unserved_ms = in.unserved_ms(),
            .ring_age_ms = in.ring_age_ms(),
            .filling = in.filling(),
            .coordinator = unpack(in.coordinator()),
            .fill_bytes_per_second = in.fill_bytes_per_second(),
            .fill_keys_per_second = in.fill_keys_per_second(),
            .memory_max = in.memory_max(),
            .to_send = unpacker.list(
                in.to_send(),
                [](const fb::ToSend* each) { return ToSend{NodeId{each->to()}, each->keys()}; }),
            .suspected = unpacker.list(in.suspected(), [](std::uint64_t id) { return NodeId{id}; }),
            .cluster = ClusterId{in.cluster()},
            .force_round = in.force_round(),
            .coordinators_before = unpacker.list(
                in.coordinators_before(), [](const fb::Address* each) { return unpack(each); }),
            .pid = in.pid(),
            .waiting =
                unpacker.list(in.waiting(), [](const fb::Address* each) { return unpack(each); })};
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

Packed<fb::HistoryRequest> pack(Builder& builder, const HistoryRequest&) {
    return fb::CreateHistoryRequest(builder);
}

HistoryRequest unpack(Unpacker&, const fb::HistoryRequest&) {
    return {};
}

Packed<fb::HistoryReply> pack(Builder& builder, const HistoryReply& message) {
    return fb::CreateHistoryReply(
        builder, pack_list(builder, message.events, [&](const RingEvent& event) {
            const std::string_view what = std::string_view(event.what).substr(0, sentence_size_max);
            return fb::CreateRingEvent(builder, event.epoch.value, event.ago_ms, event.detected_ms,
                                       event.agreed_ms, event.active_ms, event.repaired_ms,
                                       pack_text(builder, what), event.last_epoch.value,
                                       event.copies_made, static_cast<fb::RingCause>(event.cause));
        }));
}

namespace {

// A label, of which a later version may know more.
RingCause cause_of(fb::RingCause cause) {
    return cause <= fb::RingCause::MAX ? static_cast<RingCause>(cause) : RingCause::other;
}

}  // namespace

HistoryReply unpack(Unpacker& unpacker, const fb::HistoryReply& in) {
    return {.events = unpacker.list(in.events(), [&](const fb::RingEvent* event) {
        return RingEvent{.epoch = Epoch{event->epoch()},
                         .ago_ms = event->ago_ms(),
                         .detected_ms = event->detected_ms(),
                         .agreed_ms = event->agreed_ms(),
                         .active_ms = event->active_ms(),
                         .repaired_ms = event->repaired_ms(),
                         .what = unpacker.text(event->what()),
                         .last_epoch = Epoch{event->last_epoch()},
                         .copies_made = event->copies_made(),
                         .cause = cause_of(event->cause())};
    })};
}

Packed<fb::ForceRing> pack(Builder& builder, const ForceRing& message) {
    return fb::CreateForceRing(builder, message.parent.value, pack(builder, message.founding));
}

ForceRing unpack(Unpacker& unpacker, const fb::ForceRing& in) {
    if (in.founding() == nullptr) return {};
    return {.parent = ClusterId{in.parent()}, .founding = unpack(unpacker, *in.founding())};
}

Packed<fb::ForceRingReply> pack(Builder& builder, const ForceRingReply& message) {
    return fb::CreateForceRingReply(builder, message.founded, message.epoch.value,
                                    pack(builder, message.awaited));
}

ForceRingReply unpack(Unpacker& unpacker, const fb::ForceRingReply& in) {
    return {.founded = in.founded(),
            .epoch = Epoch{in.epoch()},
            .awaited = unpack(unpacker, in.awaited())};
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
