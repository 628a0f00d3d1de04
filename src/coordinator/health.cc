#include "coordinator/health.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/counted.h"
#include "coordinator/report.h"
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

std::string partitions_of_all(const Ring& ring, std::size_t number) {
    return fmt::format("{} of {}", number, counted(ring.partitions(), "partition"));
}

// One who looks at it, and collects what speaks against it.
class Examination {
public:
    Examination(const Ring& ring, const Statuses& status) : ring_(ring), status_(status) {}

    Health run() {
        health_.deaths_survived = deaths_survived(ring_);
        look_at_votes();
        look_at_members();
        if (!ring_.genesis) {
            find(HealthVerdict::unavailable, "no storage node has come yet");
            return std::move(health_);
        }
        look_at_copies();
        look_at_service();
        return std::move(health_);
    }

private:
    void find(HealthVerdict verdict, std::string reason) {
        health_.verdict = std::max(health_.verdict, verdict);
        health_.reasons.push_back(std::move(reason));
    }

    [[nodiscard]] bool answers(NodeId id) const { return status_.contains(id); }

    void look_at_votes() {
        std::uint32_t votes = 0;
        std::uint32_t answer = 0;
        for (const Voter& voter : ring_.voters) {
            votes += voter.votes;
            if (answers(voter.id)) answer += voter.votes;
        }
        if (answer * 2 > votes) return;
        find(HealthVerdict::unavailable,
             fmt::format("{} of {} answer, which is no majority: nothing is served until more do; "
                         "only where none ever will: client --force-ring",
                         answer, counted(votes, "vote")));
    }

    void look_at_members() {
        for (const Member* member : members_in_order(ring_)) {
            if (member->state == MemberState::leaving) {
                find(HealthVerdict::repairing,
                     fmt::format("{} is leaving: {} to move", member->name,
                                 counted(partitions_of(ring_, member->id), "partition")));
            }
            if (!member->is_up()) continue;
            if (!answers(member->id)) {
                find(HealthVerdict::degraded, member->name + " does not answer");
            }
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
                find(HealthVerdict::degraded,
                     fmt::format("{} is suspected by {}", member->name, names(ring_, observers)));
            }
        }
    }

    // Nearly full is told too: something can still be done.
    void look_at_memory(const Member& member, const StatusReply& status) {
        constexpr std::uint64_t much_percent = 90;
        if (status.memory_max == 0 ||
            status.memory_bytes < status.memory_max / 100 * much_percent) {
            return;
        }
        find(HealthVerdict::degraded,
             fmt::format("{} holds {} of {} MB; what would add to them is refused when it is full",
                         member.name, status.memory_bytes / 1'000'000,
                         status.memory_max / 1'000'000));
    }

    void look_at_copies() {
        const std::size_t possible = copies_possible(ring_);
        if (possible < ring_.copies_wanted) {
            find(HealthVerdict::degraded,
                 fmt::format("{} of a key are wanted, and there {} {}",
                             counted(ring_.copies_wanted, "copy", "copies"),
                             possible == 1 ? "is" : "are", counted(possible, "node")));
        }
        std::map<std::size_t, std::size_t> short_by_copies;
        for (const Entry& entry : ring_.table) {
            if (ring_.is_down(entry)) {
                ++health_.partitions_down;
            } else if (entry.copies.size() < possible) {
                ++short_by_copies[entry.copies.size()];
                ++health_.partitions_short;
            } else if (!entry.fills.empty()) {
                ++health_.partitions_moving;
            }
        }
        measure_backlog();
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
                 fmt::format("{} {} no copy that is up: served again when a holder returns ({}); "
                             "only where none ever will: client --accept-loss",
                             partitions_of_all(ring_, health_.partitions_down),
                             health_.partitions_down == 1 ? "has" : "have", awaited(ring_)));
        }
    }

    void measure_backlog() {
        Duration left{};
        bool is_known = true;
        for (const auto& [id, backlog] : backlogs(ring_, status_)) {
            if (backlog.partitions == 0) continue;
            is_known = is_known && backlog.left.has_value();
            left = std::max(left, backlog.left.value_or(Duration{}));
        }
        if (is_known) health_.left = left;
    }

    // A partition that has a copy is served but in the moments after a change.
    void look_at_service() {
        for (const auto& [id, status] : status_) health_.partitions_served += status.serving;
        const std::size_t up = ring_.partitions() - health_.partitions_down;
        if (health_.partitions_served >= up) return;
        find(HealthVerdict::unavailable,
             fmt::format("{} {} not served at this moment",
                         partitions_of_all(ring_, up - health_.partitions_served),
                         up - health_.partitions_served == 1 ? "is" : "are"));
    }

    const Ring& ring_;
    const Statuses& status_;
    Health health_;
};

}  // namespace

std::map<NodeId, Backlog> backlogs(const Ring& ring, const Statuses& status) {
    std::map<NodeId, Backlog> all;
    if (!ring.genesis) return all;
    std::uint64_t keys = 0;
    for (const auto& [id, reply] : status) keys += reply.keys;
    const std::uint64_t keys_of_one = keys / ring.partitions();
    PlacementCache placement;
    const auto& desired = placement.desired(ring);
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
