#include "sim/convergence.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "replication/replication.h"

namespace grapevine::sim {

namespace {

// How one holder differs from what was committed; empty: it does not.
std::string difference_to_committed(const NodeHost& holder, PartitionId partition,
                                    const Commits& commits) {
    const Replica& replica = holder.node().replication()->replica(partition);
    if (!replica.log.unfinished().empty()) return "has unfinished operations";
    if (replica.log.watermark() != commits.count(partition)) {
        return fmt::format("is at operation {} of {}", replica.log.watermark(),
                           commits.count(partition));
    }
    Commits::Contents held;
    holder.store()->scan(partition, 0, SIZE_MAX, [&](const Record& record) {
        held[std::string(record.key)] = {record.version, hash64(record.value), record.expires_ms};
    });
    const Commits::Contents& right = commits.contents(partition);
    for (const auto& [key, value] : right) {
        const auto found = held.find(key);
        if (found == held.end()) return fmt::format("lacks {} ({})", key, value.version);
        if (found->second == value) continue;
        return fmt::format("has another {}: {} until {} ms, not {} until {} ms", key,
                           found->second.version, found->second.expires_ms, value.version,
                           value.expires_ms);
    }
    for (const auto& [key, value] : held) {
        if (!right.contains(key)) return fmt::format("has {}, which is deleted", key);
    }
    return {};
}

std::string difference_in_order(const Replica& one, const Replica& other) {
    if (one.log.base() != other.log.base()) return "another last version";
    if (one.log.base_stamp_ms() != other.log.base_stamp_ms()) return "another time";
    if (one.memory.all() != other.memory.all()) return "other remembered requests";
    return {};
}

std::map<NodeId, const NodeHost*> hosts_by_id(const World& world) {
    std::map<NodeId, const NodeHost*> hosts;
    for (const NodeHost* host : world.alive()) hosts[host->id()] = host;
    return hosts;
}

}  // namespace

bool Convergence::is_whole() {
    if (!cluster_.is_restored()) return false;
    return !plan(*cluster_.world().newest_ring(), {}, {}, placement_).has_value();
}

std::string Convergence::difference() {
    const World& world = cluster_.world();
    const RingPtr ring = world.newest_ring();
    const auto hosts = hosts_by_id(world);
    for (std::uint32_t i = 0; i < ring->partitions(); ++i) {
        const PartitionId partition{i};
        const Entry& entry = ring->entry(partition);
        const NodeHost& first = *hosts.at(entry.primary());
        for (const NodeId id : entry.copies) {
            const NodeHost& holder = *hosts.at(id);
            const auto says = [&](const std::string& what) {
                return fmt::format("in partition {}, {} {}", i, holder.name(), what);
            };
            const std::string wrong =
                difference_to_committed(holder, partition, world.checks().commits());
            if (!wrong.empty()) return says(wrong);
            const std::string other =
                difference_in_order(first.node().replication()->replica(partition),
                                    holder.node().replication()->replica(partition));
            if (!other.empty()) return says(fmt::format("has {} than {}", other, first.name()));
        }
    }
    return {};
}

std::string Convergence::taken_for_full() {
    const auto hosts = hosts_by_id(cluster_.world());
    for (const auto& [id, host] : hosts) {
        if (!host->stores()) continue;
        const std::set<NodeId>& full = host->node().replication()->taken_for_full();
        if (full.empty()) continue;
        const auto found = hosts.find(*full.begin());
        return fmt::format("{} takes {} for full", host->name(),
                           found == hosts.end() ? "one that is gone" : found->second->name());
    }
    return {};
}

std::string Convergence::remembered() {
    const World& world = cluster_.world();
    const RingPtr ring = world.newest_ring();
    for (const auto& [id, host] : hosts_by_id(world)) {
        if (!host->stores()) continue;
        for (std::uint32_t i = 0; i < ring->partitions(); ++i) {
            const Replica& replica = host->node().replication()->replica(PartitionId{i});
            if (replica.memory.size() == 0) continue;
            return fmt::format("{} remembers {} idle clients in partition {}", host->name(),
                               replica.memory.size(), i);
        }
    }
    return {};
}

}  // namespace grapevine::sim
