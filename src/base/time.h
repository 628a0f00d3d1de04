#pragma once
// Points in time and spans of it, as the cores see them.
//
// `Time` belongs to a clock that has no now(): a core is told the time by whoever drives it (the
// libuv host reads CLOCK_BOOTTIME, the simulator its virtual clock), so it cannot cheat and a run
// can be replayed. Times of different machines are not comparable; only spans travel on the wire.

#include <chrono>
#include <cstdint>

namespace grapevine {

struct CoreClock {
    using rep = std::int64_t;
    using period = std::micro;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<CoreClock>;
    static constexpr bool is_steady = true;
    // No now(), on purpose.
};

using Time = CoreClock::time_point;
using Duration = CoreClock::duration;

// Later than every deadline: "nothing is due".
inline constexpr Time never = Time::max();

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Microseconds since the clock's origin, for the wire and for logs.
constexpr std::int64_t to_us(Time time) {
    return time.time_since_epoch().count();
}
constexpr std::int64_t to_us(Duration span) {
    return span.count();
}
constexpr std::int64_t to_ms(Duration span) {
    return span.count() / 1000;
}
constexpr Time time_from_us(std::int64_t us) {
    return Time{Duration{us}};
}

}  // namespace grapevine
