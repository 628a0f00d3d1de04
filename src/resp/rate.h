#pragma once
// How fast a counter grows, for people who ask now and then: since it was asked for before, at
// least a second ago. Pure.

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace grapevine::resp {

class Rate {
public:
    void look(Time now, std::uint64_t count) {
        if (began_ == never) {
            began_ = now;
            at_begin_ = count;
        }
        const std::int64_t us = (now - began_).count();
        if (us < us_per_second) return;
        per_second_ = (count - at_begin_) * us_per_second / static_cast<std::uint64_t>(us);
        began_ = now;
        at_begin_ = count;
    }
    [[nodiscard]] std::uint64_t per_second() const { return per_second_; }

private:
    static constexpr std::int64_t us_per_second = 1'000'000;

    Time began_ = never;
    std::uint64_t at_begin_ = 0;
    std::uint64_t per_second_ = 0;
};

}  // namespace grapevine::resp
