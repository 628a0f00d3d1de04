#include "node/ring_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "ring/found_anew.h"

namespace grapevine {

namespace {

// Named in one sentence; more are counted.
constexpr std::size_t names_max = 100;

// Calls `visit` with each member as it was and as it is; null: it was or is none.
template <class Visit>
void for_each_member(const Ring& before, const Ring& after, Visit visit) {
    auto was = before.members.begin();
    auto is = after.members.begin();
    while (was != before.members.end() || is != after.members.end()) {
        const bool first =
            is == after.members.end() || (was != before.members.end() && was->id < is->id);
        const bool both = !first && was != before.members.end() && was->id == is->id;
        visit(first || both ? &*was : nullptr, first ? nullptr : &*is);
        if (first || both) ++was;
        if (!first) ++is;
    }
}

// What happened to partitions.
std::vector<std::string> table_news(const Ring& before, const Ring& after) {
    std::size_t moved = 0;
    std::size_t filling = 0;
    std::size_t restarted = 0;
    std::size_t down = 0;
    for (std::uint32_t id = 0; id < after.partitions(); ++id) {
        const Entry& entry = after.table[id];
        filling += entry.fills.size();
        if (after.genesis && after.is_down(entry)) ++down;
        if (id >= before.partitions()) continue;
        const Entry& was = before.table[id];
        if (was.primary() && was.primary() != entry.primary()) ++moved;
        if (was.generation != entry.generation) ++restarted;
    }
    std::vector<std::string> news;
    if (moved == 1) news.emplace_back("1 primary changes");
    if (moved > 1) news.push_back(fmt::format("{} primaries change", moved));
    if (filling > 0) {
        news.push_back(
            fmt::format("{} {} being filled", filling, filling == 1 ? "copy" : "copies"));
    }
    if (restarted > 0) {
        news.push_back(fmt::format("{} of {} partitions {} empty: their loss was accepted",
                                   restarted, after.partitions(),
                                   restarted == 1 ? "restarts" : "restart"));
    }
    if (down > 0) {
        news.push_back(fmt::format("{} of {} partitions {} down", down, after.partitions(),
                                   down == 1 ? "is" : "are"));
    }
    return news;
}

void add_some(std::vector<std::string>& parts, const std::vector<std::string>& news,
              std::string_view rest) {
    for (const std::string& part : news | std::views::take(names_max)) parts.push_back(part);
    if (news.size() > names_max) {
        parts.push_back(fmt::format("{} more are {}", news.size() - names_max, rest));
    }
}

std::int64_t ms_or_none(const std::optional<Duration>& span) {
    return span ? std::max<std::int64_t>(to_ms(*span), 0) : -1;
}

std::int64_t ms_until(Time from, const std::optional<Time>& until) {
    return until ? std::max<std::int64_t>(to_ms(*until - from), 0) : -1;
}

}  // namespace

std::string RingHistory::why_out(const Member& member, const RingChange* change) const {
    if (change == nullptr) return {};
    if (std::ranges::binary_search(change->departed, member.id)) return " (left)";
    const auto verdict = verdicts_.find(member.id);
    if (verdict == verdicts_.end()) return {};
    return verdict->second.evidence == Evidence::gone ? " (process gone)" : " (silent)";
}

std::string RingHistory::describe(const Ring& before, const Ring& after,
                                  const RingChange* change) const {
    std::vector<std::string> come;
    std::vector<std::string> gone;
    std::vector<std::string> leaving;
    for_each_member(before, after, [&](const Member* was, const Member* is) {
        const bool was_up = was != nullptr && was->is_up();
        const bool is_up = is != nullptr && is->is_up();
        if (is_up && !was_up) come.push_back(is->name + " is in");
        if (was_up && !is_up) gone.push_back(was->name + " is out" + why_out(*was, change));
        if (was_up && is_up && was->state != is->state) leaving.push_back(is->name + " is leaving");
    });
    std::vector<std::string> parts;
    if (before.cluster && before.cluster != after.cluster) {
        parts.push_back(
            fmt::format("founded anew from ring {} of another cluster", founded_from(after)));
    }
    add_some(parts, come, "in");
    add_some(parts, gone, "out");
    add_some(parts, leaving, "leaving");
    if (change != nullptr && !change->dropped.empty()) {
        parts.push_back(counted(change->dropped.size(), "copy", "copies") +
                        " given up for bad links");
    }
    for (std::string& part : table_news(before, after)) parts.push_back(std::move(part));
    return parts.empty() ? "complete" : fmt::format("{}", fmt::join(parts, ", "));
}

const std::string& RingHistory::adopt(Time now, const Ring* before, const Ring& after,
                                      const RingChange* change) {
    Event event{.epoch = after.epoch,
                .at = now,
                .detected = {},
                .agreed = {},
                .active_at = {},
                .repaired_at = {},
                .what = describe(before != nullptr ? *before : Ring{}, after, change)};
    if (proposed_at_ && change != nullptr) {
        event.agreed = now - *proposed_at_;
        for (const NodeId id : change->evicted) {
            const auto verdict = verdicts_.find(id);
            if (verdict == verdicts_.end() || verdict->second.last_heard == Time{}) continue;
            const Duration silence = *proposed_at_ - verdict->second.last_heard;
            event.detected = std::max(event.detected.value_or(Duration{}), silence);
        }
    }
    proposed_at_.reset();
    std::erase_if(verdicts_, [&](const auto& each) { return !after.is_up(each.first); });
    events_.push_back(std::move(event));
    if (events_.size() > history_size_max) events_.pop_front();
    if (after.genesis && fully_replicated(after)) {
        for (Event& each : events_) {
            if (!each.repaired_at) each.repaired_at = now;
        }
    }
    return events_.back().what;
}

void RingHistory::active(Time now) {
    for (Event& event : events_) {
        if (!event.active_at) event.active_at = now;
    }
}

Time RingHistory::adopted_at(Epoch epoch) const {
    for (const Event& event : events_) {
        if (event.epoch >= epoch) return event.at;
    }
    return events_.empty() ? Time::min() : events_.back().at;
}

HistoryReply RingHistory::reply(Time now) const {
    HistoryReply reply;
    for (const Event& event : events_) {
        reply.events.push_back({.epoch = event.epoch,
                                .ago_ms = static_cast<std::uint64_t>(ms_until(event.at, now)),
                                .detected_ms = ms_or_none(event.detected),
                                .agreed_ms = ms_or_none(event.agreed),
                                .active_ms = ms_until(event.at, event.active_at),
                                .repaired_ms = ms_until(event.at, event.repaired_at),
                                .what = event.what});
    }
    return reply;
}

}  // namespace grapevine
