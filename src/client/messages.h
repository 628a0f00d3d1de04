#pragma once
// What clients and cluster say to each other on a client's connection. Every member answers all of
// these; Request only where it is the primary. Answers to requests may come out of order, matched
// by sequence.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "ring/found_anew.h"
#include "ring/ring.h"
#include "store/operation.h"

namespace grapevine {

// "Tell me the ring as soon as it is newer than `have`, within wait_ms." One pending at a time on a
// connection; a second replaces the first.
struct RingPoll {
    Epoch have;                 // 0: whatever there is
    std::uint32_t wait_ms = 0;  // 0: answer at once, newer or not
};
struct RingReply {
    RingPtr ring;  // null: none that is newer (or none yet)
};

struct StatusRequest {};
// What a primary has yet to send to one fill or several: about, since keys come and go meanwhile.
struct ToSend {
    NodeId to;
    std::uint64_t keys = 0;
};
inline constexpr std::size_t coordinators_before_max = 8;
inline constexpr std::size_t members_waiting_max = 1024;
struct StatusReply {
    NodeId id;  // of the member that answers
    std::string name;
    Epoch epoch;
    std::uint64_t keys = 0;       // in partitions that it is primary of
    std::uint64_t keys_held = 0;  // in all that it holds
    std::uint64_t memory_bytes = 0;
    std::uint32_t serving = 0;      // partitions that it serves now as active primary, with lease
    std::uint64_t unserved_ms = 0;  // how long it has not served what it is primary of: of these
                                    // partitions the longest; 0: it serves all of them
    std::uint64_t ring_age_ms = 0;  // how long it has been in its ring
    std::uint32_t filling = 0;      // partitions that it is receiving
    Address coordinator{};  // where the latest coordinator of its cluster listened; zero: none
    std::uint64_t fill_bytes_per_second = 0;  // received by fills, over the last second
    std::uint64_t fill_keys_per_second = 0;
    std::uint64_t memory_max = 0;   // of memory_bytes, above puts are refused; 0: no bound
    std::vector<ToSend> to_send;    // ascending
    std::vector<NodeId> suspected;  // ascending; members of its ring that it takes for silent or
                                    // dead, by what it or others found
    ClusterId cluster{};            // zero: in none yet
    std::uint64_t force_round = 0;  // of the last ForceRing that it consented to in it; 0: none
    std::vector<Address> coordinators_before;  // where others listened before `coordinator`, the
                                               // latest first, at most coordinators_before_max
    std::uint32_t pid = 0;  // of its process; 0: not known. A ring tells that of the process that
                            // was let in, which a coordinator may have outlived.
    std::vector<Address> waiting;  // where processes listen that ask this member to be let in, at
                                   // most members_waiting_max
};

// What became of the last changes of the ring, as the member that answers saw them. Changes that
// follow each other and only make copies are one event.
struct HistoryRequest {};
// What it is told for; where several hold, the first of these.
enum class RingCause : std::uint8_t {
    other,
    founding,  // the cluster was founded anew
    loss,      // what partitions held was given up: they restart empty
    death,     // a member is out, and had not left
    leave,     // a member is out, and had left
    join,      // a member is in
    leaving,   // a member was told to leave
    links,     // copies were given up for bad links
    copies,    // copies were made or ordered, or primaries moved, and nothing else
};
// The spans are in milliseconds. Members see different parts of a change: whoever proposed it knows
// how long it took to find a reason and to agree, each primary when it served again.
struct RingEvent {
    Epoch epoch;                    // of the ring that it made; of several: of the first
    std::uint64_t ago_ms = 0;       // when it was learned here, before the answer
    std::int64_t detected_ms = -1;  // from the last sign of life of who was evicted to the
                                    // proposal; -1: not known here, or nobody was
    std::int64_t agreed_ms = -1;    // from the proposal to the decision; -1: not proposed here; of
                                    // several rings the longest
    std::int64_t active_ms = -1;    // until all primaries here were active; -1: not yet; of several
                                    // rings the longest
    std::int64_t repaired_ms = -1;  // until all copies that are wanted were there again; -1: not
                                    // yet, or never, or a later ring was not seen
    std::string what;               // a sentence for people
    Epoch last_epoch;               // of several rings: of the last; zero: it is one
    std::uint32_t copies_made = 0;  // that were filled and are complete
    RingCause cause = RingCause::other;
};
inline constexpr std::size_t history_size_max = 128;
// In `what`: "server3 is out (left)", others died. Without either it is not known.
inline constexpr std::string_view left_words = " is out (left)";
struct HistoryReply {
    std::vector<RingEvent> events;  // by rising epoch, at most history_size_max
};

// An operator gives up what the partitions held that are down in ring `epoch` and have been since:
// they restart empty under a raised generation, and their old holders discard when they return.
// Answered when a ring says so, or none did in `accept_loss_within` (an agreement takes
// milliseconds, and seconds where voters have just died); ErrorReply by who is in no ring.
inline constexpr Duration accept_loss_within = 5s;
struct AcceptLoss {
    Epoch epoch;
};
struct AcceptLossReply {
    std::uint32_t restarted = 0;  // empty
    std::uint32_t left = 0;       // down still: nobody to hold them, or no quorum
};

// An operator has the cluster founded anew from those that survive, because a majority is gone for
// good. To each of them. Answered when it is so or `force_ring_within` has passed; ErrorReply by
// who does not consent, with the reason.
inline constexpr Duration force_ring_within = 5s;
struct ForceRing {
    ClusterId parent;  // the cluster that it is founded from
    Founding founding;
};
struct ForceRingReply {
    bool founded = false;
    Epoch epoch;                  // of the ring of who answers
    std::vector<NodeId> awaited;  // who has not consented, as far as is known there
};

// The member that receives it leaves: what it holds moves to others, meanwhile it serves; then its
// process ends. Answered at once; rings tell how far it is. ErrorReply by who stores nothing or is
// in no ring.
struct LeaveRequest {};
struct LeaveReply {};

// Ends the process that receives it (and what it launched), without draining.
struct StopRequest {};
struct StopReply {};

// The sender's bytes made no sense; the connection ends after this.
struct ErrorReply {
    std::string message;
};

using ClientMessage = std::variant<Request, RingPoll, StatusRequest, StopRequest, AcceptLoss,
                                   LeaveRequest, HistoryRequest, ForceRing>;
using ServerMessage = std::variant<Reply, RingReply, StatusReply, StopReply, ErrorReply,
                                   AcceptLossReply, LeaveReply, HistoryReply, ForceRingReply>;

}  // namespace grapevine
