#include "ring/trims.h"

#include <algorithm>
#include <cstddef>
#include <map>

namespace grapevine {

namespace {

bool only_arranges(const RingChange& change) {
    return !change.arrangements.empty() && change.completed.empty() && change.evicted.empty() &&
           change.dropped.empty() && change.joined.empty() && change.leaving.empty() &&
           change.departed.empty() && change.losses.empty();
}

// The primary and the fills stay, and nobody comes.
bool only_lets_go(const Entry& entry, const Arrangement& next) {
    return !entry.copies.empty() && !next.copies.empty() &&
           next.copies.front() == entry.primary() &&
           std::ranges::all_of(next.copies, [&](NodeId id) { return entry.is_copy(id); }) &&
           std::ranges::equal(next.fills, entry.fills, {}, {}, &Fill::id);
}

bool lets_a_doubtful_one_go(const Entry& entry, const Arrangement& next, const Doubt& doubt) {
    return std::ranges::any_of(entry.copies, [&](NodeId id) {
        const bool stays = std::ranges::find(next.copies, id) != next.copies.end();
        return !stays && doubt(entry.primary(), id);
    });
}

// Of those that leave the cluster: how many entries name each.
using Held = std::map<NodeId, std::size_t>;

Held held_by_leavers(const Ring& ring) {
    Held held;
    for (const Member& member : ring.members) {
        if (member.state == MemberState::leaving) held[member.id] = 0;
    }
    if (held.empty()) return held;
    for (const Entry& entry : ring.table) {
        for (auto& [id, count] : held) count += entry.writes_to(id) ? 1 : 0;
    }
    return held;
}

bool frees_a_leaver(const Ring& ring, const RingChange& change) {
    Held held = held_by_leavers(ring);
    for (const Arrangement& next : change.arrangements) {
        const Entry& entry = ring.entry(next.partition);
        for (auto& [id, count] : held) {
            const bool stays = std::ranges::find(next.copies, id) != next.copies.end();
            if (entry.is_copy(id) && !stays && --count == 0) return true;
        }
    }
    return false;
}

}  // namespace

bool can_wait(const Ring& ring, const RingChange& change, const Doubt& may_be_silent) {
    if (!only_arranges(change)) return false;
    const auto can_wait = [&](const Arrangement& next) {
        const Entry& entry = ring.entry(next.partition);
        return only_lets_go(entry, next) && !lets_a_doubtful_one_go(entry, next, may_be_silent);
    };
    return std::ranges::all_of(change.arrangements, can_wait) && !frees_a_leaver(ring, change);
}

}  // namespace grapevine
