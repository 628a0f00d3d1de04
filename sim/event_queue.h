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
        push(std::max(time, now_), usual | scheduled_++, std::move(action));
    }
    void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

    // Before everything else at that moment, which is still to come: so that what was decided on in
    // the middle of a moment can be told by its time alone, and done again.
    void first_at(Time time, Action action) {
        ASSERT(time > now_);
        push(time, scheduled_++, std::move(action));
    }

    // The moment of the next event; `never`: there is none.
    [[nodiscard]] Time next() const { return events_.empty() ? never : events_.front().time; }

    void run_next() {
        ASSERT(!events_.empty());
        std::pop_heap(events_.begin(), events_.end(), later);
        const Event event = events_.back();
        events_.pop_back();
        now_ = event.time;
        ++done_;
        Action action = std::move(actions_[event.slot]);
        free_.push_back(event.slot);
        action();
    }

    // Nothing happens until `time`, which is not after next().
    void advance_to(Time time) {
        ASSERT(time >= now_ && time <= next());
        now_ = time;
    }

    [[nodiscard]] std::uint64_t events_done() const { return done_; }

private:
    static constexpr std::uint64_t usual = std::uint64_t{1} << 63;

    // Small, because a heap moves its items about; the actions stay where they are.
    struct Event {
        Time time;
        std::uint64_t sequence;
        std::uint32_t slot;  // of actions_
    };
    static bool later(const Event& a, const Event& b) {
        return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }

    void push(Time time, std::uint64_t sequence, Action action) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(actions_.size()));
            actions_.emplace_back();
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        actions_[slot] = std::move(action);
        events_.push_back({time, sequence, slot});
        std::push_heap(events_.begin(), events_.end(), later);
    }

    Time now_ = Time{} + 1s;  // cores take Time{} for "never happened"
    std::uint64_t scheduled_ = 0;
    std::uint64_t done_ = 0;
    std::vector<Event> events_;
    std::vector<Action> actions_;
    std::vector<std::uint32_t> free_;  // slots
};

}  // namespace grapevine::sim
