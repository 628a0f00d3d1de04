#pragma once
// How long to pause before the nth retry: doubled from `min` to `max`, the upper half of it drawn,
// so that clients that were refused together do not come back together.

#include <algorithm>
#include <cstdint>

#include "base/rng.h"
#include "base/time.h"

namespace grapevine {

struct Backoff {
    Duration min;
    Duration max;

    // nth: 0 for the first.
    [[nodiscard]] Duration draw(Rng& rng, std::uint32_t nth) const {
        const Duration full = std::min(max, min * (std::int64_t{1} << std::min(nth, 20U)));
        return rng.between(std::max(min, full / 2), full);
    }
};

}  // namespace grapevine
