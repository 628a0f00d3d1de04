#include "runtime/cluster_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "base/counted.h"
#include "coordinator/health.h"
#include "coordinator/report.h"
#include "runtime/json.h"

namespace grapevine {

namespace {

std::string seconds_text(std::uint64_t ms) {
    if (ms < 1000) return fmt::format("{} ms", ms);
    if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
    if (ms < 3'600'000) return fmt::format("{} min {} s", ms / 60'000, ms / 1000 % 60);
    return fmt::format("{} h {} min", ms / 3'600'000, ms / 60'000 % 60);
}

std::string seconds_text(Duration span) {
    return seconds_text(static_cast<std::uint64_t>(std::max<std::int64_t>(to_ms(span), 0)));
}

std::string span_cell(std::int64_t ms) {
    return ms < 0 ? "-" : seconds_text(static_cast<std::uint64_t>(ms));
}

Epoch last_of(const RingEvent& event) {
    return std::max(event.epoch, event.last_epoch);
}

std::string epochs_text(const RingEvent& event) {
    if (!event.last_epoch) return fmt::format("{}", event.epoch);
    return fmt::format("{}-{}", event.epoch, event.last_epoch);
}

std::string backlog_text(const Backlog& backlog) {
    std::string text = counted(backlog.partitions, "partition");
    if (backlog.bytes_per_second > 0) {
        text += fmt::format(", {:.1f} MB/s", static_cast<double>(backlog.bytes_per_second) / 1e6);
    }
    if (backlog.left) text += fmt::format(", {} left", seconds_text(*backlog.left));
    return text;
}

std::string memory_text(const StatusReply& status) {
    std::string used = mebibytes(status.memory_bytes);
    if (status.memory_max == 0) return used;
    return fmt::format("{} of {}", used, mebibytes(status.memory_max));
}

Json span_json(std::int64_t ms) {
    return ms < 0 ? Json(nullptr) : Json(ms);
}

std::string_view cause_name(RingCause cause) {
    switch (cause) {
        case RingCause::founding:
            return "founding";
        case RingCause::loss:
            return "loss";
        case RingCause::death:
            return "death";
        case RingCause::leave:
            return "leave";
        case RingCause::join:
            return "join";
        case RingCause::leaving:
            return "leaving";
        case RingCause::links:
            return "links";
        case RingCause::copies:
            return "copies";
        case RingCause::other:
            break;
    }
    return "other";
}

JsonArray list_json(const std::vector<std::string>& texts) {
    JsonArray json;
    for (const std::string& text : texts) json.add(text);
    return json;
}

Json ms_json(const std::optional<Duration>& span) {
    return span ? Json(to_ms(*span)) : Json(nullptr);
}

JsonObject member_json(const Ring& ring, const Member& member, const StatusReply* status,
                       const Backlog& backlog) {
    const Holdings holds = holdings(ring, member.id);
    JsonObject json;
    json.add("name", member.name)
        .add("id", fmt::format("{:016x}", member.id.value))
        .add("role", member.stores() ? "storage" : "coordinator")
        .add("address", to_string(member.address))
        .add("pid", pid_of(member, status == nullptr ? StatusReply{} : *status))
        .add("zone", member.zone)
        .add("weight_thousandths", member.weight)
        .add("state", state_name(member.state))
        .add("votes", ring.votes_of(member.id))
        .add("answers", status != nullptr)
        .add("primary", holds.primary)
        .add("copies", holds.copies)
        .add("keys_as_primary", status != nullptr ? Json(status->keys) : Json(nullptr))
        .add("keys_held", status != nullptr ? Json(status->keys_held) : Json(nullptr))
        .add("memory_bytes", status != nullptr ? Json(status->memory_bytes) : Json(nullptr))
        .add("memory_max", status != nullptr ? Json(status->memory_max) : Json(nullptr))
        .add("partitions_to_receive", backlog.partitions)
        .add("keys_to_receive", backlog.keys)
        .add("receives_bytes_per_second", backlog.bytes_per_second)
        .add("ms_left", ms_json(backlog.left));
    return json;
}

// Who has no majority survives nothing.
Resilience survived_now(const Ring& ring, const VoteCount& votes) {
    return votes.is_majority() ? resilience(ring) : Resilience{};
}

// Columns that only some clusters have something to say in.
struct Extras {
    explicit Extras(const Ring& ring)
        : zones(std::ranges::any_of(ring.members,
                                    [](const Member& member) { return !member.zone.empty(); })),
          weights(std::ranges::any_of(
              ring.members, [](const Member& member) { return member.weight != weight_one; })) {}

    void add_head(std::vector<std::string>& row) const {
        row.emplace_back("votes");
        if (zones) row.emplace_back("zone");
        if (weights) row.emplace_back("weight");
    }
    void add(std::vector<std::string>& row, const Ring& ring, const Member& member) const {
        row.push_back(fmt::format("{}", ring.votes_of(member.id)));
        const bool stores = member.stores();
        if (zones) row.push_back(stores && !member.zone.empty() ? member.zone : "-");
        if (weights) row.push_back(stores ? weight_text(member.weight) : "-");
    }

    bool zones;
    bool weights;

private:
    static std::string weight_text(std::uint32_t weight) {
        return fmt::format("{:g}", static_cast<double>(weight) / weight_one);
    }
};

// How much who tells of an event knows of it: of all its rings first, then as who proposed it, who
// has waited longest for its vote to count and says why a member is out.
std::tuple<Epoch, std::int64_t, std::int64_t> knowledge_of(const RingEvent& event) {
    return {event.last_epoch, event.agreed_ms, event.detected_ms};
}

}  // namespace

std::string ring_table(const Ring& ring, const Statuses& status) {
    const auto backlog = backlogs(ring, status);
    const Extras extras(ring);
    std::vector<std::vector<std::string>> rows = {
        {"name", "address", "pid", "state", "primary", "copies", "keys", "memory"}};
    extras.add_head(rows.front());
    rows.front().emplace_back("to receive");
    for (const Member* member : members_in_order(ring)) {
        const auto found = status.find(member->id);
        const bool silent = member->is_up() && found == status.end();
        const Holdings holds = holdings(ring, member->id);
        const auto to_receive = backlog.find(member->id);
        const bool knows_keys = member->stores() && found != status.end();
        rows.push_back({member->name, to_string(member->address),
                        fmt::format("{}", pid_of(*member, found == status.end() ? StatusReply{}
                                                                                : found->second)),
                        state_name(member->state) + (silent ? ", silent" : ""),
                        member->stores() ? fmt::format("{}", holds.primary) : "-",
                        member->stores() ? fmt::format("{}", holds.copies) : "-",
                        knows_keys ? fmt::format("{}", found->second.keys) : "-",
                        knows_keys ? memory_text(found->second) : "-"});
        extras.add(rows.back(), ring, *member);
        rows.back().push_back(to_receive != backlog.end() ? backlog_text(to_receive->second) : "-");
    }
    const auto filling =
        std::ranges::count_if(ring.table, [](const Entry& entry) { return !entry.fills.empty(); });
    const std::size_t down = down_since(ring, ring.epoch).size();
    const VoteCount votes = votes_answering(ring, status);
    std::string text = aligned_table(rows);
    text += fmt::format(
        "epoch {}; {} wanted; {}", ring.epoch, counted(ring.copies_wanted, "copy", "copies"),
        votes.is_majority() ? survives(ring) : describe_lost_majority(ring, status));
    const auto partitions = [](auto number) {
        return counted(static_cast<std::uint64_t>(number), "partition");
    };
    if (filling > 0) text += "; copying " + partitions(filling);
    if (down > 0) text += fmt::format("; {} unavailable", partitions(down));
    return text + "\n";
}

std::string ring_json(const Ring& ring, const Statuses& status) {
    const auto backlog = backlogs(ring, status);
    JsonArray members;
    for (const Member* member : members_in_order(ring)) {
        const auto found = status.find(member->id);
        const auto to_receive = backlog.find(member->id);
        members.add(member_json(ring, *member, found != status.end() ? &found->second : nullptr,
                                to_receive != backlog.end() ? to_receive->second : Backlog{}));
    }
    const Resilience survived = survived_now(ring, votes_answering(ring, status));
    JsonObject json;
    json.add("epoch", ring.epoch.value)
        .add("copies_wanted", ring.copies_wanted)
        .add("partitions", ring.partitions())
        .add("deaths_survived", survived.members)
        .add("node_deaths_survived", survived.nodes)
        .add("members", members);
    return json.text() + "\n";
}

std::string health_text(const Ring& ring, const Health& health) {
    std::string text =
        fmt::format("{}, {}", verdict_name(health.verdict), survives(health.survived));
    if (health.verdict == HealthVerdict::healthy) text += "; " + describe_copies(ring);
    text += fmt::format("; epoch {}\n", ring.epoch);
    for (const std::string& reason : health.reasons) text += "  " + reason + "\n";
    return text;
}

std::string health_json(const Ring& ring, const Health& health) {
    JsonObject votes;
    votes.add("answering", health.votes.answering).add("all", health.votes.all);
    JsonObject partitions;
    partitions.add("all", ring.genesis ? ring.partitions() : 0)
        .add("served", health.partitions_served)
        .add("short_of_copies", health.partitions_short)
        .add("moving", health.partitions_moving)
        .add("without_a_copy", health.partitions_down);
    JsonObject json;
    json.add("verdict", verdict_name(health.verdict))
        .add("reasons", list_json(health.reasons))
        .add("cluster", fmt::format("{:016x}", ring.cluster.value))
        .add("epoch", ring.epoch.value)
        .add("copies_wanted", ring.copies_wanted)
        .add("nodes", ring.storage_count())
        .add("silent", list_json(health.silent))
        .add("suspected", list_json(health.suspected))
        .add("votes", votes)
        .add("deaths_survived", health.survived.members)
        .add("node_deaths_survived", health.survived.nodes)
        .add("partitions", partitions)
        .add("ms_left", ms_json(health.left));
    return json.text() + "\n";
}

std::vector<RingEvent> merge_histories(const std::vector<HistoryReply>& replies) {
    std::map<Epoch, RingEvent> merged;
    for (const HistoryReply& reply : replies) {
        for (const RingEvent& event : reply.events) {
            const auto [place, is_new] = merged.try_emplace(event.epoch, event);
            if (is_new) continue;
            RingEvent& known = place->second;
            if (knowledge_of(event) > knowledge_of(known)) {
                known.what = event.what;
                known.cause = event.cause;
                known.last_epoch = event.last_epoch;
                known.copies_made = event.copies_made;
            }
            known.ago_ms = std::max(known.ago_ms, event.ago_ms);
            known.detected_ms = std::max(known.detected_ms, event.detected_ms);
            known.agreed_ms = std::max(known.agreed_ms, event.agreed_ms);
            known.active_ms = std::max(known.active_ms, event.active_ms);
            known.repaired_ms = std::max(known.repaired_ms, event.repaired_ms);
        }
    }
    std::vector<RingEvent> events;
    for (auto& [epoch, event] : merged) {
        const bool is_told = !events.empty() && last_of(event) <= last_of(events.back());
        if (!is_told) events.push_back(std::move(event));
    }
    return events;
}

std::string history_text(const std::vector<RingEvent>& events) {
    std::vector<std::vector<std::string>> rows = {
        {"epoch", "ago", "detected", "agreed", "active", "repaired", "what"}};
    for (const RingEvent& event : events) {
        rows.push_back({epochs_text(event), seconds_text(event.ago_ms),
                        span_cell(event.detected_ms), span_cell(event.agreed_ms),
                        span_cell(event.active_ms), span_cell(event.repaired_ms), event.what});
    }
    return aligned_table(rows);
}

std::string history_json(const std::vector<RingEvent>& events) {
    JsonArray json;
    for (const RingEvent& event : events) {
        JsonObject each;
        each.add("epoch", event.epoch.value)
            .add("ago_ms", event.ago_ms)
            .add("detected_ms", span_json(event.detected_ms))
            .add("agreed_ms", span_json(event.agreed_ms))
            .add("active_ms", span_json(event.active_ms))
            .add("repaired_ms", span_json(event.repaired_ms))
            .add("last_epoch", last_of(event).value)
            .add("copies_made", event.copies_made)
            .add("cause", cause_name(event.cause))
            .add("what", event.what);
        json.add(each);
    }
    return json.text() + "\n";
}

}  // namespace grapevine
