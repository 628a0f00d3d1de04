#include "swim/probe_cycle.h"

#include <algorithm>
#include <utility>

namespace grapevine {

void ProbeCycle::change(const std::vector<NodeId>& gone, const std::vector<NodeId>& come,
                        Rng& rng) {
    if (!gone.empty()) {
        const auto leaves = [&](NodeId id) { return std::ranges::binary_search(gone, id); };
        const auto probed = order_.begin() + static_cast<std::ptrdiff_t>(position_);
        position_ -= static_cast<std::size_t>(std::count_if(order_.begin(), probed, leaves));
        std::erase_if(order_, leaves);
    }
    // Each at random among what is left of the round, itself included.
    order_.reserve(order_.size() + come.size());
    for (const NodeId newcomer : come) {
        const std::size_t place = position_ + rng.below(order_.size() - position_ + 1);
        order_.push_back(newcomer);
        std::swap(order_[place], order_.back());
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
