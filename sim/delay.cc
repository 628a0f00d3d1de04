#include "sim/delay.h"

#include <array>

#include "base/assert.h"

namespace grapevine::sim {

namespace {

// Of the draws that are in the tail: this share (of 1,024, counted from the first row) reaches no
// further than so much of it (of 1,024). Twice as far, half as often, roughly.
struct Step {
    std::uint64_t share;
    std::int64_t reach;
};
constexpr std::array tail_steps{Step{512, 32},  Step{768, 64},   Step{896, 128},
                                Step{960, 256}, Step{1000, 512}, Step{1024, 1024}};

Duration draw_tail(Rng& rng, const DelayPlan& plan) {
    const std::uint64_t rank = rng.below(1024);
    const Duration span = plan.tail - plan.most;
    std::int64_t reached = 0;
    for (const Step& step : tail_steps) {
        if (rank < step.share) {
            return plan.most + rng.between(span * reached / 1024, span * step.reach / 1024);
        }
        reached = step.reach;
    }
    return plan.tail;
}

}  // namespace

Duration draw(Rng& rng, const DelayPlan& plan) {
    if (plan.tail == Duration{} || rng.chance(1, 2)) return rng.between(plan.least, plan.most);
    return draw_tail(rng, plan);
}

// A burst ends with 1 in `length` datagrams; it begins as often as makes the share of bad ones
// percent : (100 - percent).
bool BurstLoss::is_lost(Rng& rng, const BurstPlan& plan) {
    if (plan.percent == 0) return is_bad_ = false;
    ASSERT(plan.is_sound(), "{} %, {}", plan.percent, plan.length);
    if (is_bad_) {
        is_bad_ = !rng.chance(1, plan.length);
    } else {
        is_bad_ = rng.chance(plan.percent, std::uint64_t{plan.length} * (100 - plan.percent));
    }
    return is_bad_;
}

}  // namespace grapevine::sim
