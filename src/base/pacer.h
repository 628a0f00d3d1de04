#pragma once
// Bounds a rate: the generic cell rate algorithm (ITU-T I.371, Annex A), in its form as a virtual
// schedule. What is spent moves the schedule on; as long as it is not more than `burst` ahead of
// the clock, more may be spent, so single amounts may be of any size (up to 2^43).

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace grapevine {

class Pacer {
public:
    // `per_second`: 0 bounds nothing. `burst`: about as long as the owner's timers are coarse.
    explicit Pacer(std::uint64_t per_second, Duration burst = std::chrono::milliseconds(10))
        : per_second_(per_second), burst_(burst) {}

    [[nodiscard]] bool due(Time now) const { return per_second_ == 0 || now >= next(); }
    // When it is due.
    [[nodiscard]] Time next() const { return schedule_ - burst_; }

    void spend(Time now, std::uint64_t amount) {
        if (per_second_ == 0) return;
        const std::uint64_t us = amount * 1'000'000 / per_second_;
        schedule_ = std::max(schedule_, now) + Duration{static_cast<std::int64_t>(us)};
    }

private:
    std::uint64_t per_second_;
    Duration burst_;
    Time schedule_{};
};

}  // namespace grapevine
