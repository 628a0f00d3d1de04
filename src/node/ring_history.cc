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

constexpr Epoch first_epoch{1};
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

// It makes copies, or orders them, and does nothing else. Of which nobody is told where it came
// whole.
bool only_moves_copies(const Ring& before, const Ring& after, const RingChange* change) {
    return change != nullptr && after.epoch == next(before.epoch) &&
           before.cluster == after.cluster && before.members == after.members &&
           change->dropped.empty() && change->losses.empty() && !change->empty();
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

std::uint64_t ms_since(Time from, Time now) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(to_ms(now - from), 0));
}

}  // namespace

RingHistory::TableNews RingHistory::compare(const Ring& before, const Ring& after,
                                            const RingChange* change) {
    TableNews news;
    if (change != nullptr) news.made = change->completed.size();
    for (std::uint32_t id = 0; id < after.partitions(); ++id) {
        const Entry& entry = after.table[id];
        news.filling += entry.fills.size();
        if (after.genesis && after.is_down(entry)) ++news.down;
        if (id >= before.partitions()) continue;
        const Entry& was = before.table[id];
        if (was.primary() && was.primary() != entry.primary()) ++news.moved;
        if (was.generation != entry.generation) ++news.restarted;
    }
    return news;
}

std::vector<std::string> RingHistory::TableNews::words(std::uint32_t partitions) const {
    std::vector<std::string> said;
    if (moved == 1) said.emplace_back("1 primary changes");
    if (moved > 1) said.push_back(fmt::format("{} primaries change", moved));
    if (filling > 0) {
        said.push_back(
            fmt::format("{} {} being filled", filling, filling == 1 ? "copy" : "copies"));
    }
    if (restarted > 0) {
        said.push_back(fmt::format("{} of {} partitions {} empty: their loss was accepted",
                                   restarted, partitions, restarted == 1 ? "restarts" : "restart"));
    }
    if (down > 0) {
        said.push_back(
            fmt::format("{} of {} partitions {} down", down, partitions, down == 1 ? "is" : "are"));
    }
    return said;
}

std::string RingHistory::is_out(const Member& member, const RingChange* change) const {
    std::string out = member.name + " is out";
    if (change == nullptr) return out;
    if (std::ranges::binary_search(change->departed, member.id)) {
        return member.name + std::string(left_words);
    }
    const auto verdict = verdicts_.find(member.id);
    if (verdict == verdicts_.end()) return out;
    return out + (verdict->second.evidence == Evidence::gone ? " (process gone)" : " (silent)");
}

std::string RingHistory::describe(const Ring& before, const Ring& after, const RingChange* change,
                                  const TableNews& news) const {
    std::vector<std::string> come;
    std::vector<std::string> gone;
    std::vector<std::string> leaving;
    for_each_member(before, after, [&](const Member* was, const Member* is) {
        const bool was_up = was != nullptr && was->is_up();
        const bool is_up = is != nullptr && is->is_up();
        if (is_up && !was_up) come.push_back(is->name + " is in");
        if (was_up && !is_up) gone.push_back(is_out(*was, change));
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
    for (std::string& part : news.words(after.partitions())) parts.push_back(std::move(part));
    return parts.empty() ? "complete" : fmt::format("{}", fmt::join(parts, ", "));
}

RingHistory::Event RingHistory::event_of(Time now, const Ring& before, const Ring& after,
                                         const RingChange* change) {
    const TableNews news = compare(before, after, change);
    Event event{.epoch = after.epoch,
                .last_epoch = after.epoch,
                .at = now,
                .detected = {},
                .agreed = {},
                .active = {},
                .activating_since = now,
                .repaired_at = {},
                .is_over = false,
                .is_lost = false,
                .only_moves = only_moves_copies(before, after, change),
                .is_first = !before.cluster && change == nullptr && after.epoch > first_epoch,
                .news = news,
                .cause = cause_of(before, after, change, news),
                .what = describe(before, after, change, news)};
    if (!proposed_at_ || change == nullptr) return event;
    event.agreed = now - *proposed_at_;
    for (const NodeId id : change->evicted) {
        const auto verdict = verdicts_.find(id);
        if (verdict == verdicts_.end() || verdict->second.last_heard == Time{}) continue;
        const Duration silence = *proposed_at_ - verdict->second.last_heard;
        event.detected = std::max(event.detected.value_or(Duration{}), silence);
    }
    return event;
}

RingCause RingHistory::cause_of(const Ring& before, const Ring& after, const RingChange* change,
                                const TableNews& news) {
    if (before.cluster && before.cluster != after.cluster) return RingCause::founding;
    if (news.restarted > 0) return RingCause::loss;
    bool died = false;
    bool left = false;
    bool came = false;
    bool leaves = false;
    for_each_member(before, after, [&](const Member* was, const Member* is) {
        const bool was_up = was != nullptr && was->is_up();
        const bool is_up = is != nullptr && is->is_up();
        const bool departed = change != nullptr && was != nullptr &&
                              std::ranges::binary_search(change->departed, was->id);
        died = died || (was_up && !is_up && !departed);
        left = left || (was_up && !is_up && departed);
        came = came || (is_up && !was_up);
        leaves = leaves || (was_up && is_up && was->state != is->state);
    });
    if (died && change == nullptr) return RingCause::other;  // or left: nobody has said
    if (died) return RingCause::death;
    if (left) return RingCause::leave;
    if (came) return RingCause::join;
    if (leaves) return RingCause::leaving;
    if (change != nullptr && !change->dropped.empty()) return RingCause::links;
    return only_moves_copies(before, after, change) ? RingCause::copies : RingCause::other;
}

bool RingHistory::goes_on(const Event& event) const {
    if (events_.empty() || !event.only_moves) return false;
    const Event& latest = events_.back();
    return latest.only_moves && !latest.is_over && event.epoch == next(latest.last_epoch);
}

void RingHistory::fold(Event&& event, std::uint32_t partitions) {
    Event& into = events_.back();
    into.last_epoch = event.last_epoch;
    if (event.agreed) into.agreed = std::max(into.agreed.value_or(Duration{}), *event.agreed);
    if (!into.activating_since) into.activating_since = event.at;
    event.news.made += into.news.made;
    event.news.moved += into.news.moved;
    into.news = event.news;
    std::vector<std::string> parts = {counted(into.news.made, "copy", "copies") + " made"};
    for (std::string& part : into.news.words(partitions)) parts.push_back(std::move(part));
    if (into.news.filling == 0 && into.news.down == 0) parts.emplace_back("complete");
    into.what = fmt::format("{} rings: {}", into.last_epoch.value - into.epoch.value + 1,
                            fmt::join(parts, ", "));
}

std::string RingHistory::adopt(Time now, const Ring* before, const Ring& after,
                               const RingChange* change) {
    Event event = event_of(now, before != nullptr ? *before : Ring{}, after, change);
    std::string what = event.what;
    proposed_at_.reset();
    std::erase_if(verdicts_, [&](const auto& each) { return !after.is_up(each.first); });
    if (goes_on(event)) {
        fold(std::move(event), after.partitions());
    } else {
        events_.push_back(std::move(event));
        if (events_.size() > history_size_max) events_.pop_front();
    }
    adoptions_.emplace_back(after.epoch, now);
    if (adoptions_.size() > history_size_max) adoptions_.pop_front();
    look_whether_over(now, after);
    return what;
}

void RingHistory::look_whether_over(Time now, const Ring& ring) {
    if (events_.back().news.restarted > 0) {
        for (Event& each : events_) {
            const bool took_it = each.news.down > 0 || each.news.restarted > 0;
            each.is_lost = each.is_lost || (!each.repaired_at && took_it);
        }
    }
    if (!ring.genesis || !fully_replicated(ring)) return;
    const bool is_whole = copies_possible(ring) >= ring.copies_wanted;
    for (Event& each : events_) {
        each.is_over = true;
        if (is_whole && !each.is_lost && !each.repaired_at) each.repaired_at = now;
    }
}

void RingHistory::active(Time now) {
    for (Event& event : events_) {
        if (!event.activating_since) continue;
        event.active = std::max(event.active.value_or(Duration{}), now - *event.activating_since);
        event.activating_since.reset();
    }
}

Time RingHistory::adopted_at(Epoch epoch) const {
    for (const auto& [adopted, at] : adoptions_) {
        if (adopted >= epoch) return at;
    }
    return adoptions_.empty() ? Time::min() : adoptions_.back().second;
}

Epoch RingHistory::first_after(Time time) const {
    Epoch first;
    for (const auto& [adopted, at] : adoptions_) {
        if (at <= time) first = next(adopted);
    }
    return first;
}

HistoryReply RingHistory::reply(Time now) const {
    HistoryReply reply;
    for (const Event& event : events_) {
        if (event.is_first) continue;
        std::optional<Duration> repaired;
        if (event.repaired_at) repaired = *event.repaired_at - event.at;
        reply.events.push_back(
            {.epoch = event.epoch,
             .ago_ms = ms_since(event.at, now),
             .detected_ms = ms_or_none(event.detected),
             .agreed_ms = ms_or_none(event.agreed),
             .active_ms = event.activating_since ? -1 : ms_or_none(event.active),
             .repaired_ms = ms_or_none(repaired),
             .what = event.what,
             .last_epoch = event.last_epoch > event.epoch ? event.last_epoch : Epoch{},
             .copies_made = static_cast<std::uint32_t>(event.news.made),
             .cause = event.cause});
    }
    return reply;
}

}  // namespace grapevine
