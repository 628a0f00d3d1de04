#pragma once
// Whether this process stood still since it last looked. After that the silence of others means
// nothing: they get the time to answer again. Whoever looks does so with every input that it judges
// by, because a process that wakes up may be handed anything first. Internal to node/.

#include <algorithm>

#include "base/time.h"

namespace grapevine {

class StallWatch {
public:
    // `longest`: what may pass between two looks of a process that runs. The first look is after a
    // stall.
    explicit StallWatch(Duration longest) : longest_(longest) {}

    bool look(Time now) {
        const bool stalled = now > looked_at_ + longest_;
        looked_at_ = std::max(looked_at_, now);
        return stalled;
    }

private:
    Duration longest_;
    Time looked_at_;
};

}  // namespace grapevine
