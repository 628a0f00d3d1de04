#include "runtime/system.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace grapevine {

namespace {

constexpr int free_port_attempts = 100;

// Binds and lets go again: the port, 0: it is taken.
std::uint16_t try_bind(int type, std::uint16_t port) {
    const int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return 0;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = bind(descriptor, generic, size) == 0;
    getsockname(descriptor, generic, &size);
    close(descriptor);
    return bound ? ntohs(address.sin_port) : std::uint16_t{0};
}

Duration span_of(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + Duration{time.tv_usec};
}

CpuTimes cpu_times_of(int who) {
    rusage usage{};
    getrusage(who, &usage);
    return {.user = span_of(usage.ru_utime), .system = span_of(usage.ru_stime)};
}

// Of all threads of a process, also of those that have ended; nothing: it is gone.
std::optional<Duration> cpu_clock_of(int pid) {
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return {};
    return std::chrono::seconds(used.tv_sec) + Duration{used.tv_nsec / 1000};
}

Duration cpu_of(int who) {
    const CpuTimes times = cpu_times_of(who);
    return times.user + times.system;
}

}  // namespace

CpuTimes cpu_times_of_self() {
    return cpu_times_of(RUSAGE_SELF);
}

// "pid (name) state ppid ..."; the name may hold anything, so the rest is looked for from the end.
std::optional<ProcessUse> use_of_process(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    const auto end_of_name = line.rfind(')');
    if (end_of_name == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(end_of_name + 1));
    // proc(5) counts from 1, the pid; state is field 3.
    std::string state;
    fields >> state;
    std::string skipped;
    for (int field = 4; field <= 23; ++field) fields >> skipped;
    std::uint64_t pages = 0;
    if (!(fields >> pages)) return std::nullopt;
    // The times in that file are of clock ticks, 10 ms: too coarse for a round of a second.
    const auto cpu = cpu_clock_of(pid);
    if (!cpu) return std::nullopt;
    return ProcessUse{.running = state != "Z" && state != "X",
                      .cpu = *cpu,
                      .rss = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))};
}

Duration cpu_of_self() {
    return cpu_of(RUSAGE_SELF);
}

Duration cpu_of_reaped() {
    return cpu_of(RUSAGE_CHILDREN);
}

Result<std::uint16_t> free_port() {
    for (int attempt = 0; attempt < free_port_attempts; ++attempt) {
        const std::uint16_t port = try_bind(SOCK_STREAM, 0);
        if (port != 0 && try_bind(SOCK_DGRAM, port) != 0) return port;
    }
    return fail("no port is free: {}", std::strerror(errno));
}

}  // namespace grapevine
