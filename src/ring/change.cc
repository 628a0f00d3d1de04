#include "ring/change.h"

#include <algorithm>
#include <functional>

#include "base/assert.h"
#include "base/limits.h"
#include "ring/roster.h"
#include "ring/steps.h"

namespace grapevine {

namespace {

using Copies = NodeList;

bool has_duplicates(Copies ids) {
    std::ranges::sort(ids);
    return std::ranges::adjacent_find(ids) != ids.end();
}

Result<void> check_holders(const Ring& draft, const Copies& ids) {
    for (const NodeId id : ids) {
        const Member* member = draft.member(id);
        if (member == nullptr || !member->stores() || !member->is_up()) {
            return fail("{} is no storage member that is up", id);
        }
    }
    return {};
}

Result<void> check_lists(const Ring& draft, const Arrangement& wanted) {
    if (wanted.copies.empty()) return fail("it is left without copies");
    Copies all = wanted.copies;
    all.append(wanted.fills.data(), wanted.fills.size());
    if (auto held = check_holders(draft, all); !held) return held;
    if (has_duplicates(std::move(all))) return fail("a member is listed twice");
    return {};
}

// Copies that hold nothing, because there is nothing: genesis, and a loss that was accepted.
Result<void> start_empty(const Ring& draft, Entry& entry, const Arrangement& wanted) {
    if (auto checked = check_lists(draft, wanted); !checked) return checked;
    if (!wanted.fills.empty()) return fail("it starts empty, there is nothing to fill");
    entry.copies = wanted.copies;
    return {};
}

Result<void> check_copies(const Ring& draft, const Entry& entry, const Arrangement& wanted) {
    for (const NodeId id : wanted.copies) {
        if (!entry.is_copy(id)) return fail("{} is made a copy without holding it", id);
    }
    const bool someone_leaves = wanted.copies.size() < entry.copies.size();
    const std::size_t staying = copies_possible(draft);
    if (someone_leaves && (staying == 0 || wanted.copies.size() < staying)) {
        return fail("a copy leaves before {} others are there", staying);
    }
    const bool filling = !entry.fills.empty() || !wanted.fills.empty();
    if (filling && wanted.copies.front() != entry.primary()) {
        return fail("its primary is exchanged while it is filled");
    }
    return {};
}

FillList arranged_fills(const Ring& draft, const Entry& entry, const Copies& wanted) {
    FillList fills;
    for (const NodeId id : wanted) {
        const Fill* open = entry.fill_of(id);
        fills.push_back(open != nullptr ? *open : Fill{id, draft.epoch});
    }
    return fills;
}

Result<void> rearrange(const Ring& draft, Entry& entry, const Arrangement& wanted) {
    if (draft.is_down(entry)) return fail("it is down");
    if (auto checked = check_lists(draft, wanted); !checked) return checked;
    if (auto checked = check_copies(draft, entry, wanted); !checked) return checked;
    entry.fills = arranged_fills(draft, entry, wanted.fills);
    entry.copies = wanted.copies;
    return {};
}

Result<void> accept_losses(Ring& draft, const RingChange& change) {
    for (const PartitionId id : change.losses) {
        if (id.value >= draft.partitions() || !draft.genesis ||
            !draft.is_down(draft.table[id.value])) {
            return fail("partition {} is given up and not down", id);
        }
        const auto arranged =
            std::ranges::lower_bound(change.arrangements, id, {}, &Arrangement::partition);
        if (arranged == change.arrangements.end() || arranged->partition != id) {
            return fail("partition {} is given up and nobody gets it", id);
        }
        ++draft.table[id.value].generation.value;
    }
    return {};
}

Result<void> arrange(Ring& draft, const RingChange& change, const Arrangement& wanted) {
    if (wanted.partition.value >= draft.partitions()) {
        return fail("there are {} partitions", draft.partitions());
    }
    if (!draft.genesis) return fail("nothing can be held before genesis");
    Entry& entry = draft.table[wanted.partition.value];
    const bool lost = std::ranges::binary_search(change.losses, wanted.partition);
    return lost || draft.genesis == draft.epoch ? start_empty(draft, entry, wanted)
                                                : rearrange(draft, entry, wanted);
}

Result<void> arrange_all(Ring& draft, const RingChange& change) {
    for (const Arrangement& wanted : change.arrangements) {
        if (auto done = arrange(draft, change, wanted); !done) {
            return fail("partition {}: {}", wanted.partition, done.error().message);
        }
    }
    return {};
}

Result<void> begin_genesis(Ring& draft, const RingChange& change) {
    if (draft.genesis || draft.storage_count() == 0) return {};
    draft.genesis = draft.epoch;
    if (change.arrangements.size() != draft.table.size()) {
        return fail("the genesis ring arranges {} partitions of {}", change.arrangements.size(),
                    draft.table.size());
    }
    return {};
}

void stamp(const Ring& ring, Ring& draft) {
    const Roster roster_before(ring);
    const Roster roster(draft);
    for (std::size_t i = 0; i < draft.table.size(); ++i) {
        const Entry& before = ring.table[i];
        Entry& entry = draft.table[i];
        const bool was_down = roster_before.is_down(before);
        const bool down = roster.is_down(entry);
        if (entry == before && down == was_down) continue;
        entry.since = draft.epoch;
        if (!down && (was_down || entry.primary() != before.primary())) {
            entry.tenure = draft.epoch;
        }
    }
}

void drop_the_forgotten(Ring& draft) {
    std::erase_if(draft.members, [&](const Member& member) {
        return !member.is_up() && std::ranges::none_of(draft.table, [&](const Entry& entry) {
            return entry.is_copy(member.id);
        });
    });
}

Result<void> rearrange_all(Ring& draft, const RingChange& change) {
    if (std::ranges::adjacent_find(change.arrangements, std::greater_equal{},
                                   &Arrangement::partition) != change.arrangements.end()) {
        return fail("the arrangements are not in order");
    }
    if (auto done = begin_genesis(draft, change); !done) return done;
    if (auto done = accept_losses(draft, change); !done) return done;
    return arrange_all(draft, change);
}

}  // namespace

bool RingChange::empty() const {
    return completed.empty() && evicted.empty() && dropped.empty() && joined.empty() &&
           leaving.empty() && departed.empty() && losses.empty() && arrangements.empty();
}

Result<Ring> apply(const Ring& ring, const RingChange& change, PlantedBugs bugs) {
    auto draft = apply_membership(ring, change, bugs);
    if (!draft) return draft;
    if (auto taken = rearrange_all(*draft, change); !taken) return std::unexpected(taken.error());
    stamp(ring, *draft);
    drop_the_forgotten(*draft);
    draft->voters = voters_for(draft->members);
    if (const std::string defect = ring_defect(*draft); !defect.empty()) return fail("{}", defect);
    return draft;
}

bool fits(const FillReport& report, const Ring& ring) {
    if (report.partition.value >= ring.partitions()) return false;
    const Entry& entry = ring.entry(report.partition);
    const Fill* fill = entry.fill_of(report.member);
    return fill != nullptr && fill->opened == report.opened && entry.since == report.since;
}

Result<MadeRing> make_ring(const Ring& ring, const RingChange& change, PlantedBugs bugs) {
    auto made = apply(ring, change, bugs);
    if (!made) return std::unexpected(made.error());
    const std::uint64_t number = digest(*made);
    return MadeRing{std::make_shared<const Ring>(*std::move(made)), number,
                    std::make_shared<const RingChange>(change)};
}

Ring found_ring(ClusterId cluster, Member founder, std::uint32_t copies_wanted,
                std::uint32_t partitions) {
    Ring nothing;
    nothing.cluster = cluster;
    nothing.copies_wanted = copies_wanted;
    nothing.protocol = protocol_version;
    nothing.table.resize(partitions);

    RingChange change;
    change.epoch = next(nothing.epoch);
    if (founder.stores()) {
        for (std::uint32_t i = 0; i < partitions; ++i) {
            change.arrangements.push_back({PartitionId{i}, {founder.id}, {}});
        }
    }
    change.joined.push_back(std::move(founder));
    const auto ring = apply(nothing, change);
    ASSERT(ring.has_value(), "{}", ring.error().message);
    return *ring;
}

}  // namespace grapevine
