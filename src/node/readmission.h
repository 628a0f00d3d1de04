#pragma once
// When a member that was evicted may ask to be let in again, so that a bad line does not make and
// unmake rings: after it has heard a majority for a while without a break, a while that doubles
// with each eviction until a membership has lasted. While its line comes and goes it stays out, but
// not for ever: a minute later than a whole line would have had it in, it asks all the same. What
// holds what a partition waits for asks at once. Pure.

#include <algorithm>

#include "base/time.h"
#include "node/stall_watch.h"

namespace grapevine {

class Readmission {
public:
    // `look_period`: how often look() is called. `silence`: for how long who is heard may be
    // silent.
    Readmission(Duration look_period, Duration silence)
        : stall_watch_(3 * look_period), silence_(silence) {}

    void admitted(Time now) {
        member_since_ = now;
        away_ = {};
    }

    void evicted(Time now, bool awaited) {
        if (now >= member_since_ + good_membership) back_off_ = {};
        if (!awaited) back_off_ = std::clamp(back_off_ * 2, back_off_min, back_off_max);
        away_ = awaited ? Duration{} : back_off_;
        evicted_at_ = now;
        woke_at_ = heard_since_ = never;
        stall_watch_.look(now);
    }

    // While it is out. Whether a majority has been heard in the last `silence`. Where this member
    // itself stood still it has heard nobody, which says nothing about its line.
    void look(Time now, bool majority_heard) {
        if (away_ == Duration{}) return;
        if (stall_watch_.look(now)) woke_at_ = now;
        if (majority_heard) {
            heard_since_ = std::min(heard_since_, now);
        } else if (woke_at_ == never || now >= woke_at_ + silence_) {
            heard_since_ = never;
        }
    }

    // What it stays out for, where its line is whole. Zero: it asks at once.
    [[nodiscard]] Duration away() const { return away_; }
    // It asks when a majority has answered what it was asked after that: what is sent while a line
    // is silent may arrive when it is whole again. The beginning of time: it asks at once.
    [[nodiscard]] Time asks_from() const {
        if (away_ == Duration{}) return Time::min();
        const Time at_last = evicted_at_ + away_ + patience;
        return heard_since_ == never ? at_last : std::min(heard_since_ + away_, at_last);
    }
    // The same where its line is whole from now on: no earlier.
    [[nodiscard]] Time asks_at_best() const {
        if (away_ == Duration{}) return Time::min();
        return (heard_since_ == never ? evicted_at_ : heard_since_) + away_;
    }

private:
    // Longer than a line is silent that only lost some datagrams.
    static constexpr Duration back_off_min = 1s;
    // Two rings a minute, out and in, are nothing to the others.
    static constexpr Duration back_off_max = 60s;
    // Who was in for so long was not evicted for a bad line: its next pause is a short one again.
    static constexpr Duration good_membership = 60s;
    // As seldom as one whose line is whole and who was evicted often.
    static constexpr Duration patience = 60s;

    StallWatch stall_watch_;
    Duration silence_;
    Time member_since_ = never;
    Time evicted_at_ = never;
    Duration back_off_{};       // of the last eviction that nothing waited for
    Duration away_{};           // of this eviction
    Time woke_at_ = never;      // when it last had stood still; never: it has not
    Time heard_since_ = never;  // a majority, without a break
};

}  // namespace grapevine
