#pragma once
// Founding a cluster anew from what survives when the quorum is gone for good (DESIGN.md). The
// first ring of the new cluster follows from the last of the old one and from who survives: every
// survivor makes it for itself.

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "ring/ring.h"

namespace grapevine {

// The first epoch of the new cluster is higher than that of the old by this and one: than that of
// any ring that the dead may have decided and no survivor knows. No version is given twice.
constexpr std::uint64_t epochs_skipped = 1'000'000;

// Of two requests to found anew from one cluster the higher counts.
struct FoundingBallot {
    std::uint64_t round = 0;  // 0: none
    ClusterId cluster;        // the new one
    constexpr auto operator<=>(const FoundingBallot&) const = default;
    constexpr explicit operator bool() const { return round != 0; }
};

// What a member has consented to, and never will.
struct Consents {
    FoundingBallot after;               // of these and before nothing is known any more
    FoundingBallot up_to;               // it never will consent to these, but has
    std::vector<FoundingBallot> given;  // to these; ascending
    // It neither has consented to this nor ever will.
    [[nodiscard]] bool exclude(const FoundingBallot& ballot) const;
    bool operator==(const Consents&) const = default;
};

struct Founding {
    Epoch epoch;  // of the ring whose members survive
    FoundingBallot ballot;
    std::vector<NodeId> survivors;  // ascending
    bool operator==(const Founding&) const = default;
};

// Who survives of a ring, before anybody has drawn a new cluster's id.
struct Survival {
    std::uint32_t votes = 0;    // of the ring's votes, those of survivors
    std::size_t kept = 0;       // partitions with as many copies as before
    std::size_t fewer = 0;      // with fewer copies
    std::size_t restarted = 0;  // of which no survivor is a copy: they restart empty
};
[[nodiscard]] Survival survival(const Ring& ring, const std::vector<NodeId>& survivors);

// Errors: a sentence that says why nothing can be founded so.
//
// - The survivors are members of the ring, those that are down included: who holds what a
//   partition waits for returns with it. One of them stores. Together they have no majority: with
//   one they go on as they are.
// - They are all up, leave no more, and keep their ids. Nobody else is a member; the voters are
//   those of any ring with these members.
// - Each partition keeps those of its copies that survive, in their order: each holds what was
//   acknowledged. Fills are no copies. Where no copy survives it restarts empty, under a raised
//   generation, where the placement wants it.
// - The old cluster is the first of the new one's ancestors. The last of more than ancestors_max is
//   forgotten.
// - Every entry is new: `tenure` and `since` are the new epoch, so that primaries take over as
//   after any change. `genesis` is the epoch before it, under which nothing was ever served.
Result<Ring> found_anew(const Ring& ring, const Founding& founding);

// The epoch of the ring that the first ring of this cluster was made from; zero: it was not founded
// anew.
[[nodiscard]] inline Epoch founded_from(const Ring& ring) {
    return ring.ancestors.empty() ? Epoch{} : ring.ancestors.front().last;
}

}  // namespace grapevine
