#include "runtime/loop.h"

#include <algorithm>
#include <cstdint>

namespace grapevine {

Loop::Loop() {
    const int error = uv_loop_init(&loop_);
    ASSERT(error == 0, "{}", uv_strerror(error));
}

Loop::~Loop() {
    // All owners are gone; their handles finish closing here.
    uv_run(&loop_, UV_RUN_DEFAULT);
    const int error = uv_loop_close(&loop_);
    ASSERT(error == 0, "{}", uv_strerror(error));
}

void Loop::run() {
    uv_run(&loop_, UV_RUN_DEFAULT);
}

Turn::Turn(Loop& loop, std::function<void()> after_polling)
    : after_polling_(std::move(after_polling)),
      loop_(loop),
      check_([&](uv_check_t* check) { return uv_check_init(loop.get(), check); }, this),
      timer_([&](uv_timer_t* timer) { return uv_timer_init(loop.get(), timer); }, this),
      idle_([&](uv_idle_t* idle) { return uv_idle_init(loop.get(), idle); }, this) {
    uv_check_start(check_.get(), [](uv_check_t* check) {
        auto* turn = static_cast<Turn*>(check->data);
        uv_idle_stop(turn->idle_.get());
        turn->after_polling_();
    });
    // The check alone would not wait for anything; sockets, timer and idle keep the loop alive.
    uv_unref(check_.base());
}

void Turn::wake_at(Time now, Time deadline) {
    if (deadline == never) {
        uv_timer_stop(timer_.get());
        return;
    }
    if (deadline <= now) {
        again();
        return;
    }
    // Rounded up to libuv's milliseconds, counted from now and not from the loop's cached time.
    const Duration wait = std::min<Duration>(deadline - now, 3600s);
    const auto wait_ms = static_cast<std::uint64_t>((to_us(wait) + 999) / 1000);
    uv_update_time(loop_.get());
    uv_timer_start(
        timer_.get(), [](uv_timer_t* timer) { static_cast<Turn*>(timer->data)->again(); }, wait_ms,
        0);
}

void Turn::again() {
    uv_idle_start(idle_.get(), [](uv_idle_t*) {});
}

SignalWatch::SignalWatch(Loop& loop, int signal, std::function<void()> arrived)
    : arrived_(std::move(arrived)),
      signal_([&](uv_signal_t* handle) { return uv_signal_init(loop.get(), handle); }, this) {
    uv_signal_start(
        signal_.get(),
        [](uv_signal_t* handle, int) { static_cast<SignalWatch*>(handle->data)->arrived_(); },
        signal);
    uv_unref(signal_.base());
}

Alarm::Alarm(Loop& loop, Duration first, Duration period, std::function<void()> due)
    : due_(std::move(due)),
      timer_([&](uv_timer_t* timer) { return uv_timer_init(loop.get(), timer); }, this) {
    uv_update_time(loop.get());
    uv_timer_start(
        timer_.get(), [](uv_timer_t* timer) { static_cast<Alarm*>(timer->data)->due_(); },
        static_cast<std::uint64_t>(first / 1ms), static_cast<std::uint64_t>(period / 1ms));
    uv_unref(timer_.base());
}

}  // namespace grapevine
