#include "coordinator/force.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "base/counted.h"
#include "coordinator/report.h"

namespace grapevine {

namespace {

bool clashes(const std::vector<const Member*>& others, const Member& member) {
    return std::ranges::any_of(others, [&](const Member* other) {
        return other->name == member.name || other->address == member.address;
    });
}

std::string list(const std::vector<const Member*>& members) {
    std::vector<std::string> texts;
    for (const Member* member : members) {
        texts.push_back(fmt::format("{} ({})", member->name, member->address));
    }
    return texts.empty() ? "nobody" : fmt::format("{}", fmt::join(texts, ", "));
}

std::string refusal(const Ring& ring, const ForcePlan& plan, bool somebody_stores) {
    if (!ring.genesis) return "nothing is stored in this cluster: start it anew";
    if (plan.founding.survivors.empty()) return "no member answers";
    if (!somebody_stores) {
        return fmt::format("no node of ring {} that stores anything answers: {}", ring.epoch,
                           plan.outside.empty() ? "nothing is left to go on with" : plan.outside);
    }
    if (plan.survival.votes >= ring.majority()) {
        return fmt::format(
            "{} of {} votes answer, which is a majority: the cluster goes on by itself; "
            "--status tells what is wrong",
            plan.survival.votes, ring.votes_total());
    }
    return {};
}

// Of the same cluster, out of its newest ring, and holding keys.
std::string who_waits(const Ring& ring, const std::vector<StatusReply>& outside) {
    std::vector<std::string> names;
    std::uint64_t keys = 0;
    for (const StatusReply& status : outside) {
        const bool holds = status.cluster == ring.cluster && status.keys_held > 0;
        if (!holds || ring.member(status.id) != nullptr) continue;
        names.push_back(status.name.empty() ? "a process without a name" : status.name);
        keys = std::max(keys, status.keys_held);
    }
    if (names.empty()) return {};
    std::ranges::sort(names);
    return fmt::format(
        "{} {} to be let in, with up to {} of what {} held before that ring; a founding cannot use "
        "that yet: it needs a node that is in it",
        fmt::join(names, ", "), names.size() == 1 ? "waits" : "wait", counted(keys, "key"),
        names.size() == 1 ? "it" : "they");
}

// "3 of 1,024 partitions have", "1 ... has".
std::string partitions_have(std::size_t count, const Ring& ring, std::string_view what) {
    return fmt::format("{} of {} {} {}", count, counted(ring.partitions(), "partition"),
                       count == 1 ? "has" : "have", what);
}

}  // namespace

ForcePlan plan_force(const Ring& ring, const std::map<NodeId, StatusReply>& answered,
                     const std::vector<StatusReply>& outside) {
    ForcePlan plan;
    std::vector<const Member*> living;
    bool somebody_stores = false;
    for (const bool up : {true, false}) {
        for (const Member& member : ring.members) {
            if (member.is_up() != up) continue;
            const auto status = answered.find(member.id);
            const bool answers = status != answered.end() && status->second.cluster == ring.cluster;
            if (!answers || (!up && clashes(living, member))) continue;
            living.push_back(&member);
            plan.founding.survivors.push_back(member.id);
            plan.founding.ballot.round =
                std::max(plan.founding.ballot.round, status->second.force_round);
            somebody_stores = somebody_stores || member.stores();
        }
    }
    ++plan.founding.ballot.round;
    plan.founding.epoch = ring.epoch;
    std::ranges::sort(plan.founding.survivors);
    plan.survival = survival(ring, plan.founding.survivors);
    plan.outside = who_waits(ring, outside);
    plan.refusal = refusal(ring, plan, somebody_stores);
    return plan;
}

std::string describe(const Ring& ring, const ForcePlan& plan) {
    std::vector<const Member*> living;
    std::vector<const Member*> silent;
    for (const Member* member : members_in_order(ring)) {
        const bool lives = std::ranges::binary_search(plan.founding.survivors, member->id);
        (lives ? living : silent).push_back(member);
    }
    const auto& [votes, kept, fewer, restarted] = plan.survival;
    std::string text = fmt::format(
        "The newest ring that anybody here knows is {} of cluster {:016x}.\n"
        "Survivors, with {} of {} votes: {}.\n"
        "Silent: {}.\n",
        ring.epoch, ring.cluster.value, votes, ring.votes_total(), list(living), list(silent));
    text += restarted == 0 ? "Every partition has a copy on a survivor.\n"
                           : partitions_have(restarted, ring,
                                             "no copy on a survivor: all of their keys are lost, "
                                             "they restart empty.\n");
    text += partitions_have(fewer, ring, "fewer copies than before, ");
    text += fmt::format("{} as many.\n", kept);
    text +=
        (plan.outside.empty() ? "" : "Outside: " + plan.outside + ".\n") +
        "May be lost too: what was written last, where the silent ones had agreed on a ring that\n"
        "no survivor has heard of. Those that are only cut off go on by themselves until they\n"
        "hear of the new cluster, then they serve no more: all that they acknowledge after the "
        "cut\n"
        "is lost. End their processes first, wherever they may still run.\n";
    return text;
}

}  // namespace grapevine
