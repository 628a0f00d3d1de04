#include "coordinator/health.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/counted.h"
#include "coordinator/report.h"
#include "ring/change.h"
#include "ring/planner.h"

namespace grapevine {

namespace {

std::optional<Duration> time_for(std::uint64_t keys, std::uint64_t keys_per_second) {
    if (keys == 0) return Duration{};
    if (keys_per_second == 0) return std::nullopt;
    return std::chrono::milliseconds(keys * 1000 / keys_per_second);
}

std::string names(const Ring& ring, const std::vector<NodeId>& ids) {
    std::vector<std::string> texts;
    for (const NodeId id : ids) texts.push_back(name_in(ring, id));
    return fmt::format("{}", fmt::join(texts, ", "));
}

// Longer than a change of primaries takes, which waits for a lease (200 ms) where one died.
constexpr Duration hand_over_max = 1s;

// Of a large cluster without most of its members there would be many.
constexpr std::size_t reasons_max = 20;
constexpr std::size_t names_in_reason_max = 8;

// "server1", "server1, server2", "server1, server2 and 7 more".
std::string some_of(const std::vector<std::string>& names) {
    const std::size_t said = std::min(names.size(), names_in_reason_max);
    const auto first = names.begin() + static_cast<std::ptrdiff_t>(said);
    const std::string text = fmt::format("{}", fmt::join(names.begin(), first, ", "));
    return said == names.size() ? text : fmt::format("{} and {} more", text, names.size() - said);
}

bool somebody_who_stores_answers(const Ring& ring, const Statuses& status) {
    return std::ranges::any_of(ring.members, [&](const Member& member) {
        return member.stores() && status.contains(member.id);
    });
}

// As if a coordinator were there too.
std::size_t deaths_survived_with_coordinator(const Ring& ring) {
    Ring other = ring;
    other.members.push_back({.id = NodeId{~std::uint64_t{0}}, .role = Role::coordinator});
    other.voters = voters_for(other.members);
    return deaths_survived(other);
}

std::string partitions_of_all(const Ring& ring, std::size_t number) {
    return fmt::format("{} of {}", number, counted(ring.partitions(), "partition"));
}

// One who looks at it, and collects what speaks against it.
class Examination {
public:
    Examination(const Ring& ring, const Statuses& status) : ring_(ring), status_(status) {}

    Health run() {
        health_.survived = resilience(ring_);
        look_at_votes();
        look_at_members();
        if (!ring_.genesis) {
            find(HealthVerdict::unavailable, "no storage node has come yet");
        } else {
            look_at_copies();
            look_at_service();
            look_for_coordinator();
        }
        if (health_.reasons.size() > reasons_max) {
            const std::size_t more = health_.reasons.size() - (reasons_max - 1);
            health_.reasons.resize(reasons_max - 1);
            health_.reasons.push_back(fmt::format("and {} more", counted(more, "reason")));
        }
        return std::move(health_);
    }

private:
    void find(HealthVerdict verdict, std::string reason) {
        health_.verdict = std::max(health_.verdict, verdict);
        health_.reasons.push_back(std::move(reason));
    }

    [[nodiscard]] bool answers(NodeId id) const { return status_.contains(id); }

    void look_at_votes() {
        health_.votes = votes_answering(ring_, status_);
        if (health_.votes.is_majority()) {
            const std::string why = why_no_death_is_survived(ring_);
            if (!why.empty()) {
                find(HealthVerdict::degraded, "no death is survived, because " + why);
            }
            return;
        }
        health_.survived = {};
        find(HealthVerdict::unavailable, describe_lost_majority(ring_, status_));
    }

    void look_at_members() {
        for (const Member* member : members_in_order(ring_)) {
            if (member->state == MemberState::leaving) look_at_leaver(*member);
            if (!member->is_up()) continue;
            if (!answers(member->id)) health_.silent.push_back(member->name);
            if (const auto found = status_.find(member->id); found != status_.end()) {
                look_at_memory(*member, found->second);
            }
            std::vector<NodeId> observers;
            for (const auto& [id, status] : status_) {
                if (std::ranges::find(status.suspected, member->id) != status.suspected.end()) {
                    observers.push_back(id);
                }
            }
            if (!observers.empty()) {
                health_.suspected.push_back(member->name);
                find(HealthVerdict::degraded,
                     fmt::format("{} is suspected by {}", member->name, names(ring_, observers)));
            }
        }
        if (!health_.silent.empty()) {
            find(HealthVerdict::degraded, fmt::format("{} {} not answer", some_of(health_.silent),
                                                      health_.silent.size() == 1 ? "does" : "do"));
        }
    }

    void look_at_leaver(const Member& member) {
        if (!somebody_stays(ring_, member.id)) {
            return find(HealthVerdict::degraded,
                        fmt::format("{} was told to leave, and stays: no other node stays that "
                                    "could hold what it holds",
                                    member.name));
        }
        find(HealthVerdict::repairing,
             fmt::format("{} is leaving: {} to move", member.name,
                         counted(partitions_of(ring_, member.id), "partition")));
    }

    // Nearly full is told too: something can still be done.
    void look_at_memory(const Member& member, const StatusReply& status) {
        constexpr std::uint64_t much_percent = 90;
        if (status.memory_max == 0 ||
            status.memory_bytes < status.memory_max / 100 * much_percent) {
            return;
        }
        find(
            HealthVerdict::degraded,
            fmt::format("{} holds {} of {}; what would add to them is refused when it is full",
                        member.name, mebibytes(status.memory_bytes), mebibytes(status.memory_max)));
    }

    void look_at_copies() {
        const std::size_t possible = copies_possible(ring_);
        if (possible > 0 && possible < ring_.copies_wanted) {
            find(HealthVerdict::degraded,
                 fmt::format("{} of a key {} wanted, and there {} {}",
                             counted(ring_.copies_wanted, "copy", "copies"),
                             ring_.copies_wanted == 1 ? "is" : "are", possible == 1 ? "is" : "are",
                             counted(possible, "node")));
        }
        // It may be meant so.
        if (std::string few = too_few_zones(ring_); !few.empty()) {
            find(HealthVerdict::healthy, std::move(few));
        }
        look_at_weights(possible);
        if (!health_.votes.is_majority()) return look_at_copies_that_answer();
        std::map<std::size_t, std::size_t> short_by_copies;
        for (const Entry& entry : ring_.table) {
            if (ring_.is_down(entry)) {
                ++health_.partitions_down;
                continue;
            }
            if (entry.copies.size() < ring_.copies_wanted) ++health_.partitions_short;
            if (entry.copies.size() < possible) {
                ++short_by_copies[entry.copies.size()];
            } else if (!entry.fills.empty()) {
                ++health_.partitions_moving;
            }
        }
        measure_backlog();
        tell_of_copies(possible, short_by_copies);
    }

    void tell_of_copies(std::size_t possible,
                        const std::map<std::size_t, std::size_t>& short_by_copies) {
        const std::string left =
            health_.left && *health_.left > Duration{}
                ? fmt::format(", {} s left", (to_ms(*health_.left) + 999) / 1000)
                : "";
        for (const auto& [copies, number] : short_by_copies) {
            find(HealthVerdict::repairing,
                 fmt::format("{} {} {} of {}{}", partitions_of_all(ring_, number),
                             number == 1 ? "has" : "have", copies,
                             counted(possible, "copy", "copies"), left));
        }
        if (health_.partitions_moving > 0) {
            find(HealthVerdict::repairing,
                 fmt::format("{} {} copied to other nodes{}",
                             partitions_of_all(ring_, health_.partitions_moving),
                             health_.partitions_moving == 1 ? "is" : "are", left));
        }
        if (health_.partitions_down > 0) {
            find(HealthVerdict::unavailable,
                 fmt::format("{} {} no copy that is up: served again if a holder that was only "
                             "cut off or stood still answers again, not one that was ended ({}); "
                             "only where none ever will: client --accept-loss",
                             partitions_of_all(ring_, health_.partitions_down),
                             health_.partitions_down == 1 ? "has" : "have", awaited(ring_)));
        }
    }

    // Nothing is repaired before a majority is there again.
    void look_at_copies_that_answer() {
        for (const Entry& entry : ring_.table) {
            const auto there = static_cast<std::size_t>(
                std::ranges::count_if(entry.copies, [&](NodeId id) { return answers(id); }));
            if (there == 0) ++health_.partitions_down;
            if (there > 0 && there < ring_.copies_wanted) ++health_.partitions_short;
        }
        if (health_.partitions_down == 0) return;
        find(HealthVerdict::unavailable,
             fmt::format("{} {} no copy on a node that answers",
                         partitions_of_all(ring_, health_.partitions_down),
                         health_.partitions_down == 1 ? "has" : "have"));
    }

    // No node holds two copies of a key, so none has a larger share than all keys. Zones apart.
    void look_at_weights(std::size_t possible) {
        std::uint64_t all = 0;
        std::size_t nodes = 0;
        for (const Member& member : ring_.members) {
            if (!member.stays()) continue;
            all += member.weight;
            ++nodes;
        }
        std::vector<std::string> too_heavy;
        for (const Member* member : members_in_order(ring_)) {
            if (member->stays() && member->weight * possible > all)
                too_heavy.push_back(member->name);
        }
        if (too_heavy.empty()) return;
        // It may be meant so.
        find(HealthVerdict::healthy,
             fmt::format("the weights cannot be met: {} would have to hold more than one of the {} "
                         "of some keys, which are on {}",
                         some_of(too_heavy), counted(possible, "copy", "copies"),
                         counted(nodes, "node")));
    }

    // Its votes may be all that keeps copies to spare from being of use.
    void look_for_coordinator() {
        const bool is_without = health_.verdict == HealthVerdict::healthy &&
                                health_.votes.is_majority() && ring_.coordinator() == nullptr;
        if (!is_without) return;
        const std::size_t could = deaths_survived_with_coordinator(ring_);
        if (could <= health_.survived.nodes) return;
        find(HealthVerdict::healthy,
             fmt::format("there is no coordinator: with one, which has votes too, {} could be "
                         "survived",
                         counted(could, "simultaneous death")));
    }

    void measure_backlog() {
        Duration left{};
        std::size_t waiting = 0;
        bool is_known = true;
        for (const auto& [id, backlog] : backlogs(ring_, status_)) {
            if (backlog.partitions == 0) continue;
            ++waiting;
            is_known = is_known && backlog.left.has_value();
            left = std::max(left, backlog.left.value_or(Duration{}));
        }
        if (is_known && waiting > 0) health_.left = left;
    }

    // A partition that has a copy is served but in the moments after a change. Members may have
    // answered in different rings of it, and then nobody counts a partition that is served all the
    // time: so the sum alone means little, and each primary says how long it has not served.
    void look_at_service() {
        for (const auto& [id, status] : status_) health_.partitions_served += status.serving;
        const std::size_t up = ring_.partitions() - health_.partitions_down;
        if (health_.partitions_served >= up) return;
        const std::size_t unserved = up - health_.partitions_served;
        const bool stands = service_stands_still();
        find(stands ? HealthVerdict::unavailable : HealthVerdict::healthy,
             fmt::format("{} {} {}", partitions_of_all(ring_, unserved),
                         unserved == 1 ? "is" : "are",
                         stands ? "not served" : "being handed over at this moment"));
    }

    [[nodiscard]] bool service_stands_still() const {
        const auto moment_ms = static_cast<std::uint64_t>(to_ms(hand_over_max));
        std::uint64_t ring_age_ms = 0;
        for (const auto& [id, status] : status_) {
            if (status.epoch == ring_.epoch)
                ring_age_ms = std::max(ring_age_ms, status.ring_age_ms);
        }
        return std::ranges::any_of(ring_.members, [&](const Member& member) {
            if (!member.is_up() || holdings(ring_, member.id).primary == 0) return false;
            const auto found = status_.find(member.id);
            if (found == status_.end()) return true;
            // Who has not heard of the ring does not know what it should serve.
            const bool is_behind = found->second.epoch < ring_.epoch && ring_age_ms >= moment_ms;
            return is_behind || found->second.unserved_ms >= moment_ms;
        });
    }

    const Ring& ring_;
    const Statuses& status_;
    Health health_;
};

}  // namespace

std::uint32_t pid_of(const Member& member, const StatusReply& status) {
    return status.id == member.id && status.pid != 0 ? status.pid : member.pid;
}

std::map<NodeId, Backlog> backlogs(const Ring& ring, const Statuses& status) {
    std::map<NodeId, Backlog> all;
    if (!ring.genesis) return all;
    std::uint64_t keys = 0;
    for (const auto& [id, reply] : status) keys += reply.keys;
    const std::uint64_t keys_of_one = keys / ring.partitions();
    const Placement desired = desired_placement(placement_task(ring));
    for (std::uint32_t id = 0; id < ring.partitions(); ++id) {
        const Entry& entry = ring.table[id];
        for (const Fill& fill : entry.fills) ++all[fill.id].partitions;
        if (ring.is_down(entry)) continue;
        // Those that are not begun yet.
        for (const NodeId member : desired[id]) {
            if (entry.is_copy(member) || entry.fill_of(member) != nullptr) continue;
            Backlog& backlog = all[member];
            ++backlog.partitions;
            backlog.keys += keys_of_one;
        }
    }
    for (const auto& [id, reply] : status) {
        for (const ToSend& each : reply.to_send) {
            const auto backlog = all.find(each.to);
            if (backlog != all.end()) backlog->second.keys += each.keys;
        }
    }
    for (auto& [id, backlog] : all) {
        const auto reply = status.find(id);
        if (reply == status.end()) continue;
        backlog.bytes_per_second = reply->second.fill_bytes_per_second;
        backlog.left = time_for(backlog.keys, reply->second.fill_keys_per_second);
    }
    return all;
}

VoteCount votes_answering(const Ring& ring, const Statuses& status) {
    VoteCount votes;
    for (const Voter& voter : ring.voters) {
        votes.all += voter.votes;
        if (status.contains(voter.id)) votes.answering += voter.votes;
    }
    return votes;
}

std::string describe_lost_majority(const Ring& ring, const Statuses& status) {
    const VoteCount votes = votes_answering(ring, status);
    return fmt::format(
        "{} of {} answer, which is no majority: nothing is served until more do; {}",
        votes.answering, counted(votes.all, "vote"),
        somebody_who_stores_answers(ring, status)
            ? "only where none ever will: client --force-ring"
            : "no node that stores answers, so client --force-ring has nothing to go on with");
}

std::string_view verdict_name(HealthVerdict verdict) {
    switch (verdict) {
        case HealthVerdict::healthy:
            return "healthy";
        case HealthVerdict::degraded:
            return "degraded";
        case HealthVerdict::repairing:
            return "repairing";
        case HealthVerdict::unavailable:
            return "unavailable";
    }
    return "?";
}

Health health_of(const Ring& ring, const Statuses& status) {
    return Examination(ring, status).run();
}

}  // namespace grapevine
