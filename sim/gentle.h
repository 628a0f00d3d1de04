#pragma once
// Faults within the limits up to which nobody may be evicted: processes that stop for a while or
// are slow, datagrams that are lost. Single nodes die and are replaced in between; these are
// evicted rightly.

#include <vector>

#include "base/rng.h"
#include "sim/fault.h"

namespace grapevine::sim {

inline constexpr Duration gentle_pause_max = 300ms;
inline constexpr std::uint32_t gentle_loss_max = 20;  // percent of datagrams
inline constexpr std::int64_t gentle_slow_max = 100;  // times as long as usual: a turn takes 1 ms

struct GentleFaults {
    Duration length = 10s;  // of the part of the run that they are for
    std::size_t nodes = 5;
    bool coordinator = true;  // there is one: it stops for a while like the others
    bool kills = false;       // server1 ... as well, one at a time
};

// Whether these, in the order of their times, are within the limits: a list that somebody wrote, or
// what is left of a drawn one.
bool is_gentle(const std::vector<Fault>& faults);

std::vector<Fault> draw_gentle_faults(Rng& rng, const GentleFaults& wanted);

}  // namespace grapevine::sim
