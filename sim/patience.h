#pragma once
// Whether a process has been at it for too long: by the processor time that it used, so that a busy
// machine makes nobody late, or by standing still, in real time. Pure.

#include <algorithm>
#include <chrono>

namespace grapevine::sim {

class Patience {
public:
    using Moment = std::chrono::steady_clock::time_point;

    explicit Patience(Moment begun) : advanced_(begun) {}

    // `used`: processor time since it began; zero where nobody knows.
    bool is_exhausted(Moment now, std::chrono::nanoseconds used, std::chrono::seconds limit) {
        if (used > used_) advanced_ = now;
        used_ = std::max(used, used_);
        return used_ >= limit || now - advanced_ >= limit;
    }

private:
    std::chrono::nanoseconds used_{};  // at the last look
    Moment advanced_;                  // when it had last used some
};

}  // namespace grapevine::sim
