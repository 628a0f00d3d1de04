#pragma once
// What the operating system tells of processes and ports of this machine.

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/time.h"

namespace grapevine {

struct ProcessUse {
    bool running = false;   // false: it has ended and waits to be reaped
    Duration cpu{};         // user and system time of all its threads, to the microsecond
    std::uint64_t rss = 0;  // bytes of memory that are resident
};
// Nothing: there is no such process.
std::optional<ProcessUse> use_of_process(int pid);

// User and system time of this process.
struct CpuTimes {
    Duration user{};
    Duration system{};
};
CpuTimes cpu_times_of_self();
// Both together, and those of its children that have been reaped.
Duration cpu_of_self();
Duration cpu_of_reaped();

// A port of loopback that was free, for TCP and UDP, a moment ago.
Result<std::uint16_t> free_port();

}  // namespace grapevine
