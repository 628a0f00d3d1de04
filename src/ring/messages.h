#pragma once
// What members say to each other about rings: fetching, agreement, leases, joining, reports.

#include <cstdint>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "ring/change.h"
#include "ring/found_anew.h"
#include "ring/ring.h"

namespace grapevine {

// "Send me your ring if it is newer than mine." Anyone may ask anyone, also before joining. A
// member that is one behind is sent what has changed (Decided), unless it says that it has none.
struct RingRequest {
    Epoch have;
};

// The sender's ring, whole. Also for whoever shows an epoch that is older by more than one.
struct RingAnswer {
    RingPtr ring;  // null: the sender has no ring yet
};

// Ring `change.epoch` is decided. Sent to the members of its predecessor and of itself, and to
// whoever shows the epoch before.
struct Decided {
    RingChange change;
    std::uint64_t digest = 0;  // of the ring that the change makes; another result means: fetch
};

// Single-decree Paxos, one instance per epoch (Lamport, "Paxos Made Simple", 2001). Ballots are
// ordered by round, then by proposer, so no two proposers share one.
struct Ballot {
    std::uint64_t round = 0;  // 0: none
    NodeId proposer;
    constexpr auto operator<=>(const Ballot&) const = default;
    constexpr explicit operator bool() const { return round != 0; }
};

struct Prepare {  // phase 1a
    Epoch epoch;  // of the ring to be decided
    Ballot ballot;
};

struct AcceptedValue {
    Ballot ballot;
    RingChange change;
};

struct Promise {  // phase 1b
    Epoch epoch;
    Ballot ballot;
    std::optional<AcceptedValue> accepted;
    // Objections: members that the voter hears (ring/lease.h). A proposer that is free to choose
    // does not evict them.
    std::vector<NodeId> hears;
};

struct Accept {  // phase 2a
    Epoch epoch;
    Ballot ballot;
    RingChange change;
};

struct Accepted {  // phase 2b: "voted"
    Epoch epoch;
    Ballot ballot;
};

// A voter that promised a higher ballot says so, and the proposer backs off.
struct Rejected {
    Epoch epoch;
    Ballot ballot;  // the one that was refused
    Ballot promised;
};

// Lease heartbeat and probe in one (ring/lease.h). The pair exchanges three: request, echo with
// request, echo. Times are the clock of who sent the request and mean nothing to the other.
struct Heartbeat {
    Epoch epoch;               // the ring that the request is for; an echo repeats it
    std::int64_t sent_us = 0;  // nonzero: a request, echo it
    Epoch echo_epoch;
    std::int64_t echo_us = 0;  // nonzero: the receiver's own sent_us, of its ring echo_epoch
    bool grants = false;       // the echo counts towards the lease (the echoer has not voted on)
};

// "I have ring `have` and links to the members that I would link to: admit me."
struct JoinRequest {
    Member self;
    Epoch have;
};

struct FillReports {
    std::vector<FillReport> reports;
};

// What a member has not answered the sender for long. 0: it does.
struct LinkReport {
    NodeId peer;
    std::uint32_t link_ms = 0;       // on links, since the last answer
    std::uint32_t heartbeat_ms = 0;  // by datagram: what renews leases
};

// To whoever may propose, again and again while it is so.
struct LinkReports {
    std::vector<LinkReport> reports;
};

// What partitions that are down in ring `epoch`, and have been since, held is given up by an
// operator. To whoever may propose, again and again until a ring says so.
struct LossAccepted {
    Epoch epoch;
};

// The sender wants to leave: its partitions move to others first, then it goes. To whoever may
// propose, again and again until a ring says so.
struct LeaveNotice {};

// Asks whether the links between two members carry anything, there and back: the echo goes by the
// other's link to this one.
struct LinkCheck {
    std::int64_t sent_us = 0;  // nonzero: a request, echo it
    std::int64_t echo_us = 0;  // nonzero: the receiver's own sent_us
};

// "The cluster of this envelope lives", to an address where its coordinator or a seed used to
// listen and no member does: whoever starts there must not found a second one. And to members of
// the clusters that it was founded anew from.
struct Beacon {
    Ancestors ancestors;  // of that cluster
};

// The sender consents that a cluster is founded anew from the ring that it is in. To the other
// survivors, again and again until all have said so.
struct FoundAnew {
    Founding founding;
    std::uint64_t digest = 0;  // of the ring that is made; 0: the sender never will consent to it
    Consents consents{};       // of the sender, where it never will
};

}  // namespace grapevine
