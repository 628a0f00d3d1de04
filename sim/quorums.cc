#include "sim/quorums.h"

#include <algorithm>

namespace grapevine::sim {

void Quorums::saw(const Ring& ring) {
    const auto [known, is_new] = rings_.try_emplace({ring.cluster, ring.epoch});
    if (!is_new) return;
    for (const Voter& voter : ring.voters) known->second.of[voter.id] = voter.votes;
    known->second.majority = ring.majority();
}

bool Quorums::can_go_on(ClusterId cluster, const std::vector<Left>& left) const {
    return std::ranges::any_of(rings_, [&](const auto& each) {
        const auto& [name, votes] = each;
        if (name.first != cluster) return false;
        std::uint32_t there = 0;
        for (const Left& one : left) {
            const auto vote = votes.of.find(one.id);
            if (vote != votes.of.end() && one.epoch <= name.second) there += vote->second;
        }
        return there >= votes.majority;
    });
}

}  // namespace grapevine::sim
