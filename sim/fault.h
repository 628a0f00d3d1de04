#pragma once
// Faults as data: what is done to the world, and when. One vocabulary for the command line,
// scripts, the swarm and tests.
//
//     2s:kill=server3,server5     all at the same instant
//     4s:restart=server3          a new process, without its old state, on the same address
//     1500ms:pause=server1        frozen; resume=server1
//     6s:cut=server1/server2      nothing passes either way; heal=server1/server2, or heal alone
//     6s:cutoneway=a/b            nothing passes from a to b
//     6s:hang=a/b                 links carry nothing, though they can be made; datagrams pass
//     6s:break=a/b                the links between them end, new ones can be made
//     3s:loss=20                  percent of all datagrams, from then on

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace grapevine::sim {

enum class FaultKind : std::uint8_t {
    kill,
    restart,
    pause,
    resume,
    cut,
    cut_one_way,
    hang,
    heal,
    break_links,
    loss,
};

struct Fault {
    Duration at{};  // after the cluster was first ready
    FaultKind kind = FaultKind::kill;
    std::vector<std::string> names;                          // kill, restart, pause, resume
    std::vector<std::pair<std::string, std::string>> pairs;  // cut, heal (empty: all), break
    std::uint32_t percent = 0;                               // loss
    bool operator==(const Fault&) const = default;
};

Result<Fault> parse_fault(std::string_view text);

// What parse_fault reads.
std::string to_string(const Fault& fault);

// "1500ms", "2s", "1500us", "1.5s".
Result<Duration> parse_duration(std::string_view text);

}  // namespace grapevine::sim
