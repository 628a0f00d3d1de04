#pragma once
// How long the keys of a node are not served when it is killed.
//
// A client that is connected and has the ring reads a key; its primary is killed with SIGKILL, and
// the client at once asks for the key again: the gap lasts until it has the answer. Beside it goes
// a load at a fixed rate, from which come the throughput over time and, as a check of the gap, the
// longest stretch in which no operation on any key of the killed node was answered. Before each
// kill the cluster is whole again, with a new node for the one that died before.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/experiment.h"
#include "bench/phase.h"
#include "bench/timeline.h"

namespace grapevine::bench {

struct FailoverConfig {
    Setting setting;  // a rate of 0: no load
    unsigned kills = 200;
    Duration warm_up = 2s;
};

struct Kill {
    unsigned number = 0;  // from 1
    std::string victim;   // its name
    Duration at{};        // since the first could have been
    Duration gap{};       // from the kill to the answer
    Duration silence{};   // of the load's operations on its keys; zero: no load
    Duration whole{};     // from the kill until a new node is in, and every copy in its place
};
using KillDone = std::function<void(const Kill&)>;

struct Failover {
    std::vector<Phase> phases;  // all of it as one, if there was a load
    std::vector<Kill> kills;
    Timeline answered{5ms};
};

// Starts a cluster of its own, for whose else should be killed? Calls `done` after each kill.
Result<Failover> failover(Session& session, const FailoverConfig& config, const KillDone& done);

std::string kill_csv_head();
std::string kill_csv_line(const Kill& kill);
// Throughput over time: "run", the first minute; "kill", when in it one was killed; "around", the
// mean around all kills, by the time from the kill.
std::string timeline_csv_head();
std::vector<std::string> timeline_csv_lines(const Failover& result);

// For people: the distribution, and whether it is within the goals.
inline constexpr Duration median_goal = 300ms;  // at most
inline constexpr Duration slow_gap = 600ms;     // at most one of a hundred is longer
std::string failover_summary(const std::vector<Kill>& kills);

}  // namespace grapevine::bench
