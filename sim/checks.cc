#include "sim/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "base/hash.h"
#include "base/limits.h"
#include "replication/replication.h"
#include "ring/found_anew.h"
#include "sim/event_log.h"

namespace grapevine::sim {

namespace {

// It names that cluster, a ring of it that there was, and whom that comes from.
bool comes_from(const Ring& ring, const Ring& parent) {
    Ancestors expected = parent.ancestors;
    expected.insert(expected.begin(), {parent.cluster, founded_from(ring)});
    if (expected.size() > ancestors_max) expected.pop_back();
    return ring.ancestors == expected && founded_from(ring) <= parent.epoch &&
           ring.genesis.value == founded_from(ring).value + epochs_skipped;
}

}  // namespace

void Checks::after_turn(const NodeHost& host) {
    host.node().invariants();
    check_ring(host);
    if (!host.bad_message().empty()) {
        report(Rule::decodes, fmt::format("{} was sent what does not decode: {}", host.name(),
                                          host.bad_message()));
    }
}

void Checks::check_ring(const NodeHost& host) {
    const RingPtr ring = host.ring();
    if (ring == nullptr) return;
    RingPtr& adopted = adopted_[host.id()];
    if (ring == adopted) return;
    if (adopted != nullptr && ring->epoch < adopted->epoch) {
        report(Rule::epochs_grow, fmt::format("{} went back from ring {} to {}", host.name(),
                                              adopted->epoch, ring->epoch));
    }
    adopted = ring;
    const std::uint64_t content = digest(*ring);
    const auto [known, is_first] = digests_.emplace(std::pair(ring->cluster, ring->epoch), content);
    if (is_first) {
        const std::string defect = ring_defect(*ring);
        if (!defect.empty())
            report(Rule::well_formed, fmt::format("ring {}: {}", ring->epoch, defect));
    } else if (known->second != content) {
        report(Rule::one_ring,
               fmt::format("two rings of epoch {}: {} has another than those before it",
                           ring->epoch, host.name()));
    }
}

void Checks::new_ring(const RingPtr& ring) {
    if (newest_ != nullptr) {
        for (const Member& member : newest_->members) {
            if (member.is_up() && !ring->is_up(member.id)) removed_[member.id] = queue_.now();
        }
        if (newest_->cluster != ring->cluster) found(*ring);
        for (std::uint32_t i = 0; i < newest_->partitions(); ++i) {
            if (newest_->cluster != ring->cluster) break;
            if (newest_->table[i].generation == ring->table[i].generation) continue;
            commits_.restarted(PartitionId{i}, ring->epoch);
            restarts_.push_back({ring->cluster, PartitionId{i}, ring->epoch});
        }
    }
    std::erase_if(removed_, [&](const auto& each) { return ring->is_up(each.first); });
    newest_ = last_rings_[ring->cluster] = ring;
}

void Checks::found(const Ring& ring) {
    const auto parent = last_rings_.find(ring.parent());
    const Epoch from = founded_from(ring);
    if (parent == last_rings_.end() || !comes_from(ring, *parent->second)) {
        return report(Rule::one_ring, fmt::format("ring {} is of a cluster that does not come from "
                                                  "one that is known as it says",
                                                  ring.epoch));
    }
    Founded founded{.cluster = ring.cluster,
                    .parent = ring.parent(),
                    .from = from,
                    .at = queue_.now(),
                    .restarted = std::vector<bool>(ring.partitions())};
    std::vector<std::uint64_t> generations;  // in the ring that it is founded from
    for (const Entry& entry : parent->second->table) generations.push_back(entry.generation.value);
    for (const Restart& restart : restarts_) {
        const bool is_unheard_of = restart.cluster == ring.parent() && restart.epoch > from;
        if (is_unheard_of) --generations[restart.partition.value];
    }
    for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
        const PartitionId partition{i};
        commits_.founded(partition, ring.parent(), from);
        founded.restarted[i] = generations[i] != ring.table[i].generation.value;
        if (founded.restarted[i]) commits_.restarted(partition, ring.epoch);
    }
    foundings_.push_back(std::move(founded));
}

std::vector<Restart> Checks::restarts(ClusterId cluster) const {
    std::vector<Restart> result;
    const auto founded = std::ranges::find(foundings_, cluster, &Founded::cluster);
    if (founded != foundings_.end()) {
        result = restarts(founded->parent);
        std::erase_if(result, [&](const Restart& each) { return each.epoch > founded->from; });
    }
    std::ranges::copy_if(restarts_, std::back_inserter(result),
                         [&](const Restart& each) { return each.cluster == cluster; });
    return result;
}

bool Checks::is_left_behind(const NodeHost& server) const {
    return std::ranges::any_of(foundings_, [&](const Founded& founded) {
        return founded.parent == server.ring()->cluster && queue_.now() > founded.at + waited_out_;
    });
}

Commits::Holder Checks::as_holder(const NodeHost& host, PartitionId partition) {
    const RingPtr ring = host.ring();
    if (ring == nullptr) return {host.name()};
    return {host.name(), ring->cluster, ring->entry(partition).since, host.is_executing()};
}

void Checks::before_answer(const NodeHost& host, const Request& request, const Reply& reply,
                           bool is_late, const std::vector<const NodeHost*>& alive) {
    if (reply.status == Status::full) check_room(host, request);
    if (!is_answer(reply.status)) return;
    const Ring& ring = *host.ring();
    const PartitionId partition = partition_of(request, ring.partitions());
    // An answer that was made before the node adopted a ring in the same turn may still leave.
    const auto adopted = adopted_.find(host.id());
    const bool is_new = adopted == adopted_.end() || adopted->second->epoch != ring.epoch;
    if (!is_late && !is_new && ring.entry(partition).primary() != host.id()) {
        report(Rule::primary_serves,
               fmt::format("{} answers for partition {} in ring {}, where it is not the primary",
                           host.name(), partition, ring.epoch));
    }
    commits_.answers(as_holder(host, partition), partition, request, reply);
    // What was read was current when it was; whether it still is the history tells.
    if (!is_late) check_one_server(partition, alive, &host);
}

void Checks::before_telling(const NodeHost& host, PartitionId partition, const AtOnce& done,
                            const std::vector<const NodeHost*>& alive) {
    commits_.tells(as_holder(host, partition), partition, done.version);
    // It was current when it was executed, which was looked at then, and may be told at any time.
    const bool is_read = done.version == Version{} && done.valid_until == never;
    if (!is_read) check_one_server(partition, alive, &host);
}

void Checks::executed(const NodeHost& host, PartitionId partition,
                      const std::vector<const NodeHost*>& alive) {
    check_one_server(partition, alive, &host);
}

void Checks::before_read(const Request& request, const Reply& reply, const NodeHost& host,
                         std::int64_t unix_ms) {
    if (!is_answer(reply.status)) return;
    const PartitionId partition = partition_of(request, host.ring()->partitions());
    commits_.reads(host.name(), partition, request, reply, unix_ms);
}

void Checks::check_room(const NodeHost& host, const Request& request) {
    const bool adds = request.kind == OperationKind::put || request.kind == OperationKind::run;
    if (adds && was_memory_short_) return;
    report(Rule::room, fmt::format("{} refuses a {} for its memory{}", host.name(),
                                   adds ? "write that adds" : "request that adds nothing",
                                   was_memory_short_ ? "" : ", of which there is enough"));
}

void Checks::check_one_heir(const std::vector<const NodeHost*>& alive) {
    std::map<ClusterId, std::pair<ClusterId, const NodeHost*>> heirs;  // by whom they come from
    for (const NodeHost* host : alive) {
        if (host->ring() == nullptr) continue;
        ClusterId heir = host->ring()->cluster;
        for (const Ancestor& ancestor : host->ring()->ancestors) {
            const auto& [known, other] =
                heirs.emplace(ancestor.cluster, std::pair(heir, host)).first->second;
            if (known != heir) {
                report(Rule::one_ring,
                       fmt::format("{} and {} are in two clusters that come from the same",
                                   other->name(), host->name()));
            }
            heir = ancestor.cluster;
        }
    }
}

void Checks::sweep(const std::vector<const NodeHost*>& alive) {
    check_one_heir(alive);
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

void Checks::check_one_server(PartitionId partition, const std::vector<const NodeHost*>& alive,
                              const NodeHost* answering) {
    const NodeHost* server = nullptr;
    for (const NodeHost* host : alive) {
        if (host->ring() == nullptr) continue;
        if (!host->serves(partition) && host != answering) continue;
        if (server != nullptr) {
            report(
                Rule::one_server,
                fmt::format("{} (ring {}) and {} (ring {}) both serve partition {}", server->name(),
                            server->ring()->epoch, host->name(), host->ring()->epoch, partition));
        }
        server = host;
    }
    if (server != nullptr) check_server(partition, *server);
}

void Checks::check_server(PartitionId partition, const NodeHost& server) {
    const auto removed = removed_.find(server.id());
    if (removed != removed_.end() && queue_.now() > removed->second + waited_out_) {
        report(Rule::removed_serves,
               fmt::format("{} serves partition {}, and is no member since {}", server.name(),
                           partition, seconds(removed->second)));
    }
    if (is_left_behind(server)) {
        report(Rule::removed_serves,
               fmt::format("{} serves partition {} in ring {} of a cluster that was founded anew",
                           server.name(), partition, server.ring()->epoch));
    }
    // One whose answer still leaves may have handed the partition over in the same turn.
    if (!server.serves(partition)) return;
    const std::uint64_t held = server.node().replication()->replica(partition).log.watermark();
    const std::uint64_t acknowledged = commits_.acknowledged(partition);
    if (held < acknowledged) {
        report(Rule::acknowledged,
               fmt::format("{} serves partition {} up to operation {}; {} is acknowledged",
                           server.name(), partition, held, acknowledged));
    }
}

}  // namespace grapevine::sim
