#pragma once
// What a voter has heard of links that carry nothing, and how long two members that had one are not
// put together again. Internal to node/.
//
// Reports are repeated while they are true and void soon after. A link is bad when it was silent
// for `bad_after`, some time later than `NodeConfig::link_silence`: by then whoever noticed the
// same failure has reported too, and it shows whose fault it is. Not every failure is there at
// once: where another link of one of the two ends fell silent not long ago, more may be to come,
// and whoever is judged by the first of them may be the one that all others reach. So these are
// waited for, but not longer than `settled_max`, and not for a link that was bad before: links that
// come and go out of step would put each other off for ever. What begins after a link was found bad
// changes nothing of that, or the ring that was made for it would be undone.
//
// Once bad, the pair is distrusted for a back-off after the last report, doubled with each time
// that it was bad again, so that a link that comes and goes makes ever fewer rings.
//
// Reports may reach other voters and not this one. What these decided then looks groundless here,
// and undoing it would make them decide it again, for as long as the link is bad: a fill that this
// voter's placement wants and that ended, with both its ends in, is news of a bad link too.

#include <map>
#include <optional>

#include "base/ids.h"
#include "base/planted.h"
#include "base/time.h"
#include "ring/accusations.h"
#include "ring/ring.h"

namespace grapevine {

class BadLinks {
public:
    explicit BadLinks(PlantedBugs bugs = {}) : bugs_(bugs) {}

    // One of the pair says that the other has been silent for so long; zero: says nothing.
    void report(Time now, const LinkPair& pair, Duration lasted);
    // Who decided the ring that is adopted now ended a fill from one to the other for its link.
    void overruled(Time now, const LinkPair& pair);
    // Forgets pairs that are not both in: who comes back has been looked at before it was let in.
    void adopt(const Ring& ring);
    [[nodiscard]] LinkNews news(Time now) const;
    // When the last distrust ends that there is now.
    [[nodiscard]] Time trusts_from() const;

private:
    struct Link {
        Time reported_at = Time::min();
        Time began_at = Time::min();   // the silence that is reported
        Time silent_at = Time::min();  // the last report of one that may be news of a bad link
        Time bad_at = Time::min();     // the last report of a silence long enough
        Time distrusted_until = Time::min();
        Duration back_off{};     // zero: was not bad yet
        bool is_judged = false;  // found bad in this silence, with all that was to be waited for
    };

    // When the latest silence began of those that are reported of a member's links.
    using Latest = std::map<NodeId, Time>;

    void forget(Time now);
    // Before another silence begins: what is bad by now stays so.
    void judge(Time now);
    static void lengthen(Link& link);
    static std::optional<LinkState> state(const Link& link, Time now);
    [[nodiscard]] Latest latest(Time now) const;
    [[nodiscard]] bool is_settled(const LinkPair& pair, const Link& link, const Latest& latest,
                                  Time now) const;

    PlantedBugs bugs_;
    std::map<LinkPair, Link> links_;
};

}  // namespace grapevine
