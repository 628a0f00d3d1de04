#include "node/bad_links.h"

#include <algorithm>
#include <array>

namespace grapevine {

namespace {

// A replicated write waits so long, and a little, before its partition goes on without the copy
// behind the bad link, or up to settled_max where more seems to fail: longer than a pause, a
// re-sent segment or a large value may take.
constexpr Duration bad_after = 1500ms;
// Placement avoids a link from here on.
constexpr Duration silent_after = 1s;
// What fails at one moment is noticed within a period of link checks: no more is to come of it.
constexpr Duration settled_after = bad_after - 250ms;
constexpr Duration settled_max = 2500ms;
// Some periods of reports, of which one may be late.
constexpr Duration report_age_max = 500ms;
constexpr Duration back_off_min = 2s;
constexpr Duration back_off_max = 60s;
// A link that was good for so long starts anew.
constexpr Duration good_for = 600s;

}  // namespace

void BadLinks::report(Time now, const LinkPair& pair, Duration lasted) {
    if (lasted == Duration{}) return;
    forget(now);
    Link& link = links_[pair];
    const bool goes_on = now <= link.reported_at + report_age_max;
    if (!goes_on) {
        judge(now);
        link.is_judged = false;
    }
    link.began_at = goes_on ? std::min(link.began_at, now - lasted) : now - lasted;
    link.reported_at = now;
    if (lasted >= silent_after) link.silent_at = now;
    if (lasted < bad_after) return;
    if (now > link.bad_at + report_age_max) lengthen(link);
    link.bad_at = now;
    link.distrusted_until = now + link.back_off;
}

void BadLinks::judge(Time now) {
    // Nothing is bad and without a verdict, as a rule; where much fails at once, nothing is yet.
    const bool is_open = std::ranges::any_of(links_, [&](const auto& entry) {
        return !entry.second.is_judged && now <= entry.second.bad_at + report_age_max;
    });
    if (!is_open) return;
    const Latest began = latest(now);
    for (auto& [pair, link] : links_) {
        const bool is_bad = now <= link.bad_at + report_age_max;
        link.is_judged = link.is_judged || (is_bad && is_settled(pair, link, began, now));
    }
}

void BadLinks::overruled(Time now, const LinkPair& pair) {
    forget(now);
    Link& link = links_[pair];
    // And not by news that this voter lacks.
    if (state(link, now).value_or(LinkState::quiet) != LinkState::quiet) return;
    lengthen(link);
    link.distrusted_until = now + link.back_off;
}

void BadLinks::forget(Time now) {
    std::erase_if(links_, [&](const auto& entry) {
        const Link& link = entry.second;
        return now > std::max(link.reported_at, link.distrusted_until) + good_for;
    });
}

void BadLinks::lengthen(Link& link) {
    link.back_off = std::clamp(link.back_off * 2, back_off_min, back_off_max);
}

void BadLinks::adopt(const Ring& ring) {
    std::erase_if(links_, [&](const auto& entry) {
        return !ring.is_up(entry.first.low) || !ring.is_up(entry.first.high);
    });
}

std::optional<LinkState> BadLinks::state(const Link& link, Time now) {
    if (now <= link.bad_at + report_age_max) return LinkState::bad;
    if (now <= link.silent_at + report_age_max) return LinkState::silent;
    if (now <= link.distrusted_until) return LinkState::distrusted;
    if (now <= link.reported_at + report_age_max) return LinkState::quiet;
    return std::nullopt;
}

BadLinks::Latest BadLinks::latest(Time now) const {
    Latest latest;
    for (const auto& [pair, link] : links_) {
        if (now > link.reported_at + report_age_max) continue;
        for (const NodeId end : {pair.low, pair.high}) {
            Time& began = latest.try_emplace(end, link.began_at).first->second;
            began = std::max(began, link.began_at);
        }
    }
    return latest;
}

bool BadLinks::is_settled(const LinkPair& pair, const Link& link, const Latest& latest,
                          Time now) const {
    if (now >= link.began_at + settled_max || bugs_.has(Bug::accuse_in_haste)) return true;
    if (link.is_judged || link.back_off > back_off_min) return true;
    return std::ranges::all_of(std::array{pair.low, pair.high}, [&](NodeId end) {
        const auto found = latest.find(end);
        return found == latest.end() || now >= found->second + settled_after;
    });
}

Time BadLinks::trusts_from() const {
    Time latest = Time::min();
    for (const auto& [pair, link] : links_) latest = std::max(latest, link.distrusted_until);
    return latest;
}

LinkNews BadLinks::news(Time now) const {
    LinkNews news;
    const Latest began = latest(now);
    for (const auto& [pair, link] : links_) {
        const auto known = state(link, now);
        if (!known) continue;
        const bool early = *known == LinkState::bad && !is_settled(pair, link, began, now);
        news[pair] = early ? LinkState::silent : *known;
    }
    return news;
}

}  // namespace grapevine
