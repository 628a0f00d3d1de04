#include "sim/refills.h"

namespace grapevine::sim {

std::optional<std::pair<PartitionId, NodeId>> Refills::saw(Time now, const Ring& ring) {
    if (ring.members != members_) opened_.clear();
    members_ = ring.members;
    for (auto& [which, times] : opened_) {
        while (!times.empty() && times.front() < now - refills_window) times.pop_front();
    }
    std::erase_if(opened_, [](const auto& opening) { return opening.second.empty(); });
    std::optional<std::pair<PartitionId, NodeId>> restless;
    for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
        for (const Fill& fill : ring.table[i].fills) {
            if (fill.opened != ring.epoch) continue;
            const std::pair which(PartitionId{i}, fill.id);
            std::deque<Time>& times = opened_[which];
            times.push_back(now);
            if (times.size() > refills_max) restless = which;
        }
    }
    return restless;
}

}  // namespace grapevine::sim
