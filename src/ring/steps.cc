#include "ring/steps.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>

#include "ring/roster.h"

namespace grapevine {

namespace {

constexpr std::string_view given_prefix = "server";

template <class Item>
bool strictly_ascending(const std::vector<Item>& items) {
    return std::ranges::adjacent_find(items, std::greater_equal{}) == items.end();
}

bool holds(const std::vector<NodeId>& sorted, NodeId id) {
    return std::ranges::binary_search(sorted, id);
}

Member* find_member(Ring& draft, NodeId id) {
    const auto found = std::ranges::lower_bound(draft.members, id, {}, &Member::id);
    return found == draft.members.end() || found->id != id ? nullptr : &*found;
}

Result<void> check_order(const RingChange& change) {
    if (!strictly_ascending(change.completed)) return fail("the reports are not in order");
    if (!strictly_ascending(change.evicted)) return fail("the evicted are not in order");
    if (std::ranges::adjacent_find(change.dropped, std::greater_equal{}, &Holding::partition) !=
        change.dropped.end()) {
        return fail("the dropped are not in order, or two leave one partition");
    }
    if (!strictly_ascending(change.leaving)) return fail("the leaving are not in order");
    if (!strictly_ascending(change.departed)) return fail("the departed are not in order");
    if (!strictly_ascending(change.losses)) return fail("the losses are not in order");
    return {};
}

Result<void> complete_fill(Ring& draft, const FillReport& report) {
    if (report.partition.value >= draft.partitions()) {
        return fail("a report names partition {} of {}", report.partition, draft.partitions());
    }
    // Reports are ordered by partition, so `since` is still what the predecessor had.
    if (!fits(report, draft)) {
        return fail("the report that {} holds partition {} does not fit to its entry",
                    report.member, report.partition);
    }
    Entry& entry = draft.table[report.partition.value];
    entry.copies.push_back(report.member);
    erase(entry.fills, Fill{report.member, report.opened});
    return {};
}

void evict_from(Entry& entry, const std::vector<NodeId>& evicted) {
    const auto gone = [&](NodeId id) { return holds(evicted, id); };
    if (std::ranges::all_of(entry.copies, gone)) {
        entry.fills.clear();
        return;
    }
    erase_if(entry.copies, gone);
    erase_if(entry.fills, [&](const Fill& fill) { return gone(fill.id); });
}

Result<void> evict(Ring& draft, const std::vector<NodeId>& evicted) {
    for (const NodeId id : evicted) {
        Member* member = find_member(draft, id);
        if (member == nullptr || !member->is_up()) {
            return fail("{} is evicted and not an up member", id);
        }
        member->state = MemberState::down;
    }
    if (evicted.empty()) return {};
    for (Entry& entry : draft.table) evict_from(entry, evicted);
    return {};
}

Result<void> drop(Ring& draft, const std::vector<Holding>& dropped) {
    for (const auto& [partition, member] : dropped) {
        if (partition.value >= draft.partitions()) {
            return fail("partition {} of {} is dropped", partition, draft.partitions());
        }
        Entry& entry = draft.table[partition.value];
        if (draft.is_down(entry) || !entry.is_copy(member)) {
            return fail("{} drops partition {}, of which it is no copy that is up", member,
                        partition);
        }
        if (entry.copies.size() == 1) {
            return fail("{} drops partition {}, of which it is the last copy", member, partition);
        }
        erase(entry.copies, member);
    }
    return {};
}

// The N of "serverN"; 0 for other names.
std::uint32_t server_number(std::string_view name) {
    if (!name.starts_with(given_prefix)) return 0;
    const std::string_view digits = name.substr(given_prefix.size());
    if (digits.starts_with('0')) return 0;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() ? number : 0;
}

std::uint32_t highest_server_number(const Ring& draft) {
    std::uint32_t highest = draft.last_server_number;
    for (const Member& member : draft.members) {
        highest = std::max(highest, server_number(member.name));
    }
    return highest;
}

// Empty where no number is left: whoever asks for the name with the highest one uses them all up.
std::string given_name(const Ring& draft, const Member& joiner) {
    if (!joiner.stores()) return "coordinator";
    const std::uint32_t highest = highest_server_number(draft);
    if (highest == std::numeric_limits<std::uint32_t>::max()) return {};
    return fmt::format("{}{}", given_prefix, highest + 1);
}

Result<void> check_join(const Ring& draft, const Member& joiner) {
    if (const std::string defect = member_defect(joiner); !defect.empty()) {
        return fail("{}", defect);
    }
    if (joiner.name.empty()) return fail("there is no name left to give to {}", joiner.id);
    if (const Member* known = draft.member(joiner.id)) {
        if (known->is_up()) return fail("{} joins and is a member", joiner.id);
        if (!joiner.stores()) return fail("{} returns as a coordinator", joiner.id);
    }
    if (draft.member_named(joiner.name) != nullptr) {
        return fail("the name {} is taken", joiner.name);
    }
    if (const Member* there = draft.member_at(joiner.address)) {
        return fail("{} listens at {} already", there->name, joiner.address);
    }
    if (!joiner.stores() && draft.coordinator() != nullptr) {
        return fail("there is a coordinator already");
    }
    return {};
}

Result<void> admit_all(Ring& draft, const RingChange& change) {
    for (const Member& joiner : change.joined) {
        if (holds(change.evicted, joiner.id)) {
            return fail("{} joins in the ring that evicts it", joiner.id);
        }
        if (auto admitted = admit(draft, joiner); !admitted) return admitted;
    }
    return {};
}

// A down partition of which a copy returned; the others of its copies may be behind by then.
void bring_up(Ring& draft) {
    const Roster roster(draft);
    const auto up = [&](NodeId id) { return roster.is_up(id); };
    for (Entry& entry : draft.table) {
        if (std::ranges::none_of(entry.copies, up)) continue;
        erase_if(entry.copies, std::not_fn(up));
    }
}

Result<void> mark_leaving(Ring& draft, const std::vector<NodeId>& leaving) {
    for (const NodeId id : leaving) {
        Member* member = find_member(draft, id);
        if (member == nullptr || !member->stays()) {
            return fail("{} leaves and is no storage member that stays", id);
        }
        member->state = MemberState::leaving;
    }
    return {};
}

Result<void> depart(Ring& draft, const std::vector<NodeId>& departed) {
    for (const NodeId id : departed) {
        const Member* member = draft.member(id);
        if (member == nullptr || member->state != MemberState::leaving) {
            return fail("{} departs and is not leaving", id);
        }
        if (std::ranges::any_of(draft.table, [&](const Entry& e) { return e.writes_to(id); })) {
            return fail("{} departs and holds something", id);
        }
        std::erase_if(draft.members, [&](const Member& m) { return m.id == id; });
    }
    return {};
}

Result<void> complete_all(Ring& draft, const RingChange& change) {
    for (const FillReport& report : change.completed) {
        if (auto done = complete_fill(draft, report); !done) return done;
    }
    return {};
}

// The planted bug: reports of fills that went with their copies are passed over.
Result<void> evict_then_complete(Ring& draft, RingChange change) {
    if (auto done = evict(draft, change.evicted); !done) return done;
    std::erase_if(change.completed, [&](const FillReport& report) {
        return draft.entry(report.partition).fill_of(report.member) == nullptr;
    });
    return complete_all(draft, change);
}

Result<void> complete_then_evict(Ring& draft, const RingChange& change) {
    if (auto done = complete_all(draft, change); !done) return done;
    return evict(draft, change.evicted);
}

Result<void> take_steps(Ring& draft, const RingChange& change, PlantedBugs bugs) {
    const bool evict_first = bugs.has(Bug::evict_before_completion);
    auto moved =
        evict_first ? evict_then_complete(draft, change) : complete_then_evict(draft, change);
    if (!moved) return moved;
    if (auto done = drop(draft, change.dropped); !done) return done;
    if (auto done = admit_all(draft, change); !done) return done;
    if (!change.joined.empty()) bring_up(draft);
    if (auto done = mark_leaving(draft, change.leaving); !done) return done;
    return depart(draft, change.departed);
}

}  // namespace

Result<void> admit(Ring& draft, const Member& joiner) {
    Member member = joiner;
    if (member.name.empty()) member.name = given_name(draft, joiner);
    if (auto checked = check_join(draft, member); !checked) return checked;

    member.state = MemberState::up;
    member.joined = draft.epoch;
    draft.last_server_number = std::max(draft.last_server_number, server_number(member.name));
    if (Member* returning = find_member(draft, member.id)) {
        *returning = std::move(member);
    } else {
        const auto place = std::ranges::lower_bound(draft.members, member.id, {}, &Member::id);
        draft.members.insert(place, std::move(member));
    }
    return {};
}

Result<Ring> apply_membership(const Ring& ring, const RingChange& change, PlantedBugs bugs) {
    if (change.epoch != next(ring.epoch)) {
        return fail("a change to ring {} does not follow ring {}", change.epoch, ring.epoch);
    }
    if (auto ordered = check_order(change); !ordered) return std::unexpected(ordered.error());
    Ring draft = ring;
    draft.epoch = change.epoch;
    if (auto taken = take_steps(draft, change, bugs); !taken) return std::unexpected(taken.error());
    return draft;
}

}  // namespace grapevine
