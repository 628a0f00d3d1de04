#pragma once
// What members send each other: one envelope for datagrams and links.

#include <variant>

#include "base/address.h"
#include "base/ids.h"
#include "replication/messages.h"
#include "ring/messages.h"
#include "swim/messages.h"

namespace grapevine {

using PeerBody = std::variant<SwimMessage, Heartbeat, Beacon,              // datagrams
                              SwimSync, RingRequest, RingAnswer, Decided,  // links
                              Prepare, Promise, Accept, Accepted, Rejected, JoinRequest,     //
                              FillReports, Replicate, Gather, Gathered, FillChunk, FillAck,  //
                              LinkCheck, LinkReports, LossAccepted, LeaveNotice, FoundAnew>;

struct Envelope {
    ClusterId cluster;  // zero: the sender is in none yet (RingRequest, JoinRequest only)
    NodeId from;
    Address from_address;  // where the sender listens
    NodeId to;             // zero: whoever listens there (RingRequest, Beacon); a process that is
                           // not the one named answers with its ring and does nothing else
    Epoch epoch;           // of the sender's ring
    PeerBody body;
};

// True where the body travels as a datagram.
inline bool is_datagram(const PeerBody& body) {
    return std::holds_alternative<SwimMessage>(body) || std::holds_alternative<Heartbeat>(body) ||
           std::holds_alternative<Beacon>(body);
}

}  // namespace grapevine
