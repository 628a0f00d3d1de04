#pragma once
// The same load on Grapevine and on a peer, in turn: A B A B. Both clusters run on this machine
// while one of them is loaded, so what drifts (other work on the machine) meets both, and the
// ratio of two neighbours says more than either number.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/bout.h"
#include "bench/session.h"
#include "bench/side.h"
#include "bench/workload.h"

namespace grapevine::bench {

struct CompareConfig {
    std::size_t nodes = 7;  // of Grapevine, and masters of Redis
    unsigned partitions = 1024;
    std::vector<unsigned> copies = {1, 3, 5};
    std::vector<std::string> against = {"redis", "etcd"};
    std::vector<std::size_t> depths = {1, 16, 64};
    // Operations a second; none: as many as can be, at each depth. With rates `depths` say how many
    // may be in flight on a connection.
    std::vector<std::uint64_t> rates;
    std::size_t connections = 50;
    Workload workload;
    unsigned rounds = 5;
    // Of each round, on each side. Few operations are over in a fraction of a second where many are
    // in flight, and then tell of that moment.
    Length round{.operations = 0, .span = 3s};
};
inline constexpr Duration warm_up_min = 1s;
// Of each side, before its first round.
Length warm_up_of(const Length& round);

// How a peer is asked: its copies are the same, what a put waits for is not.
struct Variant {
    std::string name;
    unsigned acks = 0;
    std::vector<std::size_t> depths;
};
// Two clusters that stand beside each other.
struct Match {
    std::string peer;     // "redis", "etcd"
    unsigned copies = 1;  // of every key, on both sides
    std::size_t nodes = 0;
    Length round;
    std::vector<Variant> variants;
};
std::vector<Match> matches_of(const CompareConfig& config);
// What makes no sense, or would not fit into `memory` bytes; empty: all does.
std::string defect_of(const CompareConfig& config, std::uint64_t memory);

struct CompareEvents {
    std::function<void(const Bout& bout, const Phase& phase)> round;
    // What is compared, or is not: for people, and for the file of rounds.
    std::function<void(const std::string& sentence)> note;
};

// Peers that are not installed are left out, which is noted.
Result<std::vector<Bout>> compare(Session& session, const CompareConfig& config,
                                  const CompareEvents& events);

}  // namespace grapevine::bench
