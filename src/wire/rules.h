#pragma once
// What a message must keep to be well-formed in itself. Asserted before encoding, checked after
// decoding. Each says which rule is broken, in a few words, or nothing. For the files of wire only.

#include <string>

#include "client/messages.h"
#include "node/messages.h"
#include "ring/agreement.h"
#include "wire/hello.h"

namespace grapevine::wire {

// The whole message, its body's rules included.
std::string defect(const Envelope& envelope);
std::string defect(const ClientMessage& message);
std::string defect(const ServerMessage& message);
std::string defect(const Hello& hello);
std::string defect(const SavedState& state);

// The parts: swim_rules.cc, ring_rules.cc, replication_rules.cc, client_rules.cc.
std::string defect(const SwimMessage& message);
std::string defect(const SwimSync& message);

std::string defect(const Ring& ring);
std::string defect(const RingPtr& ring);  // null is none, which is no defect
std::string defect(const RingChange& change);
std::string defect(const RingRequest& message);
std::string defect(const RingAnswer& message);
std::string defect(const Decided& message);
std::string defect(const Prepare& message);
std::string defect(const Promise& message);
std::string defect(const Accept& message);
std::string defect(const Accepted& message);
std::string defect(const Rejected& message);
std::string defect(const Heartbeat& message);
std::string defect(const JoinRequest& message);
std::string defect(const FillReports& message);
std::string defect(const LossAccepted& message);
std::string defect(const LeaveNotice& message);
std::string defect(const LinkCheck& message);
std::string defect(const LinkReports& message);
std::string defect(const Beacon& message);
std::string defect(const Founding& founding);
std::string defect(const FoundAnew& message);

std::string defect(const Replicate& message);
std::string defect(const Gather& message);
std::string defect(const Gathered& message);
std::string defect(const FillChunk& message);
std::string defect(const FillAck& message);

std::string defect(const Request& message);
std::string defect(const RingPoll& message);
std::string defect(const StatusRequest& message);
std::string defect(const StopRequest& message);
std::string defect(const Reply& message);
std::string defect(const RingReply& message);
std::string defect(const StatusReply& message);
std::string defect(const StopReply& message);
std::string defect(const AcceptLoss& message);
std::string defect(const AcceptLossReply& message);
std::string defect(const LeaveRequest& message);
std::string defect(const LeaveReply& message);
std::string defect(const HistoryRequest& message);
std::string defect(const HistoryReply& message);
std::string defect(const ForceRing& message);
std::string defect(const ForceRingReply& message);
std::string defect(const ErrorReply& message);

}  // namespace grapevine::wire
