#pragma once
// Wakes a loop at a time that is known to the microsecond. libuv's timers come in whole
// milliseconds; this is a timerfd, which the kernel's high-resolution timer makes readable, so it
// comes some tens of microseconds late where a processor is free.

#include <algorithm>
#include <cstdint>
#include <functional>

#include "base/time.h"
#include "runtime/loop.h"

namespace grapevine::bench {

// When the operation of this number is due, from 0 on, of `rate` a second.
[[nodiscard]] inline Time due_at(Time begun, std::uint64_t rate, std::uint64_t number) {
    return begun + Duration{static_cast<std::int64_t>(number * 1'000'000 / rate)};
}

// How many are due within so long, one at least.
[[nodiscard]] inline std::uint64_t due_in(std::uint64_t rate, Duration span) {
    const auto us = static_cast<std::uint64_t>(to_us(span));
    return std::max<std::uint64_t>((rate * us + 999'999) / 1'000'000, 1);
}

class Pacer {
public:
    Pacer(Loop& loop, std::function<void()> due);
    Pacer(const Pacer&) = delete;
    Pacer& operator=(const Pacer&) = delete;

    // Replaces what was asked for before. A time that has passed: in the next turn of the loop.
    void wake_at(Time at);

private:
    // Closed after the handle that polls it.
    class Descriptor {
    public:
        Descriptor();
        ~Descriptor();
        Descriptor(const Descriptor&) = delete;
        Descriptor& operator=(const Descriptor&) = delete;
        [[nodiscard]] int get() const { return descriptor_; }

    private:
        int descriptor_;
    };

    std::function<void()> due_;
    Descriptor timer_;
    Handle<uv_poll_t> poll_;
};

}  // namespace grapevine::bench
