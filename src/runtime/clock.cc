#include "runtime/clock.h"

#include <sys/random.h>

#include <ctime>

#include "base/assert.h"

namespace grapevine {

Time boot_time() {
    timespec now{};
    ASSERT(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return time_from_us(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000);
}

std::int64_t unix_us() {
    timespec now{};
    ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

std::int64_t unix_ms() {
    return unix_us() / 1000;
}

std::uint64_t random_u64() {
    std::uint64_t word = 0;
    // Eight bytes come whole or not at all; before the system has entropy the call waits for it.
    while (getrandom(&word, sizeof word, 0) != static_cast<ssize_t>(sizeof word)) {
    }
    return word;
}

}  // namespace grapevine
