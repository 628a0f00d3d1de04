#include "ring/accusations.h"

#include <algorithm>
#include <ranges>
#include <span>
#include <tuple>

namespace grapevine {

namespace {

bool holds_id(std::span<const NodeId> ids, NodeId id) {
    return std::ranges::find(ids, id) != ids.end();
}

LinkNews of_members(const Ring& ring, LinkNews news) {
    std::erase_if(news, [&](const auto& entry) {
        return !ring.is_up(entry.first.low) || !ring.is_up(entry.first.high);
    });
    return news;
}

bool is_bad_in(const LinkNews& news, NodeId a, NodeId b) {
    const auto found = news.find(link_pair(a, b));
    return found != news.end() && found->second == LinkState::bad;
}

}  // namespace

Accusations::Accusations(const Ring& ring, const LinkNews& links, const LinkNews& heartbeats,
                         PlantedBugs bugs)
    : ring_(ring),
      votes_spare_(ring.votes_total() - ring.majority()),
      links_(of_members(ring, links)),
      heartbeats_(of_members(ring, heartbeats)),
      bugs_(bugs) {}

bool Accusations::is_bad(NodeId a, NodeId b) const {
    return is_bad_in(links_, a, b);
}

bool Accusations::carries(NodeId a, NodeId b) const {
    const auto found = links_.find(link_pair(a, b));
    return found == links_.end() || found->second < LinkState::silent;
}

std::size_t Accusations::fault(NodeId id) const {
    return static_cast<std::size_t>(std::ranges::count_if(links_, [&](const auto& entry) {
        const auto& [pair, state] = entry;
        const bool counts = state == LinkState::quiet || state >= LinkState::silent;
        return counts && (pair.low == id || pair.high == id);
    }));
}

std::uint32_t Accusations::votes_lost(NodeId id) const {
    std::uint32_t lost = 0;
    for (const Voter& voter : ring_.voters) {
        lost += is_bad_in(heartbeats_, id, voter.id) ? voter.votes : 0;
    }
    return lost;
}

bool Accusations::is_last_copy(NodeId id) const {
    if (bugs_.has(Bug::accuse_last_copy)) return false;
    return std::ranges::any_of(ring_.table, [&](const Entry& entry) {
        return entry.copies.size() == 1 && entry.primary() == id;
    });
}

// --- members ---

std::optional<NodeId> Accusations::coordinator() const {
    const Member* coordinator = ring_.coordinator();
    if (coordinator == nullptr || ring_.storage_count() == 0) return std::nullopt;
    const std::size_t own = fault(coordinator->id);
    const bool accused = std::ranges::any_of(ring_.members, [&](const Member& member) {
        return is_bad(coordinator->id, member.id) && own >= fault(member.id);
    });
    return accused ? std::optional(coordinator->id) : std::nullopt;
}

std::optional<NodeId> Accusations::member() const {
    if (empty()) return std::nullopt;
    if (const auto id = coordinator()) return id;
    std::optional<NodeId> worst;
    for (const Member& member : ring_.members) {
        if (!member.is_up() || !without_lease(member.id) || is_last_copy(member.id)) continue;
        if (!worst || votes_lost(member.id) >= votes_lost(*worst)) worst = member.id;
    }
    return worst;
}

// --- copies ---

std::vector<Holding> Accusations::copies(const Ring& draft) const {
    std::vector<Holding> dropped;
    if (empty()) return dropped;
    for (std::uint32_t i = 0; i < draft.partitions(); ++i) {
        const Entry& entry = draft.table[i];
        if (entry.copies.size() < 2 || draft.is_down(entry)) continue;
        if (const auto id = copy_of(entry)) dropped.push_back({PartitionId{i}, *id});
    }
    return dropped;
}

std::optional<NodeId> Accusations::copy_of(const Entry& entry) const {
    const NodeId primary = entry.primary();
    const bool others_lead = std::ranges::any_of(
        entry.copies, [&](NodeId id) { return id != primary && !without_lease(id); });
    if (without_lease(primary) && others_lead) return primary;
    for (const NodeId copy : entry.copies | std::views::drop(1) | std::views::reverse) {
        if (is_bad(primary, copy)) return fault(primary) > fault(copy) ? primary : copy;
    }
    return std::nullopt;
}

// --- placement ---

// Two that hold it, or are being given it, go on together while their link works, however it was
// before: a voter that distrusts them would only undo what one that does not has begun. Who does
// not hold it has to be filled by the primary, also where that is to go.
bool Accusations::fits(const Entry& entry, const Copies& others, NodeId id) const {
    if (without_lease(id)) return false;
    const auto parted = [&](NodeId other) {
        const auto found = links_.find(link_pair(id, other));
        if (found == links_.end()) return false;
        switch (found->second) {
            case LinkState::bad:
                return true;
            case LinkState::silent:
                return !entry.is_copy(id) || !entry.is_copy(other);
            case LinkState::distrusted:
                break;
            case LinkState::quiet:
                return false;
        }
        const auto is_given = [&](NodeId end) {
            return bugs_.has(Bug::undo_fills) ? entry.is_copy(end) : entry.writes_to(end);
        };
        return !is_given(id) || !is_given(other);
    };
    if (!entry.is_copy(id) && parted(entry.primary())) return false;
    return std::ranges::none_of(others, parted);
}

// Zero: nobody is left. Who has it already comes first, then who was given least.
NodeId Accusations::substitute(const Ring& draft, const Entry& entry, const Copies& wanted,
                               const Copies& kept,
                               const std::map<NodeId, std::size_t>& given) const {
    const auto order = [&](NodeId id) {
        const auto count = given.find(id);
        return std::tuple(!entry.is_copy(id), entry.fill_of(id) == nullptr,
                          count == given.end() ? 0 : count->second, id);
    };
    NodeId best{};
    for (const Member& member : draft.members) {
        if (!member.stays() || holds_id(wanted, member.id) || holds_id(kept, member.id)) continue;
        if (!fits(entry, kept, member.id)) continue;
        if (!best || order(member.id) < order(best)) best = member.id;
    }
    return best;
}

Accusations::Copies Accusations::steered(const Ring& draft, const Entry& entry,
                                         const Copies& wanted,
                                         std::map<NodeId, std::size_t>& given) const {
    Copies kept;
    for (const bool holders : {true, false}) {
        for (const NodeId id : wanted) {
            if (entry.is_copy(id) == holders && fits(entry, kept, id)) kept.push_back(id);
        }
    }
    if (kept.size() == wanted.size()) return wanted;
    // The wanted order, as far as it goes.
    std::ranges::sort(kept, {}, [&](NodeId id) { return std::ranges::find(wanted, id); });
    while (kept.size() < wanted.size()) {
        const NodeId id = substitute(draft, entry, wanted, kept, given);
        if (!id) break;
        ++given[id];
        kept.push_back(id);
    }
    if (kept.size() == wanted.size()) return kept;
    // Nobody takes the place: whoever holds it stays, in the order that works.
    Copies as_it_is = entry.copies;
    for (const NodeId id : kept) {
        if (as_it_is.size() < wanted.size() && !holds_id(as_it_is, id)) as_it_is.push_back(id);
    }
    return as_it_is;
}

std::vector<NodeList> Accusations::steer(const Ring& draft,
                                         const std::vector<Copies>& desired) const {
    std::vector<Copies> result = desired;
    std::map<NodeId, std::size_t> given;
    for (std::uint32_t i = 0; i < draft.partitions(); ++i) {
        const Entry& entry = draft.table[i];
        if (!draft.is_down(entry)) result[i] = steered(draft, entry, desired[i], given);
    }
    return result;
}

}  // namespace grapevine
