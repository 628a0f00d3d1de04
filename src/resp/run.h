#pragma once
// What a session asks of primaries, and what it hears: values that the host carries.

#include <cstdint>
#include <string>

#include "base/ids.h"

namespace grapevine::resp {

// A program for the primary of a partition.
struct Run {
    PartitionId partition;
    std::string key;  // routes; without has_key: the partition is meant as a whole
    bool has_key = true;
    bool writes = false;
    std::string program;
};

enum class RunStatus : std::uint8_t {
    ok,
    unavailable,  // nothing was changed
    unknown,      // it may have been executed, or not
    overloaded,   // nothing was changed; again later
    full,         // no memory is left; nothing was changed
    refused,      // for the reason that `detail` tells; nothing was changed
};

struct RunResult {
    RunStatus status = RunStatus::ok;
    std::string replies;  // RESP3, one for each command
    std::string detail;
    NodeId by;  // who executed it; zero: nobody
};

// As a command's reply where it is not ok, or holds no reply: "CLUSTERDOWN ...".
[[nodiscard]] std::string failure_text(const RunResult& result);

}  // namespace grapevine::resp
