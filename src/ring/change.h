#pragma once
// A ring is made from its predecessor by one RingChange. The change is what the voters decide on,
// and what travels between members that have the predecessor (it is the delta).
//
// apply() is pure and fixed by the protocol version: from a ring and a change it makes the next
// ring, or says why the change is not a legal step. A voter accepts nothing else. Policy (which
// member *should* hold what) is in ring/planner.h and appears here only as `arrangements`, whose
// legality does not depend on the policy: a bug there can make a cluster lopsided, never unsafe.

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/planted.h"
#include "base/result.h"
#include "ring/ring.h"

namespace grapevine {

// The primary of an entry says that a fill now holds everything.
struct FillReport {
    PartitionId partition;
    Epoch since;   // of the entry in which it was completed; counts only while unchanged
    Epoch opened;  // of the fill
    NodeId member;
    auto operator<=>(const FillReport&) const = default;
};

// One member's part in one partition.
struct Holding {
    PartitionId partition;
    NodeId member;
    auto operator<=>(const Holding&) const = default;
};

// Whether the ring has such a fill, in the entry that the report is about.
[[nodiscard]] bool fits(const FillReport& report, const Ring& ring);

// New lists for one partition. `copies` is a reordering of the entry's copies after evictions and
// readmissions, less those that leave (only while k others stay). `fills` keeps the entry's fills
// or drops some, and may open new ones. In the genesis ring `copies` is free.
struct Arrangement {
    PartitionId partition;
    NodeList copies;
    NodeList fills;
    bool operator==(const Arrangement&) const = default;
};

// The steps are applied in the order of the fields. Lists of ids, reports, holdings and
// arrangements ascend strictly; `joined` is in the order in which names are given.
struct RingChange {
    Epoch epoch;                            // of the ring that it makes
    std::vector<FillReport> completed;      // 1. fills that become copies
    std::vector<NodeId> evicted;            // 2. up members that are gone
    std::vector<Holding> dropped;           //    copies that leave one partition, though up
    std::vector<Member> joined;             // 3. new members, and down ones that return with their
                                            //    state (same id); `state`, `joined` are ignored
    std::vector<NodeId> leaving;            //    storage members that become undesired
    std::vector<NodeId> departed;           //    leaving ones that are in no list and go
    std::vector<PartitionId> losses;        //    down partitions that restart empty
    std::vector<Arrangement> arrangements;  // 4., 5. at most one per partition
    bool operator==(const RingChange&) const = default;

    [[nodiscard]] bool empty() const;  // changes nothing
};

// Errors: a sentence that names the illegal part. The ring is unchanged.
//
// Rules, beside those at the fields above:
// - change.epoch is ring.epoch + 1. An empty change is legal and makes nothing but an epoch.
// - A report fits to the entry as the predecessor has it: same `since`, same `opened`.
// - An evicted member leaves all fills, and copies where another copy stays up. Where all copies
//   go, the list stays as it is, all down, without fills; its members stay listed as `down`. Down
//   members that no entry lists are dropped from `members`, a coordinator therefore at once.
// - A dropped copy leaves as if it had been evicted, from that one partition: because of a bad link
//   (ring/accusations.h), which apply() does not judge. Safe for the same reason as an eviction:
//   each of `copies` holds every acknowledged write, so whichever stay hold them all, and the next
//   in order takes over where the primary goes. Here nobody is dead, so more is asked: another copy
//   stays that is up after the evictions (the last one never leaves so), the partition is not down,
//   and one copy at most leaves a partition in one ring, so that a wrong accusation costs one copy
//   and what follows is judged anew by voters who know it gone. That fewer than k stay is allowed,
//   as after an eviction: the write set could not acknowledge while it had the copy. Fills stay.
// - A partition that is down comes up when at least one of its copies returns; those that do not
//   return in the same ring are dropped from its copies. The order is kept. A member cannot return
//   in the ring that evicts it.
// - An arrangement is for an up partition, except at genesis and with a loss. Copies leave only
//   while copies_possible() stay: k, or all members that are not leaving where they are fewer
//   (none may leave where that is nobody).
// - An arrangement that changes the primary (or drops it): only in partitions without fills before
//   and after, counted when the fills of steps 1 and 2 have gone.
// - A loss: only where all copies are down; generation + 1; copies as its arrangement says (up
//   storage members, empty at once complete, so no fills), the lost holders dropped.
// - `since` becomes the new epoch in each entry that changed in any way, going down or up included;
//   `tenure` in each whose primary changed or that came up; `opened` in each new fill.
// - The first ring with storage members is the genesis ring: every partition's arrangement is
//   required and makes complete copies, no fills. From then on an entry is never without copies.
// - A joined member with an empty name is given "serverN", N = max(last_server_number, largest N of
//   a member so named, down ones included) + 1, a coordinator "coordinator"; a name "serverN" that
//   was asked for raises last_server_number too. One that returns brings its name along, or another
//   where a new process has it by now.
// - A join is illegal if its id, name or address is that of an up member, if it is a second
//   coordinator, or if a name or zone is longer than name_size_max or holds control characters, or
//   if the weight is out of range.
// - voters are recomputed by voters_for(). There is at least one.
Result<Ring> apply(const Ring& ring, const RingChange& change, PlantedBugs bugs = {});

// The next ring as members share it, with what it was made by.
struct MadeRing {
    RingPtr ring;
    std::uint64_t digest = 0;
    std::shared_ptr<const RingChange> change;
};

// apply(), and the digest of what it makes.
Result<MadeRing> make_ring(const Ring& ring, const RingChange& change, PlantedBugs bugs = {});

// More make a decision slower, and a majority of seven survives three deaths, four with the
// coordinator.
constexpr std::size_t storage_voters_max = 7;

// The voters of a ring with these members: every up storage member up to seven, beyond that the
// seven longest in the ring (then by id), one vote each; the coordinator, if up, first in rank with
// one or two votes, whichever makes the total odd, none beside a single storage node, one alone.
// Without a coordinator and with an even number, the last voter has no vote (and is not listed).
std::vector<Voter> voters_for(const std::vector<Member>& members);

// The ring before any storage member: epoch 1, one coordinator, an empty table of `partitions`
// entries. Or, with a storage member as founder, epoch 1 and genesis at once, all copies its own.
// Aborts on numbers out of range and on a founder that could not join: check them before.
Ring found_ring(ClusterId cluster, Member founder, std::uint32_t copies_wanted,
                std::uint32_t partitions);

}  // namespace grapevine
