#pragma once
// How a cluster is, from its ring and from what its members say of themselves: for people, and in
// numbers for programs.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
#include "ring/ring.h"

namespace grapevine {

// What members answered, by id; who did not answer is not in it.
using Statuses = std::map<NodeId, StatusReply>;

// Of the process that a member is now, by what whoever listens there says; of the one that the ring
// let in where that is another, or nobody (an empty status).
std::uint32_t pid_of(const Member& member, const StatusReply& status);

// What one storage member has yet to receive until the table is as placement wants it.
struct Backlog {
    std::size_t partitions = 0;
    std::uint64_t keys = 0;  // about
    std::uint64_t bytes_per_second = 0;
    std::optional<Duration> left;  // at the present rate; nothing: none is known
};
std::map<NodeId, Backlog> backlogs(const Ring& ring, const Statuses& status);

struct VoteCount {
    std::uint32_t answering = 0;
    std::uint32_t all = 0;
    [[nodiscard]] bool is_majority() const { return answering * 2 > all; }
};
VoteCount votes_answering(const Ring& ring, const Statuses& status);
// "2 of 5 votes answer, which is no majority: nothing is served until more do; ...": what to do.
std::string describe_lost_majority(const Ring& ring, const Statuses& status);

// The worst that applies.
enum class HealthVerdict : std::uint8_t {
    healthy,      // every partition is served and has its copies
    degraded,     // it is served, with less than was asked for, and nothing mends that by itself
    repairing,    // copies are being made or moved, or the next ring will say what becomes of them
    unavailable,  // some partitions are not served, and are not just being handed over
};
std::string_view verdict_name(HealthVerdict verdict);

struct Health {
    HealthVerdict verdict = HealthVerdict::healthy;
    std::vector<std::string> reasons;  // sentences; of a healthy one, what goes on
    Resilience survived;               // nothing without a majority that answers
    VoteCount votes;
    std::vector<std::string> silent;     // names of members that are up in the ring
    std::vector<std::string> suspected;  // the same
    // Without a majority that answers copies count where their holder answers, for that is what a
    // founding anew would go on with.
    std::size_t partitions_short = 0;   // that have fewer copies than are wanted
    std::size_t partitions_moving = 0;  // that have all that there could be, and are being copied
                                        // to other members
    std::size_t partitions_down = 0;    // without a copy that is up
    std::size_t partitions_served = 0;  // by who answered
    std::optional<Duration> left;  // until all copies are where they belong; nothing: not known, or
                                   // nothing is being repaired
};
Health health_of(const Ring& ring, const Statuses& status);

}  // namespace grapevine
