#pragma once
// libuv's event loop as RAII: Loop, Handle<> (libuv's memory rule: a handle outlives its owner
// until its close callback has run), Turn (the hook after polling) and SignalWatch.
//
// One loop per process, one thread. Whoever owns a Handle is destroyed before its Loop.

#include <uv.h>

#include <functional>
#include <utility>

#include "base/assert.h"
#include "base/time.h"

namespace grapevine {

class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] uv_loop_t* get() { return &loop_; }
    // Until stop(), or until nothing is left to wait for.
    void run();
    void stop() { uv_stop(&loop_); }

private:
    uv_loop_t loop_{};
};

// Owns a libuv handle of type H. `init` is one of the uv_*_init functions, bound to a loop. The
// handle's data pointer is null once the owner is gone; callbacks of requests that are still under
// way (writes, connects) come after that and look there first.
template <class H>
class Handle {
public:
    template <class Init>
    Handle(Init init, void* owner) : handle_(new H{}) {
        const int error = init(handle_);
        ASSERT(error == 0, "{}", uv_strerror(error));
        handle_->data = owner;
    }
    ~Handle() {
        handle_->data = nullptr;
        uv_close(base(), [](uv_handle_t* closed) { delete reinterpret_cast<H*>(closed); });
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    [[nodiscard]] H* get() const { return handle_; }
    [[nodiscard]] uv_handle_t* base() const { return reinterpret_cast<uv_handle_t*>(handle_); }

private:
    H* handle_;
};

// Calls `after_polling` once in each turn of the loop, after all sockets that were readable have
// been read. libuv runs timers *before* polling: were deadlines judged there, silence would be
// judged after a stall while the answers wait in the sockets. So the timer here only wakes the
// loop, and whoever has deadlines looks at the clock in `after_polling`.
class Turn {
public:
    Turn(Loop& loop, std::function<void()> after_polling);

    // The loop wakes at or soon after `deadline`, if nothing else wakes it. Replaces the last one.
    void wake_at(Time now, Time deadline);
    // Another turn at once, without waiting.
    void again();

private:
    std::function<void()> after_polling_;
    Loop& loop_;
    Handle<uv_check_t> check_;
    Handle<uv_timer_t> timer_;
    // While active the loop polls without waiting. A timer that fires is no longer counted when the
    // loop computes how long to poll, so it starts this.
    Handle<uv_idle_t> idle_;
};

// Calls back at every arrival of a signal. Does not keep the loop alive.
class SignalWatch {
public:
    SignalWatch(Loop& loop, int signal, std::function<void()> arrived);

private:
    std::function<void()> arrived_;
    Handle<uv_signal_t> signal_;
};

// Calls back after `first`, and then every `period`. Does not keep the loop alive.
class Alarm {
public:
    Alarm(Loop& loop, Duration first, Duration period, std::function<void()> due);

private:
    std::function<void()> due_;
    Handle<uv_timer_t> timer_;
};

}  // namespace grapevine
