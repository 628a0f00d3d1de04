#pragma once
// A command (command/execute.h) that the primary of its keys executes by itself and at once, for
// who shares its process: no request, no id that would have to be remembered, since it is asked for
// once and answered before anything else happens. Reads need no more than the lease; writes are
// executed so where no other member holds a copy, or is to.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace grapevine {

struct AtOnceCommand {
    std::string_view key;  // one of its keys; all are of one partition
    bool writes = false;   // it may change something (command::writes())
    std::span<const std::string_view> args;
};

// It was executed.
struct AtOnce {
    Time valid_until;         // at or past it the reply must not be told any more
    Version version;          // of what it changed; {0, 0}: nothing
    std::uint64_t steps = 0;  // what it has done, as program_steps_max counts
};

}  // namespace grapevine
