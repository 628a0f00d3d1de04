#include "runtime/wait.h"

#include "runtime/clock.h"

namespace grapevine {

bool run_until(Loop& loop, Duration bound, const std::function<bool()>& condition) {
    // Wakes the loop so that the condition is looked at; the sockets do the rest.
    const Handle<uv_timer_t> wake(
        [&](uv_timer_t* timer) { return uv_timer_init(loop.get(), timer); }, nullptr);
    uv_timer_start(wake.get(), [](uv_timer_t*) {}, 1, 1);
    const Time end = boot_time() + bound;
    while (!condition()) {
        if (boot_time() >= end) return false;
        uv_run(loop.get(), UV_RUN_ONCE);
    }
    return true;
}

void run_for(Loop& loop, Duration span) {
    run_until(loop, span, [] { return false; });
}

}  // namespace grapevine
