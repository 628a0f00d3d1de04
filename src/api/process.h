#pragma once
// What a library has to know of the process that it is a guest in.

#include <csignal>
#include <cstdint>

#include "base/result.h"

namespace grapevine {

// While it stands, the calling thread blocks all signals but those of its own faults; a thread that
// is started meanwhile does so for good.
class SignalsBlocked {
public:
    SignalsBlocked();
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

// How many forks lie between this process and the one that first asked.
std::uint32_t forks();

// An error where too few files may be opened for a loop: libuv does not begin without.
Result<void> check_descriptors();

}  // namespace grapevine
