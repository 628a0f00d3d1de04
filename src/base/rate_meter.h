#pragma once
// How much there was a second, over the last second or a quarter more; in the first second since
// there was anything, over that time. Up to 2^43 in all of it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "base/time.h"

namespace grapevine {

class RateMeter {
public:
    void add(Time now, std::uint64_t amount) {
        turn(now);
        if (sum() == 0) begun_ = now;
        slots_[static_cast<std::size_t>(current_) % slots_.size()] += amount;
    }

    [[nodiscard]] std::uint64_t per_second(Time now) {
        turn(now);
        const Duration whole = span_of_slot * (slots_.size() - 1) + (now - begin_of(current_));
        // Who asks late may be told the time of before.
        const Duration span =
            std::max(span_of_slot, std::min(whole, std::max(now - begun_, span_of_slot)));
        return sum() * 1'000'000 / static_cast<std::uint64_t>(to_us(span));
    }

private:
    static constexpr Duration span_of_slot = std::chrono::milliseconds(250);

    [[nodiscard]] std::uint64_t sum() const {
        return std::accumulate(slots_.begin(), slots_.end(), std::uint64_t{0});
    }

    static Time begin_of(std::int64_t slot) { return Time{span_of_slot * slot}; }

    // Empties the slots that time has passed on to since the last call.
    void turn(Time now) {
        const std::int64_t slot = now.time_since_epoch() / span_of_slot;
        if (slot - current_ > static_cast<std::int64_t>(slots_.size())) {
            slots_.fill(0);
            current_ = slot;
        }
        while (current_ < slot) slots_[static_cast<std::size_t>(++current_) % slots_.size()] = 0;
    }

    std::array<std::uint64_t, 5> slots_{};
    Time begun_;                // when there was something again
    std::int64_t current_ = 0;  // number of the slot that is being filled, counted from Time{}
};

}  // namespace grapevine
