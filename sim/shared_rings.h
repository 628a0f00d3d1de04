#pragma once
// What very many simulated members share of the rings, because it is the same for all of them: each
// ring once, by its digest; the ring that a decision makes; and the bytes of messages that carry
// whole rings or long changes, encoded and decoded once for each content (and compared), then
// handed to every receiver as they are. Without this N members would make N equal copies of N
// members.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "node/messages.h"
#include "ring/change.h"
#include "ring/ring.h"

namespace grapevine::sim {

class SharedRings {
public:
    // The same results as grapevine::make_ring().
    Result<MadeRing> make(const RingPtr& ring, const RingChange& change);

    // The one object of this content.
    RingPtr intern(const RingPtr& ring);
    std::uint64_t digest_of(const RingPtr& ring);

    // Too much to be encoded for each receiver?
    [[nodiscard]] static bool is_bulky(const PeerBody& body);
    // The size of its frame. Aborts where the content does not come out of it as it went in.
    std::size_t size_of(const Envelope& envelope);

private:
    struct Known {
        RingPtr ring;
        std::uint64_t digest;
        std::size_t answer_bytes = 0;  // 0: not encoded yet
    };
    struct Made {
        RingPtr before;
        MadeRing result;
        std::size_t decided_bytes = 0;
    };

    Known& known(const RingPtr& ring);

    // The latest; older ones are made again if anybody asks.
    static constexpr std::size_t kept_max = 64;
    std::deque<Known> rings_;
    std::deque<Made> made_;
};

}  // namespace grapevine::sim
