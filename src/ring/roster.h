#pragma once
// Who of a ring's members is up, side by side in memory: what is done with a whole table asks this
// thousands of times, and that is much of what a ring change costs. Internal to ring/.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "ring/ring.h"

namespace grapevine {

enum class Standing : std::uint8_t { no_member, coordinator, down, up };  // the last two: storage

constexpr bool stores(Standing standing) {
    return standing >= Standing::down;
}

// A snapshot of the members: it does not follow a draft.
class Roster {
public:
    explicit Roster(const Ring& ring) {
        ids_.reserve(ring.members.size());
        standings_.reserve(ring.members.size());
        for (const Member& member : ring.members) {
            ids_.push_back(member.id);
            standings_.push_back(standing_of(member));
        }
    }

    [[nodiscard]] Standing of(NodeId id) const {
        const auto found = find(id);
        if (found == ids_.end() || *found != id) return Standing::no_member;
        return standings_[static_cast<std::size_t>(found - ids_.begin())];
    }
    // As a storage member.
    [[nodiscard]] bool is_up(NodeId id) const { return of(id) == Standing::up; }
    [[nodiscard]] bool is_down(const Entry& entry) const {
        return entry.copies.empty() || !is_up(entry.primary());
    }

private:
    static Standing standing_of(const Member& member) {
        if (!member.stores()) return Standing::coordinator;
        return member.is_up() ? Standing::up : Standing::down;
    }
    // Where a few are looked through, no branch is guessed wrong but the last.
    [[nodiscard]] std::vector<NodeId>::const_iterator find(NodeId id) const {
        constexpr std::size_t few = 16;
        return ids_.size() <= few ? std::ranges::find(ids_, id)
                                  : std::ranges::lower_bound(ids_, id);
    }

    std::vector<NodeId> ids_;  // ascending
    std::vector<Standing> standings_;
};

}  // namespace grapevine
