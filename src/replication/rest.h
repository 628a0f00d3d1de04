#pragma once
// Paces what is not urgent by how busy both ends are, in the spirit of LEDBAT (RFC 6817): a piece
// that is acknowledged late waited behind other work, here or there. After each piece its sender
// rests for three times as long as pieces take, so they take about a quarter of what is there,
// whoever else wants it, and much where nobody does. Integers only; a value.

#include <algorithm>

#include "base/time.h"

namespace grapevine {

class Rest {
public:
    [[nodiscard]] bool due(Time now) const { return now >= next_; }
    [[nodiscard]] Time next() const { return next_; }

    // Only of what rests: the next is not due before.
    void sent(Time now) { next_ = now + took_ * 4; }
    // A piece was acknowledged, so long after it was sent. Far lines are slow, not busy: what they
    // take longer than `took_max` is not waited for.
    void acked(Duration took) { took_ = (took_ * 3 + std::min(took, took_max)) / 4; }

private:
    static constexpr Duration took_max = std::chrono::milliseconds(25);

    Time next_{};
    Duration took_ = std::chrono::milliseconds(1);  // smoothed
};

}  // namespace grapevine
