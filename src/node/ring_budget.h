#pragma once
// How many whole rings are told in a while: each is some 60 bytes a partition to be put into bytes
// and sent, so thousands at once would keep a member from answering heartbeats. Pure. Internal to
// node/.

#include <algorithm>
#include <cstddef>

#include "base/time.h"

namespace grapevine {

class RingBudget {
public:
    // Whether one of so many partitions may be told now; it counts then.
    bool take(Time now, std::size_t partitions) {
        if (now >= refills_at_) {
            left_ = std::max<std::size_t>(1, entries_max / std::max<std::size_t>(1, partitions));
            refills_at_ = now + period;
        }
        if (left_ == 0) return false;
        --left_;
        return true;
    }
    // There is something left again, at the latest.
    [[nodiscard]] Time refills_at() const { return refills_at_; }

private:
    // Some 3 ms of each 10: 64 rings of 1,024 partitions, 4 of 16,384.
    static constexpr std::size_t entries_max = 65'536;
    static constexpr Duration period = 10ms;

    std::size_t left_ = 0;
    Time refills_at_;
};

}  // namespace grapevine
