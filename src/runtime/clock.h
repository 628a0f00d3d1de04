#pragma once
// What cores are denied: the time, and chance that nobody can predict.

#include <cstdint>

#include "base/time.h"

namespace grapevine {

// CLOCK_BOOTTIME, read afresh at every call: monotonic, and it counts through suspend, which a
// lease must not outlive.
Time boot_time();

// CLOCK_REALTIME in milliseconds: what the machine takes for the time, which may be set forwards or
// back. Keys expire by it, and nothing else depends on it.
std::int64_t unix_ms();
// The same in microseconds, for those who ask what time it is.
std::int64_t unix_us();

// From getrandom(2). For ids that must be unique for all time, and as seeds.
std::uint64_t random_u64();

}  // namespace grapevine
