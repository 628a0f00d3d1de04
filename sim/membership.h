#pragma once
// Failure detection and ring agreement alone, at scale: one run, from one seed, and what it shows.
// The members are production nodes on the network of sim/member_net.h.
//
// A run in order: the cluster is there (all members in one ring, or, with `bootstrap`, joining one
// by one from nothing); it warms up, and nothing that happens until then counts; for `quiet`
// nothing is wrong but loss and pauses, and evictions and traffic are counted; `crash` members are
// killed at the same instant, at a random moment; then `cut` are cut off, or stopped for good,
// without a word to anybody.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/network.h"
#include "sim/outcome.h"

namespace grapevine::sim {

struct MembershipConfig {
    std::size_t nodes = 7;  // storage nodes; a coordinator comes on top
    std::uint32_t copies = 3;
    std::uint32_t partitions = 16;
    bool bootstrap = false;
    Duration start_spread = 100ms;  // bootstrap: processes start within that
    Duration warm_up = 400ms;
    Duration quiet = 1s;
    std::size_t crash = 1;  // 0: none
    std::size_t cut = 1;    // 0: none
    bool stop = false;      // in place of the cut: SIGSTOP, the kernel still takes what arrives
    // While quiet, this many members at a time pause for `pause_min` to `pause_max`, and take a
    // rest of up to `pause_gap_max` between two pauses. pause_max zero: none.
    Duration pause_min{};
    Duration pause_max{};
    Duration pause_gap_max = 1s;
    std::size_t pausing = 1;
    bool fast = false;  // members are never overrun: their turns cost (next to) no time
    NetworkConfig network;
};

// Who is still in when a member was removed from the ring is of two kinds.
struct Evictions {
    std::uint64_t healthy = 0;  // ran all the time
    std::uint64_t paused = 0;   // paused, or did within the last second
};

// Per member and second, over the quiet time.
struct SentRate {
    std::uint64_t mean_milli = 0;  // thousandths
    std::uint64_t p99 = 0;
    std::uint64_t max = 0;
};

struct MembershipResult {
    std::uint64_t seed = 0;
    // Empty: every step ended within its limit, and no rule broke. "broken invariant: ...": one
    // did.
    std::string failure;
    // From the start of the first process to the moment at which everybody is in a ring of all.
    std::optional<Duration> bootstrap;
    std::uint64_t bootstrap_rings = 0;
    // From the fault to the first and to the last member in a ring without those it befell.
    std::optional<Duration> crash_decided;
    std::optional<Duration> crash_everywhere;
    std::optional<Duration> cut_decided;
    std::optional<Duration> cut_everywhere;
    Duration quiet{};
    std::uint64_t member_us = 0;  // members times quiet time
    Evictions evictions;
    std::uint64_t pauses = 0;
    SentRate swim_datagrams;
    SentRate swim_bytes;
    SentRate lease_datagrams;
    SentRate lease_bytes;
    SentRate link_bytes;
    SentRate overflowed;      // datagrams that found the receiver's buffer full, by receiver
    SentRate busy_us;         // of a second
    std::uint64_t rings = 0;  // epochs seen in all
    std::uint64_t events = 0;
    std::uint64_t hash = 0;
};

// In the terms of the other runs.
RunResult result_of(const MembershipResult& result);

// `tell` hears what members say and what befalls them; none: nobody listens.
MembershipResult run_membership(const MembershipConfig& config, std::uint64_t seed,
                                const std::function<void(const std::string&)>& tell = {});

}  // namespace grapevine::sim
