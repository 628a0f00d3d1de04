#pragma once
// What failure detectors say to each other (SWIM: Das, Gupta, Motivala, DSN 2002; Lifeguard:
// Dadgar, Phillips, Currey, 2018). All travel as datagrams except SwimSync, which travels on a
// link.

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/ids.h"

namespace grapevine {

enum class Liveness : std::uint8_t { alive, suspect, dead };

enum class Evidence : std::uint8_t {
    silence,  // probes stayed without an answer
    gone,     // its links ended and a reconnect was refused: the process is no more
};

// One piece of news, spread a bounded number of times. `observer` is who found it out: independent
// confirmations are counted by it. An `alive` rumor's observer is the member itself.
struct Rumor {
    NodeId member;
    Liveness liveness = Liveness::alive;
    Evidence evidence = Evidence::silence;
    Incarnation incarnation;
    NodeId observer;
    bool operator==(const Rumor&) const = default;
};

struct Ping {
    std::uint64_t number = 0;  // of the prober; the answer repeats it
};
// The sender asks the receiver to probe `target` on its behalf (SWIM: ping-req).
struct PingRequest {
    std::uint64_t number = 0;
    NodeId target;
};
struct Ack {
    std::uint64_t number = 0;
    NodeId member;  // who is alive: the sender, or the target of a PingRequest
};
// The target did not answer the helper in time, but the helper is well (Lifeguard, LHA-Probe).
struct Nack {
    std::uint64_t number = 0;
};
// Nothing but rumors: for urgent news.
struct Gossip {};

struct SwimMessage {
    std::variant<Ping, PingRequest, Ack, Nack, Gossip> body;
    std::vector<Rumor> rumors;  // at most rumors_per_packet_max
};

inline constexpr std::size_t rumors_per_packet_max = 24;

// Everything that the sender believes, exchanged now and then on a link, so that views converge
// however many datagrams are lost. The receiver answers a request with its own.
struct SwimSync {
    bool request = false;
    std::vector<Rumor> rumors;
};

}  // namespace grapevine
