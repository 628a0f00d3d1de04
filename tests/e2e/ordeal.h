#pragma once
// What a cluster of real processes goes through on a network of its own while clients read and
// write, and what they saw of it. Tests go through each ordeal once, network_measure many times.

#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "e2e/cluster.h"
#include "e2e/network.h"
#include "e2e/traffic.h"

namespace grapevine::e2e {

// Nodes at all hosts of a network and clients outside, which reach every host always.
struct Stage {
    Loop& loop;
    Network& network;
    Cluster& cluster;
    Traffic& traffic;
    std::size_t victim = 0;    // the host that suffers,
    std::size_t other = 1;     // from this one where it is a pair
    Duration longest_whole{};  // the longest that a link that flaps was whole, also in part
};

struct Ordeal {
    std::string name;
    Wait goal;           // without an answer at most, in 99 of 100
    bool evicts = true;  // false: no member may lose its place
    Wait lasts;          // after what begin() takes
    std::function<void(Stage&)> begin;
    std::function<void(Stage&)> end;
};

// Of the link that flaps: it is cut for longer than what evicts, and whole for less than what the
// evicted has to be in touch for before it is let in again.
constexpr int flaps = 8;
constexpr Wait flap_cut = 700ms;
constexpr Wait flap_whole = 300ms;
constexpr Wait readmission_after = 1s;

// Deaths, pauses, cuts, links that flap or hang, lost datagrams.
const std::vector<Ordeal>& ordeals();
// The one of that name.
const Ordeal& ordeal(const std::string& name);

struct OrdealReport {
    Duration outage{};  // the longest that an operation waited
    std::size_t operations = 0;
    std::size_t failures = 0;   // operations that ended unavailable or unknown
    Duration lasted{};          // at least as long as the ordeal says; on a busy machine longer
    std::size_t evictions = 0;  // that rings decided meanwhile
    bool whole = false;         // all nodes came back, with all copies, within a minute
    std::string defect;         // empty: the history is linearizable
};

// From a whole cluster to a whole cluster. Begins the traffic and lets it come to rest at the end.
OrdealReport undergo(Stage& stage, const Ordeal& ordeal);

// All nodes are up and have their copies, within so long. The loop goes on.
bool await_whole(Stage& stage, std::chrono::seconds limit = std::chrono::seconds(60));

std::vector<Address> addresses_on(const Network& network);

// How many evictions of the member, or of all where the name is empty, the cluster's history tells
// of after that ring.
std::size_t evictions_after(Stage& stage, Epoch ring, const std::string& name = {});
// Of the cluster's ring.
Epoch epoch_of(Stage& stage);
// The member at a host.
std::string name_at(const Stage& stage, std::size_t host);

// The client program's answer, while the loop goes on.
Finished ask(Stage& stage, std::vector<std::string> arguments);

}  // namespace grapevine::e2e
