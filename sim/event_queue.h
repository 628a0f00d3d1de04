#pragma once
// Virtual time: what is to happen, in the order of time and, at the same moment, of scheduling. One
// thread; time moves only here, from event to event.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace grapevine::sim {

class EventQueue {
public:
    using Action = std::move_only_function<void()>;

    [[nodiscard]] Time now() const { return now_; }

    // A moment that is past means: as soon as possible.
    void at(Time time, Action action) {
        events_.push_back({std::max(time, now_), scheduled_++, std::move(action)});
        std::push_heap(events_.begin(), events_.end(), later);
    }
    void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

    // The moment of the next event; `never`: there is none.
    [[nodiscard]] Time next() const { return events_.empty() ? never : events_.front().time; }

    void run_next() {
        ASSERT(!events_.empty());
        std::pop_heap(events_.begin(), events_.end(), later);
        Event event = std::move(events_.back());
        events_.pop_back();
        now_ = event.time;
        ++done_;
        event.action();
    }

    // Nothing happens until `time`, which is not after next().
    void advance_to(Time time) {
        ASSERT(time >= now_ && time <= next());
        now_ = time;
    }

    [[nodiscard]] std::uint64_t events_done() const { return done_; }

private:
    struct Event {
        Time time;
        std::uint64_t sequence;
        Action action;
    };
    static bool later(const Event& a, const Event& b) {
        return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }

    Time now_ = Time{} + 1s;  // cores take Time{} for "never happened"
    std::uint64_t scheduled_ = 0;
    std::uint64_t done_ = 0;
    std::vector<Event> events_;
};

}  // namespace grapevine::sim
