#pragma once
// Virtual time for very many small events: a wheel with one slot per microsecond, and a heap for
// what lies further ahead. Events of one moment happen in the order in which they were added,
// except that those from the heap come before those that were added within the wheel's span. No
// allocation per event once it has warmed up, which is why it exists beside EventQueue.

#include <algorithm>
#include <array>
#include <bit>
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
        if (time - now_ < span) return add_near(time, std::move(event));
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
            occupied_[number(now_) / 64] &= ~(std::uint64_t{1} << number(now_) % 64);
            if (now_ >= limit) return std::nullopt;
            now_ = std::min(limit, next_moment());
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

    static std::size_t number(Time time) { return static_cast<std::uint64_t>(to_us(time)) % slots; }
    std::vector<Event>& slot(Time time) { return wheel_[number(time)]; }

    void add_near(Time time, Event event) {
        slot(time).push_back(std::move(event));
        occupied_[number(time) / 64] |= std::uint64_t{1} << number(time) % 64;
    }

    // The next slot that holds anything, or where the first of the far ones comes near; `never`:
    // there is nothing more.
    [[nodiscard]] Time next_moment() const {
        Time moment = far_.empty() ? never : far_.front().time - span + Duration{1};
        const std::size_t first = number(now_) + 1;
        for (std::size_t i = 0; i <= slots / 64; ++i) {
            std::uint64_t word = occupied_[(first / 64 + i) % (slots / 64)];
            if (i == 0) word &= ~std::uint64_t{0} << first % 64;
            if (word == 0) continue;
            const std::size_t found =
                (first / 64 + i) * 64 + static_cast<std::size_t>(std::countr_zero(word));
            return std::min(moment, now_ + Duration{static_cast<std::int64_t>(found - first + 1)});
        }
        return moment;
    }

    void bring_near() {
        while (!far_.empty() && far_.front().time - now_ < span) {
            std::pop_heap(far_.begin(), far_.end(), later);
            add_near(far_.back().time, std::move(far_.back().event));
            far_.pop_back();
        }
    }

    Time now_ = Time{} + 1s;  // cores take Time{} for "never happened"
    std::vector<std::vector<Event>> wheel_ = std::vector<std::vector<Event>>(slots);
    std::array<std::uint64_t, slots / 64> occupied_{};  // a bit for each slot
    std::size_t taken_ = 0;                             // of the slot of now
    std::vector<Far> far_;
    std::uint64_t added_ = 0;
    std::uint64_t done_ = 0;
};

}  // namespace grapevine::sim
