#include "ring/planner.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "base/assert.h"
#include "ring/arranging.h"
#include "ring/roster.h"
#include "ring/steps.h"

namespace grapevine {

namespace {

// A draft of what was already chosen, which is only what fits to the ring.
Ring draft_of(const Ring& ring, const RingChange& change, PlantedBugs bugs) {
    auto draft = apply_membership(ring, change, bugs);
    ASSERT(draft.has_value(), "{}", draft.error().message);
    return std::move(*draft);
}

std::vector<FillReport> fitting_reports(const Ring& ring, std::vector<FillReport> reports) {
    std::erase_if(reports, [&](const FillReport& report) { return !fits(report, ring); });
    std::ranges::sort(reports);
    reports.erase(std::unique(reports.begin(), reports.end()), reports.end());
    return reports;
}

// Somebody has to be left who votes.
std::vector<NodeId> evictions(const Ring& ring, const std::set<NodeId>& dead) {
    std::vector<NodeId> evicted;
    bool someone_stays = false;
    for (const Member& member : ring.members) {
        if (!member.is_up()) continue;
        if (dead.contains(member.id)) {
            evicted.push_back(member.id);
        } else {
            someone_stays = true;
        }
    }
    if (!someone_stays) evicted.clear();
    return evicted;
}

bool is_present(const Observations& seen, NodeId id) {
    return !seen.present || seen.present->contains(id);
}

// Whether there are copies without these, and none of them has promised.
bool are_heirs_unheard(const Entry& entry, std::span<const NodeId> without,
                       const Observations& seen) {
    bool has_heir = false;
    for (const NodeId id : entry.copies) {
        if (contains(without, id)) continue;
        if (is_present(seen, id)) return false;
        has_heir = true;
    }
    return has_heir;
}

// Evictions wait whose heirs are not present; and then these are no heirs themselves.
void keep_without_heirs(const Ring& ring, const Observations& seen, RingChange& change,
                        PlantedBugs bugs) {
    if (!seen.present || !seen.heirs_are_present || bugs.has(Bug::heirs_unheard)) return;
    RingChange reports_only;
    reports_only.epoch = change.epoch;
    reports_only.completed = change.completed;
    const Ring draft = change.evicted.empty() ? Ring{} : draft_of(ring, reports_only, bugs);
    for (bool again = true; again && !change.evicted.empty();) {
        again = false;
        for (const Entry& entry : draft.table) {
            if (!are_heirs_unheard(entry, change.evicted, seen)) continue;
            const auto kept = std::erase_if(change.evicted,
                                            [&](NodeId id) { return contains(entry.copies, id); });
            again = again || kept > 0;
        }
    }
}

// Those that ask for a name come first, so that none of these is given away.
std::vector<Member> naming_order(std::vector<Member> joiners) {
    std::ranges::stable_partition(joiners, [](const Member& m) { return !m.name.empty(); });
    return joiners;
}

// A holder that returns is needed more than its name: where a new process took that, it gets
// another.
std::string name_for(const Ring& after, const Member& joiner) {
    const Member* known = after.member(joiner.id);
    if (known == nullptr) return joiner.name;
    const std::string& name = joiner.name.empty() ? known->name : joiner.name;
    return after.member_named(name) == nullptr ? name : std::string{};
}

// Whether a ring of these members could decide the next one.
bool majority_is_present(const std::vector<Member>& members, const Observations& seen) {
    std::uint32_t total = 0;
    std::uint32_t present = 0;
    for (const Voter& voter : voters_for(members)) {
        total += voter.votes;
        present += is_present(seen, voter.id) ? voter.votes : 0;
    }
    return present > total / 2;
}

// Adds them to `after` too.
std::vector<Member> admit_all(Ring& after, const std::vector<Member>& joiners,
                              const Observations& seen, PlantedBugs bugs) {
    std::vector<Member> joined;
    for (Member joiner : naming_order(joiners)) {
        if (seen.dead.contains(joiner.id)) continue;
        const bool returns = after.member(joiner.id) != nullptr;
        if (returns && bugs.has(Bug::distrust_returned_copy)) continue;
        // With it others lose what they held with it.
        if (returns && !is_present(seen, joiner.id) && !bugs.has(Bug::heirs_unheard)) continue;
        joiner.name = name_for(after, joiner);
        if (admit(after, joiner)) joined.push_back(std::move(joiner));
    }
    if (!after.genesis && after.storage_count() < seen.genesis_members) {
        std::erase_if(joined, std::mem_fn(&Member::stores));
        std::erase_if(after.members, std::mem_fn(&Member::stores));
    }
    return joined;
}

// Joiners may have died since they asked. Their votes count from the next ring on, so where the
// majority would be with them they have to be there, and those that are not wait.
std::vector<Member> admissions(Ring& after, const Observations& seen, PlantedBugs bugs) {
    const Ring before = after;
    std::vector<Member> joined = admit_all(after, seen.joiners, seen, bugs);
    if (majority_is_present(after.members, seen) || bugs.has(Bug::admit_unheard)) return joined;
    after = before;
    std::vector<Member> present = seen.joiners;
    std::erase_if(present, [&](const Member& joiner) { return !is_present(seen, joiner.id); });
    return admit_all(after, present, seen, bugs);
}

// The members after the evictions, without the table.
Ring members_after(const Ring& ring, const RingChange& change) {
    Ring after;
    after.epoch = ring.epoch;
    after.genesis = ring.genesis;
    after.last_server_number = ring.last_server_number;
    after.members = ring.members;
    RingChange evictions_only;
    evictions_only.epoch = change.epoch;
    evictions_only.evicted = change.evicted;
    return draft_of(after, evictions_only, {});
}

std::vector<NodeId> leavers(const Ring& draft, const std::set<NodeId>& asked) {
    std::vector<NodeId> leaving;
    for (const NodeId id : asked) {
        const Member* member = draft.member(id);
        if (member != nullptr && member->stays()) leaving.push_back(id);
    }
    return leaving;
}

// Where fewer than k stay, what the leavers hold has copies on all these, and may end with them.
bool copies_may_leave(const Ring& draft, const Observations& seen) {
    return copies_possible(draft) >= draft.copies_wanted ||
           std::ranges::all_of(draft.members, [&](const Member& member) {
               return !member.stays() || is_present(seen, member.id);
           });
}

// As many of those that hold nothing any more as may go without a majority of the votes going to
// members that may be dead.
std::vector<NodeId> departures(const Ring& draft, const Observations& seen, PlantedBugs bugs) {
    std::vector<NodeId> departed;
    for (const Member& member : draft.members) {
        if (member.state != MemberState::leaving) continue;
        if (std::ranges::none_of(draft.table,
                                 [&](const Entry& entry) { return entry.writes_to(member.id); })) {
            departed.push_back(member.id);
        }
    }
    if (bugs.has(Bug::leave_to_the_dead)) return departed;
    const auto without_departed = [&] {
        std::vector<Member> members = draft.members;
        std::erase_if(members, [&](const Member& m) { return contains(departed, m.id); });
        return members;
    };
    while (!departed.empty() && !majority_is_present(without_departed(), seen)) departed.pop_back();
    return departed;
}

std::vector<Arrangement> genesis_arrangements(const Placement& desired) {
    std::vector<Arrangement> result;
    for (std::uint32_t i = 0; i < desired.size(); ++i) {
        result.push_back({PartitionId{i}, desired[i], {}});
    }
    return result;
}

void give_up(RingChange& change, const Ring& draft, std::vector<PartitionId> losses,
             const Placement& desired) {
    std::ranges::sort(losses);
    losses.erase(std::unique(losses.begin(), losses.end()), losses.end());
    const std::size_t enough = std::max<std::size_t>(copies_possible(draft), 1);
    for (const PartitionId id : losses) {
        if (id.value >= draft.partitions() || !draft.is_down(draft.entry(id))) continue;
        if (desired[id.value].size() < enough) continue;
        change.losses.push_back(id);
        change.arrangements.push_back({id, desired[id.value], {}});
    }
    std::ranges::sort(change.arrangements, {}, &Arrangement::partition);
}

// Where somebody died nobody is accused: what the death explains is not the links' fault.
void accuse_member(RingChange& change, const Accusations& accusations) {
    if (!change.evicted.empty()) return;
    if (const auto accused = accusations.member()) change.evicted = {*accused};
}

// Leavers that keep their copies for now.
std::vector<NodeId> held_back(const Ring& draft, const Observations& seen, PlantedBugs bugs) {
    std::vector<NodeId> held;
    if (copies_may_leave(draft, seen) || bugs.has(Bug::leave_to_the_dead)) return held;
    for (const Member& member : draft.members) {
        if (member.state == MemberState::leaving) held.push_back(member.id);
    }
    return held;
}

// Who is in, and what follows from that alone. Returns the draft that the table starts from.
Ring settle_members(const Ring& ring, const Observations& seen, const Accusations& accusations,
                    PlantedBugs bugs, RingChange& change) {
    change.completed = fitting_reports(ring, seen.completed);
    change.evicted = evictions(ring, seen.dead);
    const bool somebody_died = !change.evicted.empty();
    accuse_member(change, accusations);
    keep_without_heirs(ring, seen, change, bugs);
    Ring after = members_after(ring, change);
    if (!somebody_died && !majority_is_present(after.members, seen)) {
        change.evicted.clear();
        after = members_after(ring, change);
    }
    change.joined = admissions(after, seen, bugs);
    change.leaving = leavers(after, seen.leaving);
    Ring draft = draft_of(ring, change, bugs);
    if (!somebody_died) {
        change.dropped = accusations.copies(draft);
        if (seen.heirs_are_present && !bugs.has(Bug::heirs_unheard)) {
            std::erase_if(change.dropped, [&](const Holding& dropped) {
                return are_heirs_unheard(draft.entry(dropped.partition), std::array{dropped.member},
                                         seen);
            });
        }
        if (!change.dropped.empty()) draft = draft_of(ring, change, bugs);
    }
    change.departed = departures(draft, seen, bugs);
    return draft;
}

void arrange(const Ring& ring, const Ring& draft, const Accusations& accusations, Goal goal,
             const Observations& seen, const PlannerConfig& config, RingChange& change) {
    const bool steers = goal.is_final && !accusations.empty();
    const Placement steered = steers ? accusations.steer(draft, *goal.holders) : Placement{};
    if (steers) goal.holders = &steered;
    const std::vector<NodeId> leavers = held_back(draft, seen, config.bugs);
    change.arrangements = arrangements(ring, !change.evicted.empty(), goal,
                                       {leavers, seen.contested, accusations, draft}, config);
    give_up(change, draft, seen.losses, *goal.holders);
}

}  // namespace

std::optional<RingChange> plan(const Ring& ring, const Observations& seen,
                               const PlannerConfig& config, PlacementCache& cache) {
    RingChange change;
    change.epoch = next(ring.epoch);
    const Accusations accusations(ring, seen.links, seen.heartbeats, config.bugs);
    const Ring draft = settle_members(ring, seen, accusations, config.bugs, change);
    const Placement* const desired = cache.desired(draft);
    const Placement instead =
        desired == nullptr ? stand_in(draft, cache.latest(draft), seen, accusations) : Placement{};
    Goal goal{.holders = desired == nullptr ? &instead : desired,
              .is_final = desired != nullptr,
              .young_from = {},
              .fills_rest = seen.fills_rest && change.empty()};
    if (cache.takes_long(draft)) goal.young_from = seen.young_from;
    if (draft.genesis) {
        arrange(ring, draft, accusations, goal, seen, config, change);
    } else if (draft.storage_count() > 0) {
        const std::size_t enough = copies_possible(draft);
        if (std::ranges::any_of(*goal.holders,
                                [&](const NodeList& holders) { return holders.size() < enough; })) {
            return std::nullopt;
        }
        change.arrangements = genesis_arrangements(*goal.holders);
    }
    if (change.empty()) return std::nullopt;
    return change;
}

std::optional<RingChange> plan(const Ring& ring, const Observations& seen,
                               const PlannerConfig& config) {
    PlacementCache cache;
    return plan(ring, seen, config, cache);
}

RingChange plan_members(const Ring& ring, const Observations& seen, const PlannerConfig& config) {
    RingChange change;
    change.epoch = next(ring.epoch);
    const Accusations accusations(ring, seen.links, seen.heartbeats, config.bugs);
    settle_members(ring, seen, accusations, config.bugs, change);
    return change;
}

}  // namespace grapevine
