#pragma once
// The fields of every message, so that tests can fill and compare messages without naming fields.
// A field that is added to a message and not here does not compile: structured bindings must name
// all.

#include <memory>
#include <optional>
#include <tuple>
#include <variant>
#include <vector>

#include "wire/wire.h"

namespace grapevine {

#define GRAPEVINE_FIELDS(Type, ...)         \
    inline auto fields(Type& whole) {       \
        auto& [__VA_ARGS__] = whole;        \
        return std::tie(__VA_ARGS__);       \
    }                                       \
    inline auto fields(const Type& whole) { \
        auto& [__VA_ARGS__] = whole;        \
        return std::tie(__VA_ARGS__);       \
    }
#define GRAPEVINE_NO_FIELDS(Type)                                  \
    inline std::tuple<> fields(const Type&) {                      \
        static_assert(std::is_empty_v<Type>, "it has fields now"); \
        return {};                                                 \
    }

GRAPEVINE_FIELDS(Version, epoch, counter)
GRAPEVINE_FIELDS(Address, ip, port)
GRAPEVINE_FIELDS(Member, id, name, address, pid, role, state, zone, weight, joined)
GRAPEVINE_FIELDS(FillReport, partition, since, opened, member)
GRAPEVINE_FIELDS(Arrangement, partition, copies, fills)
GRAPEVINE_FIELDS(Holding, partition, member)
GRAPEVINE_FIELDS(RingChange, epoch, completed, evicted, dropped, joined, leaving, departed, losses,
                 arrangements)

GRAPEVINE_FIELDS(Rumor, member, liveness, evidence, incarnation, observer)
GRAPEVINE_FIELDS(Ping, number)
GRAPEVINE_FIELDS(PingRequest, number, target)
GRAPEVINE_FIELDS(Ack, number, member)
GRAPEVINE_FIELDS(Nack, number)
GRAPEVINE_NO_FIELDS(Gossip)
GRAPEVINE_FIELDS(SwimMessage, body, rumors)
GRAPEVINE_FIELDS(SwimSync, request, rumors)

GRAPEVINE_FIELDS(RingRequest, have)
GRAPEVINE_FIELDS(RingAnswer, ring)
GRAPEVINE_FIELDS(Decided, change, digest)
GRAPEVINE_FIELDS(Ballot, round, proposer)
GRAPEVINE_FIELDS(Prepare, epoch, ballot)
GRAPEVINE_FIELDS(AcceptedValue, ballot, change)
GRAPEVINE_FIELDS(Promise, epoch, ballot, accepted, hears)
GRAPEVINE_FIELDS(Accept, epoch, ballot, change)
GRAPEVINE_FIELDS(Accepted, epoch, ballot)
GRAPEVINE_FIELDS(Rejected, epoch, ballot, promised)
GRAPEVINE_FIELDS(Heartbeat, epoch, sent_us, echo_epoch, echo_us, grants)
GRAPEVINE_FIELDS(JoinRequest, self, have)
GRAPEVINE_FIELDS(FillReports, reports)
GRAPEVINE_FIELDS(LinkReport, peer, link_ms, heartbeat_ms)
GRAPEVINE_FIELDS(LinkReports, reports)
GRAPEVINE_FIELDS(LossAccepted, epoch)
GRAPEVINE_NO_FIELDS(LeaveNotice)
GRAPEVINE_FIELDS(LinkCheck, sent_us, echo_us)
GRAPEVINE_FIELDS(Ancestor, cluster, last)
GRAPEVINE_FIELDS(Beacon, ancestors)
GRAPEVINE_FIELDS(FoundingBallot, round, cluster)
GRAPEVINE_FIELDS(Founding, epoch, ballot, survivors)
GRAPEVINE_FIELDS(Consents, after, up_to, given)
GRAPEVINE_FIELDS(FoundAnew, founding, digest, consents)

GRAPEVINE_FIELDS(Answer, status, version)
GRAPEVINE_FIELDS(Change, kind, key, value, expires_ms)
GRAPEVINE_FIELDS(OpMore, expires_ms, changes, reply)
GRAPEVINE_FIELDS(Op, version, kind, stamp_ms, client, sequence, floor, answer, key, value, more)
GRAPEVINE_FIELDS(EntryRef, partition, since)
GRAPEVINE_FIELDS(Replicate::Part, entry, previous, watermark, count)
GRAPEVINE_FIELDS(Replicate::Ack, entry, held, gap, full)
GRAPEVINE_FIELDS(Replicate, acks, parts, ops)
GRAPEVINE_FIELDS(Gather, entries)
GRAPEVINE_FIELDS(Gathered::Part, entry, watermark, unfinished, stepped_down)
GRAPEVINE_FIELDS(Gathered, parts)
GRAPEVINE_FIELDS(FillSession, tenure, opened)
GRAPEVINE_FIELDS(ClientMemory::Remembered, sequence, answer, reply)
GRAPEVINE_FIELDS(ClientMemory, client, floor, stamp_ms, answers)
GRAPEVINE_FIELDS(FillItem, version, key, value, expires_ms)
GRAPEVINE_FIELDS(FillChunk, entry, session, from, to, base, base_stamp_ms, clients, compare, items)
GRAPEVINE_FIELDS(FillAck, entry, session, next, compares, lacks_to, lacks)
GRAPEVINE_FIELDS(Envelope, cluster, from, from_address, to, epoch, body)

GRAPEVINE_FIELDS(Request, client, sequence, floor, stamp_ms, epoch, deadline_ms, kind, condition,
                 expected, slot, key, value)
GRAPEVINE_FIELDS(RingPoll, have, wait_ms)
GRAPEVINE_NO_FIELDS(StatusRequest)
GRAPEVINE_NO_FIELDS(StopRequest)
GRAPEVINE_FIELDS(Reply, sequence, status, version, epoch, stamp_ms, value)
GRAPEVINE_FIELDS(RingReply, ring)
GRAPEVINE_FIELDS(ToSend, to, keys)
GRAPEVINE_FIELDS(StatusReply, id, name, epoch, keys, keys_held, memory_bytes, serving, unserved_ms,
                 ring_age_ms, filling, coordinator, fill_bytes_per_second, fill_keys_per_second,
                 memory_max, to_send, suspected, cluster, force_round, coordinators_before, pid,
                 waiting)
GRAPEVINE_NO_FIELDS(StopReply)
GRAPEVINE_FIELDS(AcceptLoss, epoch)
GRAPEVINE_FIELDS(AcceptLossReply, restarted, left)
GRAPEVINE_NO_FIELDS(LeaveRequest)
GRAPEVINE_NO_FIELDS(LeaveReply)
GRAPEVINE_NO_FIELDS(HistoryRequest)
GRAPEVINE_FIELDS(RingEvent, epoch, ago_ms, detected_ms, agreed_ms, active_ms, repaired_ms, what,
                 last_epoch, copies_made, cause)
GRAPEVINE_FIELDS(HistoryReply, events)
GRAPEVINE_FIELDS(ForceRing, parent, founding)
GRAPEVINE_FIELDS(ForceRingReply, founded, epoch, awaited)
GRAPEVINE_FIELDS(ErrorReply, message)

GRAPEVINE_FIELDS(AgreementState, epoch, promised, accepted)
GRAPEVINE_FIELDS(SavedState, id, ring, promises, consents, consent)

GRAPEVINE_FIELDS(Hello, protocol, cluster, speaker, from, address, ancestors)
GRAPEVINE_FIELDS(Refusal, message)

template <class T>
concept HasFields = requires(const T& value) { fields(value); };

// Equality of contents, through pointers to rings and operations.
template <class T>
bool same(const T& a, const T& b) {
    if constexpr (HasFields<T>) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            [[maybe_unused]] const auto in_a = fields(a);
            [[maybe_unused]] const auto in_b = fields(b);
            return (same(std::get<I>(in_a), std::get<I>(in_b)) && ...);
        }(std::make_index_sequence<std::tuple_size_v<decltype(fields(a))>>{});
    } else {
        return a == b;
    }
}

inline bool same(const RingPtr& a, const RingPtr& b) {
    return a && b ? *a == *b : a == b;
}

template <class T>
bool same(const Rare<T>& a, const Rare<T>& b) {
    return same(*a, *b);
}
inline bool same(const OpPtr& a, const OpPtr& b) {
    return *a == *b;
}

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const T& x, const T& y) { return same(x, y); });
}

template <class T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
    return a && b ? same(*a, *b) : a.has_value() == b.has_value();
}

template <class... T>
bool same(const std::variant<T...>& a, const std::variant<T...>& b) {
    return a.index() == b.index() &&
           ((std::get_if<T>(&a) == nullptr || same(std::get<T>(a), std::get<T>(b))) && ...);
}

}  // namespace grapevine
