#include "bench/pacer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace grapevine::bench {

// CLOCK_BOOTTIME is the clock of boot_time().
Pacer::Descriptor::Descriptor()
    : descriptor_(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {
    ASSERT(descriptor_ >= 0, "{}", std::strerror(errno));
}

Pacer::Descriptor::~Descriptor() {
    close(descriptor_);
}

Pacer::Pacer(Loop& loop, std::function<void()> due)
    : due_(std::move(due)),
      poll_([&](uv_poll_t* handle) { return uv_poll_init(loop.get(), handle, timer_.get()); },
            this) {
    uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
        auto* self = static_cast<Pacer*>(handle->data);
        std::uint64_t expired = 0;
        // Nothing to read: it was set anew since it was readable.
        if (read(self->timer_.get(), &expired, sizeof expired) == sizeof expired) self->due_();
    });
}

void Pacer::wake_at(Time at) {
    const std::int64_t us = std::max<std::int64_t>(to_us(at), 1);  // 0 would disarm it
    const itimerspec when{.it_interval = {},
                          .it_value = {.tv_sec = us / 1'000'000, .tv_nsec = us % 1'000'000 * 1000}};
    const int error = timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
    ASSERT(error == 0, "{}", std::strerror(errno));
}

}  // namespace grapevine::bench
