#include "api/process.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace grapevine {

namespace {

std::atomic<std::uint32_t> forks_seen{0};

// A loop takes five, libuv two for the process, a look at names as many again for a moment.
constexpr std::size_t descriptors_needed = 16;

}  // namespace

SignalsBlocked::SignalsBlocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
        sigdelset(&blocked, fault);
    }
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
}

SignalsBlocked::~SignalsBlocked() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::uint32_t forks() {
    static const int registered = pthread_atfork(
        nullptr, nullptr, [] { forks_seen.fetch_add(1, std::memory_order_relaxed); });
    static_cast<void>(registered);
    return forks_seen.load(std::memory_order_relaxed);
}

Result<void> check_descriptors() {
    std::array<int, descriptors_needed> opened{};
    int error = 0;
    for (int& descriptor : opened) {
        descriptor = error == 0 ? eventfd(0, EFD_CLOEXEC) : -1;
        if (descriptor < 0 && error == 0) error = errno;
    }
    for (const int descriptor : opened) {
        if (descriptor >= 0) close(descriptor);
    }
    if (error == 0) return {};
    return fail("no files can be opened for connections: {}", std::strerror(error));
}

}  // namespace grapevine
