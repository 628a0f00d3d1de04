#pragma once
// Virtual time for very many small events: a wheel with one slot per microsecond, and a heap for
// what lies further ahead. Events of one moment happen in the order in which they were added,
// except that those from the heap come before those that were added within the wheel's span. No
// allocation per event once it has warmed up, which is why it exists beside EventQueue.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace grapevine::sim {

template <class Event>
class EventWheel {
public:
    [[nodiscard]] Time now() const { return now_; }
    [[nodiscard]] std::uint64_t events_done() const { return done_; }

    // A moment that is past means: as soon as possible.
    void at(Time time, Event event) {
        time = std::max(time, now_);
        if (time - now_ < span) {
            slot(time).push_back(std::move(event));
            return;
        }
        far_.push_back({time, added_++, std::move(event)});
        std::push_heap(far_.begin(), far_.end(), later);
    }
    void after(Duration delay, Event event) { at(now_ + delay, std::move(event)); }

    // The next event that happens at or before `limit`; nothing: there is none, and it is `limit`
    // now.
    std::optional<Event> next(Time limit) {
        for (;;) {
            std::vector<Event>& due = slot(now_);
            if (taken_ < due.size()) {
                ++done_;
                return std::move(due[taken_++]);
            }
            due.clear();
            taken_ = 0;
            if (now_ >= limit) return std::nullopt;
            now_ += Duration{1};
            bring_near();
        }
    }

private:
    static constexpr std::size_t slots = 1 << 16;
    static constexpr Duration span{slots};

    struct Far {
        Time time;
        std::uint64_t sequence;
        Event event;
    };
    static bool later(const Far& a, const Far& b) {
        return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }

    std::vector<Event>& slot(Time time) {
        return wheel_[static_cast<std::uint64_t>(to_us(time)) % slots];
    }

    void bring_near() {
        while (!far_.empty() && far_.front().time - now_ < span) {
            std::pop_heap(far_.begin(), far_.end(), later);
            slot(far_.back().time).push_back(std::move(far_.back().event));
            far_.pop_back();
        }
    }

    Time now_ = Time{} + 1s;  // cores take Time{} for "never happened"
    std::vector<std::vector<Event>> wheel_ = std::vector<std::vector<Event>>(slots);
    std::size_t taken_ = 0;  // of the slot of now
    std::vector<Far> far_;
    std::uint64_t added_ = 0;
    std::uint64_t done_ = 0;
};

}  // namespace grapevine::sim
