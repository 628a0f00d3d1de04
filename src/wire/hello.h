#pragma once
// How a connection begins: whoever dialed says Hello, in the first frame; whoever was dialed goes
// on, or answers with a Refusal, a sentence for a person, and hangs up. Both are readable across
// protocol versions.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"
#include "ring/ring.h"

namespace grapevine {

enum class Speaker : std::uint8_t { peer, client };

struct Hello {
    std::uint16_t protocol = protocol_version;
    ClusterId cluster = {};  // zero: in none yet, or a client that does not know
    Speaker speaker = Speaker::client;
    NodeId from = {};          // peers
    Address address = {};      // peers: where the sender listens
    Ancestors ancestors = {};  // peers: of their cluster

    bool operator==(const Hello&) const = default;
};

struct Refusal {
    std::string message;  // cut at sentence_size_max bytes on the wire
};

inline constexpr std::size_t sentence_size_max = 1024;

// Whether one who speaks `protocol` and is in `cluster` (zero: in none yet), founded anew from
// `ancestors`, may go on with the sender; the error names both versions, or both clusters, and is
// what a Refusal carries. A cluster and those that it was founded from have something to say to
// each other.
Result<void> check_hello(const Hello& hello, std::uint16_t protocol, ClusterId cluster,
                         const Ancestors& ancestors = {});

}  // namespace grapevine
