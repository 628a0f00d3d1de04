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
    const auto is_old = [&](const auto& entry) {
        return now > entry.second.reported_at + good_for;
    };
    std::erase_if(links_, is_old);
    Link& link = links_[pair];
    link.reported_at = now;
    if (lasted < bad_after) return;
    const bool again = link.bad_at == Time::min() || now > link.bad_at + report_age_max;
    if (again) link.back_off = std::clamp(link.back_off * 2, back_off_min, back_off_max);
    link.bad_at = now;
}

void BadLinks::adopt(const Ring& ring) {
    std::erase_if(links_, [&](const auto& entry) {
        return !ring.is_up(entry.first.low) || !ring.is_up(entry.first.high);
    });
}

LinkNews BadLinks::news(Time now) const {
    LinkNews news;
    for (const auto& [pair, link] : links_) {
        const bool was_bad = link.bad_at != Time::min();
        if (was_bad && now <= link.bad_at + report_age_max) {
            news[pair] = LinkState::bad;
        } else if (now <= link.reported_at + report_age_max) {
            news[pair] = LinkState::silent;
        } else if (was_bad && now <= link.bad_at + link.back_off) {
            news[pair] = LinkState::distrusted;
        }
    }
    return news;
}

}  // namespace grapevine
