#pragma once
// The ring snapshot: who the members are, who votes on the next ring, and which member holds which
// partition. A value: made by apply() (ring/change.h) from its predecessor, decided by the voters
// of that predecessor (ring/agreement.h), never modified after. Share it as RingPtr.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/short_list.h"

namespace grapevine {

enum class Role : std::uint8_t { storage, coordinator };

enum class MemberState : std::uint8_t {
    up,
    leaving,  // up, but undesired: it holds what it has until others hold it
    down,     // evicted, and listed only because a partition waits for what it holds
};

// Weights are fixed point, so that every machine computes the same placement.
inline constexpr std::uint32_t weight_one = 1000;
inline constexpr std::uint32_t weight_max = 1000 * weight_one;

struct Member {
    NodeId id;
    // Stable across restarts: placement hashes the name, so a node that returns under its name is
    // wanted for the partitions it had. Unique among the members that are not down. Empty only in a
    // join: the ring gives it a name ("server4").
    std::string name;
    Address address;
    std::uint32_t pid = 0;  // for people; 0: not known
    Role role = Role::storage;
    MemberState state = MemberState::up;
    std::string zone{};                 // empty: a zone of its own
    std::uint32_t weight = weight_one;  // in thousandths
    Epoch joined{};                     // the ring that admitted it

    bool operator==(const Member&) const = default;
    [[nodiscard]] bool is_up() const { return state != MemberState::down; }
    [[nodiscard]] bool stores() const { return role == Role::storage; }
    // A storage member that may be given partitions.
    [[nodiscard]] bool stays() const { return stores() && state == MemberState::up; }
};

struct Voter {
    NodeId id;
    std::uint32_t votes = 0;
    bool operator==(const Voter&) const = default;
};

// A member that is being backfilled. (tenure of the entry, opened) names the fill session.
struct Fill {
    NodeId id;
    Epoch opened;
    bool operator==(const Fill&) const = default;
};

// As long as is usual: five copies and one that hands over, one or two fills.
using NodeList = ShortList<NodeId, 6>;
using FillList = ShortList<Fill, 2>;

// Who holds one partition. Either all copies are up, or all are down.
struct Entry {
    NodeList copies;  // each holds every acknowledged write; the first is the primary
    FillList fills;
    Epoch tenure;  // when its primary took over
    Epoch since;   // when this entry last changed, going down and up included
    Generation generation;

    bool operator==(const Entry&) const = default;
    [[nodiscard]] NodeId primary() const { return copies.empty() ? NodeId{} : copies.front(); }
    [[nodiscard]] bool is_copy(NodeId id) const;
    [[nodiscard]] const Fill* fill_of(NodeId id) const;  // nullptr: not a fill
    // In the write set: copies and fills.
    [[nodiscard]] bool writes_to(NodeId id) const { return is_copy(id) || fill_of(id) != nullptr; }
};

// A cluster that another was founded anew from, at once or by way of others.
struct Ancestor {
    ClusterId cluster;
    Epoch last;  // its ring that was gone on from
    bool operator==(const Ancestor&) const = default;
};

// The nearest first, up to ancestors_max.
using Ancestors = std::vector<Ancestor>;

const Ancestor* find_ancestor(const Ancestors& ancestors, ClusterId cluster);  // nullptr: is none

struct Ring {
    ClusterId cluster;
    Ancestors ancestors;  // of `cluster`; none: it was not founded anew
    Epoch epoch;
    Epoch genesis;                    // the first ring with storage members; zero: not yet
    std::uint32_t copies_wanted = 1;  // k
    std::uint16_t protocol = 0;
    std::uint32_t last_server_number = 0;  // the N of the last name "serverN" that was given
    std::vector<Member> members;           // ordered by id
    std::vector<Voter> voters;             // ordered by rank: who proposes first
    std::vector<Entry> table;              // by PartitionId; its size is a power of two

    bool operator==(const Ring&) const = default;

    // The cluster that this one was founded anew from; zero: none.
    [[nodiscard]] ClusterId parent() const {
        return ancestors.empty() ? ClusterId{} : ancestors.front().cluster;
    }
    [[nodiscard]] const Member* member(NodeId id) const;                    // nullptr: not a member
    [[nodiscard]] const Member* member_named(std::string_view name) const;  // up ones only
    [[nodiscard]] const Member* member_at(Address address) const;           // up ones only
    [[nodiscard]] bool is_up(NodeId id) const;
    [[nodiscard]] const Member* coordinator() const;  // nullptr: none is up
    [[nodiscard]] std::uint32_t partitions() const {
        return static_cast<std::uint32_t>(table.size());
    }
    [[nodiscard]] const Entry& entry(PartitionId id) const { return table[id.value]; }
    // True where no copy is up (before genesis too).
    [[nodiscard]] bool is_down(const Entry& entry) const;
    [[nodiscard]] std::size_t storage_count() const;  // storage members that are up
    [[nodiscard]] std::uint32_t votes_of(NodeId id) const;
    // Of all these together; each is there once.
    [[nodiscard]] std::uint32_t votes_of(const std::ranges::input_range auto& ids) const {
        std::uint32_t votes = 0;
        for (const NodeId id : ids) votes += votes_of(id);
        return votes;
    }
    [[nodiscard]] std::uint32_t votes_total() const;
    // More than half of all votes.
    [[nodiscard]] std::uint32_t majority() const { return votes_total() / 2 + 1; }
};

using RingPtr = std::shared_ptr<const Ring>;

// Partitions that a member is a copy of, or being made one.
std::size_t partitions_of(const Ring& ring, NodeId id);

// Storage members that are up and do not leave, other than this one: whether what it holds has
// somewhere to go.
bool somebody_stays(const Ring& ring, NodeId leaver);

// How many copies a partition can have: k, or the number of storage members that are up and not
// leaving where that is less.
std::size_t copies_possible(const Ring& ring);

// The partitions of which no copy is up and that went down no later than in ring `epoch`; none
// before genesis. Of `ring.epoch`: all that are down.
std::vector<PartitionId> down_since(const Ring& ring, Epoch epoch);

// How many storage members can die at the same instant, whichever they are, without the loss of an
// acknowledged write and without losing the quorum, counting the coordinator as staying if it is
// up. None while a partition is down. Copies of nodes that leave count no further than to as many
// as stay.
std::size_t deaths_survived(const Ring& ring);

// The same where the coordinator may be among the dead.
struct Resilience {
    std::size_t nodes = 0;    // deaths_survived()
    std::size_t members = 0;  // so many members can die, whichever they are
    // So many storage members can die together with the coordinator; nothing: none is up, or its
    // death alone is too much.
    std::optional<std::size_t> beside_coordinator;
};
Resilience resilience(const Ring& ring);

// True when every partition is up with copies_possible() copies and nothing is being filled.
bool fully_replicated(const Ring& ring);

// Short text of the ring's own consistency rules that it breaks; empty where it keeps them all.
// Checked by apply(), by decoders of snapshots and by tests.
std::string ring_defect(const Ring& ring);

// The part of it that concerns one member by itself: name and zone, address, weight. The name may
// be empty here.
std::string member_defect(const Member& member);

// XXH3 over a canonical serialisation: equal rings, equal digests, on every machine.
std::uint64_t digest(const Ring& ring);

}  // namespace grapevine
