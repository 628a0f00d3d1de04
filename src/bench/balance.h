#pragma once
// How evenly keys fall on nodes: every key is put once, and the node that answered as its primary
// is counted. Once for keys that are numbered (key0, key1, ...; in a running cluster bench0, ...),
// once for random ones.
//
// What chance alone would give: a node whose partitions are a share p of all gets N p of N random
// keys, with a standard deviation of sqrt(N p (1 - p)). Numbered keys are more even than that:
// CRC16 is linear, so neighbouring numbers go to different slots.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/experiment.h"
#include "bench/phase.h"

namespace grapevine::bench {

struct NodeShare {
    std::string keys;              // "numbered", "random"
    std::string node;              // its name
    std::uint64_t partitions = 0;  // that it is primary of
    std::uint64_t partitions_all = 0;
    std::uint64_t count = 0;  // keys that it took as primary
    std::uint64_t count_all = 0;

    [[nodiscard]] double expected() const;
    [[nodiscard]] double two_sigma() const;
};

struct Balance {
    std::vector<Phase> phases;  // the writing itself
    std::vector<NodeShare> shares;
};

using ShareDone = std::function<void(const NodeShare&)>;
Result<Balance> balance(Session& session, const Setting& setting, const ShareDone& done);

std::string share_csv_head();
std::string share_csv_line(const NodeShare& share);
// A bar for each node, and how far the fullest is above the mean.
std::string balance_text(const std::vector<NodeShare>& shares);

}  // namespace grapevine::bench
