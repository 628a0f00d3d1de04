#include "node/bad_links.h"

#include <algorithm>

namespace grapevine {

namespace {

// A replicated write waits so long at most, and a little, before its partition goes on without the
// copy behind the bad link: longer than a pause, a re-sent segment or a large value may take.
constexpr Duration bad_after = 1500ms;
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
    link.reported_at = now;
    if (lasted < bad_after) return;
    if (now > link.bad_at + report_age_max) lengthen(link);
    link.bad_at = now;
    link.distrusted_until = now + link.back_off;
}

void BadLinks::overruled(Time now, const LinkPair& pair) {
    forget(now);
    Link& link = links_[pair];
    if (state(link, now)) return;  // and not by news that this voter lacks
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
    if (now <= link.reported_at + report_age_max) return LinkState::silent;
    if (now <= link.distrusted_until) return LinkState::distrusted;
    return std::nullopt;
}

Time BadLinks::trusts_from() const {
    Time latest = Time::min();
    for (const auto& [pair, link] : links_) latest = std::max(latest, link.distrusted_until);
    return latest;
}

LinkNews BadLinks::news(Time now) const {
    LinkNews news;
    for (const auto& [pair, link] : links_) {
        if (const auto known = state(link, now)) news[pair] = *known;
    }
    return news;
}

}  // namespace grapevine
