#include "sim/refills.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace grapevine::sim {

namespace {

void forget_old(std::deque<Time>& times, Time now) {
    while (!times.empty() && times.front() < now - refills_window) times.pop_front();
}

bool holds_as_before(const Ring& ring, const Ring& before) {
    return ring.cluster == before.cluster && ring.members == before.members &&
           std::ranges::equal(ring.table, before.table, [](const Entry& a, const Entry& b) {
               return a.copies == b.copies && a.generation == b.generation;
           });
}

}  // namespace

std::string Refills::saw(Time now, const RingPtr& ring,
                         const std::function<std::string(NodeId)>& name_of) {
    if (before_ != nullptr && ring->members != before_->members) changes_.push_back(now);
    if (before_ != nullptr && holds_as_before(*ring, *before_)) {
        shuffles_.push_back(now);
    } else {
        shuffles_.clear();
    }
    before_ = ring;
    forget_old(changes_, now);
    forget_old(shuffles_, now);
    for (auto& [which, times] : opened_) forget_old(times, now);
    std::erase_if(opened_, [](const auto& opening) { return opening.second.empty(); });
    const auto seconds = to_ms(refills_window) / 1000;
    if (shuffles_.size() > refills_max) {
        return fmt::format(
            "ring {} is one of more than {} in a row, within {} s, that changed "
            "nothing but what is being filled",
            ring->epoch, refills_max, seconds);
    }
    const std::size_t allowed = refills_max + refills_per_change * changes_.size();
    std::string restless;
    for (std::uint32_t i = 0; i < ring->partitions(); ++i) {
        for (const Fill& fill : ring->table[i].fills) {
            if (fill.opened != ring->epoch) continue;
            std::deque<Time>& times = opened_[{PartitionId{i}, fill.id}];
            times.push_back(now);
            if (times.size() <= allowed) continue;
            restless = fmt::format(
                "in ring {} {} begins to be filled with partition {} for the "
                "{}th time within {} s, in which members changed {} times",
                ring->epoch, name_of(fill.id), i, times.size(), seconds, changes_.size());
        }
    }
    return restless;
}

}  // namespace grapevine::sim
