#include "swim/probe_cycle.h"

#include <algorithm>
#include <set>

namespace grapevine {

void ProbeCycle::set_members(const std::vector<NodeId>& members, Rng& rng) {
    std::set<NodeId> missing(members.begin(), members.end());
    std::vector<NodeId> kept;
    std::size_t probed = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
        if (missing.erase(order_[i]) == 0) continue;
        kept.push_back(order_[i]);
        if (i < position_) ++probed;
    }
    order_ = std::move(kept);
    position_ = probed;
    for (const NodeId newcomer : missing) {
        const std::size_t place = position_ + rng.below(order_.size() - position_ + 1);
        order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(place), newcomer);
    }
}

std::optional<NodeId> ProbeCycle::next(Rng& rng) {
    if (order_.empty()) return std::nullopt;
    if (position_ == order_.size()) {
        rng.shuffle(order_);
        position_ = 0;
    }
    return order_[position_++];
}

}  // namespace grapevine
