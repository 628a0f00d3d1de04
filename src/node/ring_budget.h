#pragma once
// How many whole rings are told in a while: each takes some 40 ns a partition to be put into bytes
// and sent, and twice that a member, so thousands at once would keep this one from answering
// heartbeats. By itself that is 3 ms of each 10: 64 rings of 1,024 partitions and a few members, 4
// of 16,384. Pure. Internal to node/.

#include <algorithm>
#include <cstddef>

#include "base/time.h"
#include "ring/ring.h"

namespace grapevine {

class RingBudget {
public:
    // `per_period`: how many partitions and members of rings, in all.
    explicit RingBudget(std::size_t per_period = 65'536) : per_period_(per_period) {}

    // Whether this one may be told now; it counts then. Strangers leave a quarter to others.
    bool take(Time now, const Ring& ring, bool to_stranger = false) {
        if (now >= refills_at_) {
            used_ = 0;
            refills_at_ = now + period;
        }
        // One at least, however large.
        if (used_ >= (to_stranger ? per_period_ * 3 / 4 : per_period_)) return false;
        used_ += ring.partitions() + 2 * ring.members.size() + 1;
        return true;
    }
    // There is something left again, at the latest.
    [[nodiscard]] Time refills_at() const { return refills_at_; }

private:
    static constexpr Duration period = 10ms;

    std::size_t per_period_;
    std::size_t used_ = 0;
    Time refills_at_;
};

}  // namespace grapevine
