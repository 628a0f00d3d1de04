#include "sim/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "sim/event_log.h"

namespace grapevine::sim {

void Checks::report(std::string defect) {
    if (defect_.empty()) defect_ = fmt::format("{}: {}", seconds(queue_.now()), defect);
}

void Checks::after_turn(const NodeHost& host) {
    host.node().invariants();
    check_ring(host);
    if (!host.bad_message().empty()) {
        report(
            fmt::format("{} was sent what does not decode: {}", host.name(), host.bad_message()));
    }
}

void Checks::check_ring(const NodeHost& host) {
    const RingPtr ring = host.ring();
    if (ring == nullptr) return;
    Epoch& adopted = adopted_[host.id()];
    if (ring->epoch == adopted) return;
    if (ring->epoch < adopted) {
        report(fmt::format("{} went back from ring {} to {}", host.name(), adopted, ring->epoch));
    }
    adopted = ring->epoch;
    const std::uint64_t content = digest(*ring);
    const auto [known, is_first] = digests_.emplace(std::pair(ring->cluster, ring->epoch), content);
    if (!is_first && known->second != content) {
        report(fmt::format("two rings of epoch {}: {} has another than those before it",
                           ring->epoch, host.name()));
    }
}

void Checks::before_answer(const NodeHost& host, const Request& request, const Reply& reply,
                           const std::vector<const NodeHost*>& alive) {
    if (!is_answer(reply.status)) return;
    const Ring& ring = *host.ring();
    const PartitionId partition = partition_of_key(request.key, ring.partitions());
    // An answer that was made before the node adopted a ring in the same turn may still leave.
    const auto adopted = adopted_.find(host.id());
    const bool is_new = adopted == adopted_.end() || adopted->second != ring.epoch;
    if (!is_new && ring.entry(partition).primary() != host.id()) {
        report(fmt::format("{} answers for partition {} in ring {}, where it is not the primary",
                           host.name(), partition, ring.epoch));
    }
    check_one_server(partition, alive);
}

void Checks::sweep(const std::vector<const NodeHost*>& alive) {
    constexpr std::uint32_t partitions_at_once = 16;
    std::uint32_t partitions = 0;
    for (const NodeHost* host : alive) {
        if (host->ring() != nullptr) partitions = host->ring()->partitions();
    }
    if (partitions == 0) return;
    for (std::uint32_t i = 0; i < std::min(partitions, partitions_at_once); ++i) {
        check_one_server(PartitionId{next_swept_++ % partitions}, alive);
    }
}

void Checks::check_one_server(PartitionId partition, const std::vector<const NodeHost*>& alive) {
    const NodeHost* server = nullptr;
    for (const NodeHost* host : alive) {
        if (host->ring() == nullptr) continue;
        if (!host->serves(partition)) continue;
        if (server != nullptr) {
            report(fmt::format("{} (ring {}) and {} (ring {}) both serve partition {}",
                               server->name(), server->ring()->epoch, host->name(),
                               host->ring()->epoch, partition));
        }
        server = host;
    }
}

}  // namespace grapevine::sim
