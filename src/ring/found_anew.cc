#include "ring/found_anew.h"

#include <algorithm>
#include <functional>

#include "base/limits.h"
#include "ring/change.h"
#include "ring/placement.h"

namespace grapevine {

namespace {

bool survives(const std::vector<NodeId>& survivors, NodeId id) {
    return std::ranges::binary_search(survivors, id);
}

std::size_t copies_left(const Entry& entry, const std::vector<NodeId>& survivors) {
    return static_cast<std::size_t>(
        std::ranges::count_if(entry.copies, [&](NodeId id) { return survives(survivors, id); }));
}

Result<void> check(const Ring& ring, const Founding& founding) {
    const auto& survivors = founding.survivors;
    if (founding.epoch != ring.epoch) {
        return fail("the survivors are those of ring {}, not {}", founding.epoch, ring.epoch);
    }
    if (!founding.ballot || !founding.ballot.cluster || founding.ballot.cluster == ring.cluster) {
        return fail("the new cluster has no id of its own");
    }
    if (!ring.genesis) return fail("nothing is stored in ring {}", ring.epoch);
    if (std::ranges::adjacent_find(survivors, std::greater_equal{}) != survivors.end()) {
        return fail("the survivors are not in order");
    }
    bool somebody_stores = false;
    for (const NodeId id : survivors) {
        const Member* member = ring.member(id);
        if (member == nullptr) return fail("{} is no member of ring {}", id, ring.epoch);
        somebody_stores = somebody_stores || member->stores();
    }
    if (!somebody_stores) return fail("no survivor stores anything");
    const std::uint32_t votes = survival(ring, survivors).votes;
    if (votes >= ring.majority()) {
        return fail("the survivors have {} of {} votes, which is a majority", votes,
                    ring.votes_total());
    }
    return {};
}

void keep_survivors(Ring& draft, const std::vector<NodeId>& survivors) {
    std::erase_if(draft.members,
                  [&](const Member& member) { return !survives(survivors, member.id); });
    for (Member& member : draft.members) member.state = MemberState::up;
    draft.voters = voters_for(draft.members);
}

void keep_copies(Ring& draft, const std::vector<NodeId>& survivors) {
    const Placement wanted = desired_placement(placement_task(draft));
    for (std::uint32_t i = 0; i < draft.partitions(); ++i) {
        Entry& entry = draft.table[i];
        erase_if(entry.copies, [&](NodeId id) { return !survives(survivors, id); });
        entry.fills.clear();
        entry.tenure = entry.since = draft.epoch;
        if (!entry.copies.empty()) continue;
        entry.copies = wanted[i];
        ++entry.generation.value;
    }
}

}  // namespace

Survival survival(const Ring& ring, const std::vector<NodeId>& survivors) {
    Survival counts;
    counts.votes = ring.votes_of(survivors);
    for (const Entry& entry : ring.table) {
        const std::size_t left = copies_left(entry, survivors);
        if (left == 0) {
            ++counts.restarted;
        } else if (left < entry.copies.size()) {
            ++counts.fewer;
        } else {
            ++counts.kept;
        }
    }
    return counts;
}

bool Consents::exclude(const FoundingBallot& ballot) const {
    return after < ballot && ballot <= up_to && !std::ranges::binary_search(given, ballot);
}

Result<Ring> found_anew(const Ring& ring, const Founding& founding) {
    if (auto checked = check(ring, founding); !checked) return std::unexpected(checked.error());
    Ring draft = ring;
    draft.ancestors.insert(draft.ancestors.begin(), {.cluster = ring.cluster, .last = ring.epoch});
    if (draft.ancestors.size() > ancestors_max) draft.ancestors.pop_back();
    draft.cluster = founding.ballot.cluster;
    draft.genesis = Epoch{ring.epoch.value + epochs_skipped};
    draft.epoch = next(draft.genesis);
    keep_survivors(draft, founding.survivors);
    keep_copies(draft, founding.survivors);
    if (const std::string defect = ring_defect(draft); !defect.empty()) return fail("{}", defect);
    return draft;
}

}  // namespace grapevine
