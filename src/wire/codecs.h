#pragma once
// Each message to its table of the schema (pack) and back (unpack). Unpacking only converts: it
// takes any verified table, and what the values mean is judged after it, by wire/rules.h. For the
// files of wire only.

#include <schema/client_generated.h>
#include <schema/hello_generated.h>
#include <schema/peer_generated.h>
#include <schema/saved_generated.h>

#include "client/messages.h"
#include "node/messages.h"
#include "ring/agreement.h"
#include "wire/hello.h"
#include "wire/packing.h"

namespace grapevine::wire {

template <class Table>
using Packed = flatbuffers::Offset<Table>;

// Values that several conversations share.
inline fb::Version pack(const Version& version) {
    return {version.epoch.value, version.counter};
}
inline Version unpack(const fb::Version* in) {
    if (in == nullptr) return {};
    return {.epoch = Epoch{in->epoch()}, .counter = in->counter()};
}
// The fixed parts of what is said most often.
fb::RequestHead pack_head(const Request& message);
fb::ReplyHead pack_head(const Reply& message);
fb::OpHead pack_head(const Op& op);
fb::EntryRef pack(const EntryRef& entry);
fb::ReplicateAck pack(const Replicate::Ack& ack);
fb::ReplicatePart pack(const Replicate::Part& part);
inline fb::Address pack(const Address& address) {
    return {address.ip, address.port};
}
inline Address unpack(const fb::Address* in) {
    if (in == nullptr) return {};
    return {.ip = in->ip(), .port = in->port()};
}
Packed<fb::Ring> pack(Builder& builder, const Ring& ring);
Ring unpack(Unpacker& unpacker, const fb::Ring& in);
Packed<fb::Member> pack(Builder& builder, const Member& member);
Member unpack(Unpacker& unpacker, const fb::Member& in);
Packed<fb::RingChange> pack(Builder& builder, const RingChange& change);
RingChange unpack(Unpacker& unpacker, const fb::RingChange& in);
Packed<flatbuffers::Vector<const fb::FillReport*>> pack(Builder& builder,
                                                        const std::vector<FillReport>& reports);
std::vector<FillReport> unpack(Unpacker& unpacker,
                               const flatbuffers::Vector<const fb::FillReport*>* in);
Packed<flatbuffers::Vector<std::uint64_t>> pack(Builder& builder, const std::vector<NodeId>& ids);
std::vector<NodeId> unpack(Unpacker& unpacker, const flatbuffers::Vector<std::uint64_t>* in);
Packed<flatbuffers::Vector<const fb::Ancestor*>> pack(Builder& builder, const Ancestors& ancestors);
Ancestors unpack(Unpacker& unpacker, const flatbuffers::Vector<const fb::Ancestor*>* in);

// What members say: swim_codec.cc, ring_codec.cc, replication_codec.cc.
Packed<fb::SwimMessage> pack(Builder& builder, const SwimMessage& message);
Packed<fb::SwimSync> pack(Builder& builder, const SwimSync& message);
Packed<fb::Heartbeat> pack(Builder& builder, const Heartbeat& message);
Packed<fb::RingRequest> pack(Builder& builder, const RingRequest& message);
Packed<fb::RingAnswer> pack(Builder& builder, const RingAnswer& message);
Packed<fb::Decided> pack(Builder& builder, const Decided& message);
Packed<fb::Prepare> pack(Builder& builder, const Prepare& message);
Packed<fb::Promise> pack(Builder& builder, const Promise& message);
Packed<fb::Accept> pack(Builder& builder, const Accept& message);
Packed<fb::Accepted> pack(Builder& builder, const Accepted& message);
Packed<fb::Rejected> pack(Builder& builder, const Rejected& message);
Packed<fb::JoinRequest> pack(Builder& builder, const JoinRequest& message);
Packed<fb::FillReports> pack(Builder& builder, const FillReports& message);
Packed<fb::LinkCheck> pack(Builder& builder, const LinkCheck& message);
Packed<fb::LinkReports> pack(Builder& builder, const LinkReports& message);
Packed<fb::Beacon> pack(Builder& builder, const Beacon& message);
Packed<fb::Founding> pack(Builder& builder, const Founding& founding);
Packed<fb::FoundAnew> pack(Builder& builder, const FoundAnew& message);
Packed<fb::LeaveNotice> pack(Builder& builder, const LeaveNotice& message);
Packed<fb::LossAccepted> pack(Builder& builder, const LossAccepted& message);
Packed<fb::Replicate> pack(Builder& builder, const Replicate& message);
Packed<fb::Gather> pack(Builder& builder, const Gather& message);
Packed<fb::Gathered> pack(Builder& builder, const Gathered& message);
Packed<fb::FillChunk> pack(Builder& builder, const FillChunk& message);
Packed<fb::FillAck> pack(Builder& builder, const FillAck& message);

SwimMessage unpack(Unpacker& unpacker, const fb::SwimMessage& in);
SwimSync unpack(Unpacker& unpacker, const fb::SwimSync& in);
Heartbeat unpack(Unpacker& unpacker, const fb::Heartbeat& in);
RingRequest unpack(Unpacker& unpacker, const fb::RingRequest& in);
RingAnswer unpack(Unpacker& unpacker, const fb::RingAnswer& in);
Decided unpack(Unpacker& unpacker, const fb::Decided& in);
Prepare unpack(Unpacker& unpacker, const fb::Prepare& in);
Promise unpack(Unpacker& unpacker, const fb::Promise& in);
Accept unpack(Unpacker& unpacker, const fb::Accept& in);
Accepted unpack(Unpacker& unpacker, const fb::Accepted& in);
Rejected unpack(Unpacker& unpacker, const fb::Rejected& in);
JoinRequest unpack(Unpacker& unpacker, const fb::JoinRequest& in);
FillReports unpack(Unpacker& unpacker, const fb::FillReports& in);
LinkCheck unpack(Unpacker& unpacker, const fb::LinkCheck& in);
LinkReports unpack(Unpacker& unpacker, const fb::LinkReports& in);
Beacon unpack(Unpacker& unpacker, const fb::Beacon& in);
Founding unpack(Unpacker& unpacker, const fb::Founding& in);
FoundAnew unpack(Unpacker& unpacker, const fb::FoundAnew& in);
LeaveNotice unpack(Unpacker& unpacker, const fb::LeaveNotice& in);
LossAccepted unpack(Unpacker& unpacker, const fb::LossAccepted& in);
Replicate unpack(Unpacker& unpacker, const fb::Replicate& in);
Gather unpack(Unpacker& unpacker, const fb::Gather& in);
Gathered unpack(Unpacker& unpacker, const fb::Gathered& in);
FillChunk unpack(Unpacker& unpacker, const fb::FillChunk& in);
FillAck unpack(Unpacker& unpacker, const fb::FillAck& in);

// What a voter keeps: agreement_codec.cc.
Packed<fb::SavedState> pack(Builder& builder, const SavedState& state);
SavedState unpack(Unpacker& unpacker, const fb::SavedState& in);

// What clients and cluster say: client_codec.cc.
Packed<fb::Request> pack(Builder& builder, const Request& message);
Packed<fb::RingPoll> pack(Builder& builder, const RingPoll& message);
Packed<fb::StatusRequest> pack(Builder& builder, const StatusRequest& message);
Packed<fb::StopRequest> pack(Builder& builder, const StopRequest& message);
Packed<fb::Reply> pack(Builder& builder, const Reply& message);
Packed<fb::RingReply> pack(Builder& builder, const RingReply& message);
Packed<fb::StatusReply> pack(Builder& builder, const StatusReply& message);
Packed<fb::StopReply> pack(Builder& builder, const StopReply& message);
Packed<fb::AcceptLoss> pack(Builder& builder, const AcceptLoss& message);
Packed<fb::AcceptLossReply> pack(Builder& builder, const AcceptLossReply& message);
Packed<fb::LeaveRequest> pack(Builder& builder, const LeaveRequest& message);
Packed<fb::LeaveReply> pack(Builder& builder, const LeaveReply& message);
Packed<fb::HistoryRequest> pack(Builder& builder, const HistoryRequest& message);
Packed<fb::ForceRing> pack(Builder& builder, const ForceRing& message);
Packed<fb::ForceRingReply> pack(Builder& builder, const ForceRingReply& message);
Packed<fb::HistoryReply> pack(Builder& builder, const HistoryReply& message);
Packed<fb::ErrorReply> pack(Builder& builder, const ErrorReply& message);

Request unpack(Unpacker& unpacker, const fb::Request& in);
RingPoll unpack(Unpacker& unpacker, const fb::RingPoll& in);
StatusRequest unpack(Unpacker& unpacker, const fb::StatusRequest& in);
StopRequest unpack(Unpacker& unpacker, const fb::StopRequest& in);
Reply unpack(Unpacker& unpacker, const fb::Reply& in);
RingReply unpack(Unpacker& unpacker, const fb::RingReply& in);
StatusReply unpack(Unpacker& unpacker, const fb::StatusReply& in);
StopReply unpack(Unpacker& unpacker, const fb::StopReply& in);
AcceptLoss unpack(Unpacker& unpacker, const fb::AcceptLoss& in);
AcceptLossReply unpack(Unpacker& unpacker, const fb::AcceptLossReply& in);
LeaveRequest unpack(Unpacker& unpacker, const fb::LeaveRequest& in);
LeaveReply unpack(Unpacker& unpacker, const fb::LeaveReply& in);
HistoryRequest unpack(Unpacker& unpacker, const fb::HistoryRequest& in);
ForceRing unpack(Unpacker& unpacker, const fb::ForceRing& in);
ForceRingReply unpack(Unpacker& unpacker, const fb::ForceRingReply& in);
HistoryReply unpack(Unpacker& unpacker, const fb::HistoryReply& in);
ErrorReply unpack(Unpacker& unpacker, const fb::ErrorReply& in);

// A message's table, as the schema names it.
template <class Message>
using TableOf = typename TableOfOffset<decltype(pack(std::declval<Builder&>(),
                                                     std::declval<const Message&>()))>::Table;

// One alternative of a union: false where `number` is another's.
template <class Message, template <class> class Traits, class Body, class Number>
bool unpack_alternative(Unpacker& unpacker, Number number, const void* table, Body& body) {
    using Table = TableOf<Message>;
    if (number != Traits<Table>::enum_value) return false;
    body.template emplace<Message>(unpack(unpacker, *static_cast<const Table*>(table)));
    return true;
}

// A union's body. The verifier lets absent and unknown ones pass: here they fail.
template <template <class> class Traits, class... Message, class Number>
void unpack_body(Unpacker& unpacker, Number number, const void* table,
                 std::variant<Message...>& body) {
    if (table == nullptr ||
        !(unpack_alternative<Message, Traits>(unpacker, number, table, body) || ...)) {
        unpacker.fail("a message has no body that this version knows");
    }
}

}  // namespace grapevine::wire
