#pragma once
// Whose turn it is to be probed (SWIM, section 4.3): rounds over a shuffled list, so that every
// member is probed within 2n - 1 periods by everyone, and in an order that no two share.

#include <cstddef>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/rng.h"

namespace grapevine {

class ProbeCycle {
public:
    // `gone`, which were in, ascend. Newcomers take a random place in what is left of the round.
    void change(const std::vector<NodeId>& gone, const std::vector<NodeId>& come, Rng& rng);

    // Nothing where there are no members.
    std::optional<NodeId> next(Rng& rng);

    [[nodiscard]] std::size_t size() const { return order_.size(); }

private:
    std::vector<NodeId> order_;
    std::size_t position_ = 0;  // those before it had their turn in this round
};

}  // namespace grapevine
