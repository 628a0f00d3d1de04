#pragma once
// How long a message is under way.

#include "base/rng.h"
#include "base/time.h"

namespace grapevine::sim {

// Uniform in [least, most]; with a tail (longer than `most`), half of all draws are, and the rest
// reach further the rarer they are, up to `tail`.
struct DelayPlan {
    Duration least = 100us;  // one way; a local network
    Duration most = 300us;
    Duration tail{};  // zero: none
    bool operator==(const DelayPlan&) const = default;

    [[nodiscard]] bool is_sound() const {
        return least > Duration{} && least <= most && (tail == Duration{} || tail > most);
    }
};

Duration draw(Rng& rng, const DelayPlan& plan);

// Loss in bursts (Gilbert 1960): the way from one process to another is good or bad, and what is
// sent while it is bad is lost. Whether it changes is drawn before each datagram.
struct BurstPlan {
    std::uint32_t percent = 0;  // of all datagrams are lost, on average; 0 ... 90
    std::uint32_t length = 8;   // of them in a row, on average; at least 1
    bool operator==(const BurstPlan&) const = default;

    // So much is lost only where bursts are that long: between two of them, something arrives.
    [[nodiscard]] bool is_sound() const {
        return length > 0 && percent <= 90 && percent <= length * (100 - percent);
    }
};

class BurstLoss {
public:
    // Of the next datagram.
    bool is_lost(Rng& rng, const BurstPlan& plan);

private:
    bool is_bad_ = false;
};

}  // namespace grapevine::sim
