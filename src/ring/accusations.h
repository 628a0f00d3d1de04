#pragma once
// What to do about links that carry nothing though both ends live: a part of the policy of
// ring/planner.h. Judges pairs of members, never words: who reported does not matter.
//
// Of what the ring can do it does the least that helps (design: an accusation never takes the last
// copy of a partition):
// - A fill of the pair ends, and another member is filled instead: steer(). While fills rest
//   (Observations::fills_rest) none begins.
// - A pair with the coordinator: the coordinator goes, unless the other end has more bad links.
// - A pair that shares a partition, one of them its primary: one of the two copies is dropped. The
//   one with more bad links, for it is its fault; of equals the lower rank stays, so that the
//   primary goes on and acknowledges what it holds. Copies that do not lead hinder nobody.
// - A member that fewer votes than a majority answer by heartbeat holds no lease, whoever vouches
//   for it: it is evicted, one at a time, unless it is somewhere the last copy. Then it leaves what
//   others hold and is given nothing.
// A death goes first: what it explains is not the links' fault.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/planted.h"
#include "ring/change.h"
#include "ring/ring.h"

namespace grapevine {

struct LinkPair {
    NodeId low;
    NodeId high;
    auto operator<=>(const LinkPair&) const = default;
};

inline LinkPair link_pair(NodeId a, NodeId b) {
    return a < b ? LinkPair{a, b} : LinkPair{b, a};
}

// How bad the link of a pair is. Placement avoids all but `quiet`. Where fault is weighed all count
// but `distrusted`, which says nothing of now.
enum class LinkState : std::uint8_t {
    quiet,       // silent for a short while
    distrusted,  // was bad not long ago: the two are not put together again yet
    silent,      // for longer: not yet for long enough, or it is waited for what else may fail
    bad,         // for long enough that something has to change
};

using LinkNews = std::map<LinkPair, LinkState>;

class Accusations {
public:
    // Pairs that are not both up members of the ring are passed over.
    Accusations(const Ring& ring, const LinkNews& links, const LinkNews& heartbeats,
                PlantedBugs bugs = {});

    [[nodiscard]] bool empty() const { return links_.empty() && heartbeats_.empty(); }
    // Whom to evict for its links.
    [[nodiscard]] std::optional<NodeId> member() const;
    // Which copies leave, at most one of each partition. `draft`: the ring without whom it evicts.
    [[nodiscard]] std::vector<Holding> copies(const Ring& draft) const;
    // Placement that puts no two of a pair together where others can take a place, and keeps what
    // holds and works. Zones and shares yield to this for as long as the link is bad.
    [[nodiscard]] std::vector<NodeList> steer(const Ring& draft,
                                              const std::vector<NodeList>& desired) const;

    // No news says that the link of the two carries nothing.
    [[nodiscard]] bool carries(NodeId a, NodeId b) const;
    // News says that something has to change for it.
    [[nodiscard]] bool is_bad(NodeId a, NodeId b) const;
    // Whether the member can hold the entry's partition together with the others, for all that is
    // known of its links.
    [[nodiscard]] bool fits(const Entry& entry, const NodeList& others, NodeId id) const;

private:
    using Copies = NodeList;

    [[nodiscard]] std::size_t fault(NodeId id) const;
    [[nodiscard]] bool without_lease(NodeId id) const { return votes_lost(id) > votes_spare_; }
    [[nodiscard]] std::uint32_t votes_lost(NodeId id) const;
    [[nodiscard]] bool is_last_copy(NodeId id) const;
    [[nodiscard]] std::optional<NodeId> coordinator() const;
    [[nodiscard]] std::optional<NodeId> copy_of(const Entry& entry) const;
    [[nodiscard]] Copies steered(const Ring& draft, const Entry& entry, const Copies& wanted,
                                 std::map<NodeId, std::size_t>& given) const;
    [[nodiscard]] NodeId substitute(const Ring& draft, const Entry& entry, const Copies& wanted,
                                    const Copies& kept,
                                    const std::map<NodeId, std::size_t>& given) const;

    const Ring& ring_;
    std::uint32_t votes_spare_;
    LinkNews links_;
    LinkNews heartbeats_;
    PlantedBugs bugs_;
};

}  // namespace grapevine
