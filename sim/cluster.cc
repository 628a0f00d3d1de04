#include "sim/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace grapevine::sim {

std::string to_text(const Operation& operation, const Outcome& outcome) {
    switch (outcome.kind) {
        case OutcomeKind::ok:
            return is_read(operation.kind) || operation.kind == OperationKind::run ? outcome.value
                                                                                   : "OK";
        case OutcomeKind::not_found:
            return "not found";
        case OutcomeKind::condition_failed:
            return "condition failed";
        case OutcomeKind::invalid:
            return "invalid";
        case OutcomeKind::unavailable:
            return "unavailable";
        case OutcomeKind::unknown:
            return "unknown";
        case OutcomeKind::overloaded:
            return "overloaded";
        case OutcomeKind::ended:
            return "ended";
    }
    return "?";
}

Cluster::Cluster(const WorldConfig& config, bool start_nodes) : world_(config) {
    world_.found();
    if (start_nodes) {
        for (std::size_t i = config.coordinator ? 1 : 2; i <= config.nodes; ++i) {
            world_.start(server_name(i));
        }
    }
    renew_client();
}

void Cluster::renew_client() {
    client_ = std::make_unique<Recorder>(world_.queue(), world_.start_client(), history_);
}

// --- time ---

bool Cluster::run_until(const std::function<bool()>& condition, Duration limit) {
    return world_.run_until(condition, limit);
}

bool Cluster::run_until_ready(Duration limit) {
    return run_until([this] { return is_ready(); }, limit);
}

bool Cluster::run_until_restored(Duration limit) {
    return run_until([this] { return is_restored(); }, limit);
}

// --- operations ---

std::string Cluster::put(const std::string& key, const std::string& value) {
    const Operation operation{.kind = OperationKind::put, .key = key, .value = value};
    return to_text(operation, run(operation));
}

std::string Cluster::get(const std::string& key) {
    const Operation operation{.kind = OperationKind::get, .key = key};
    return to_text(operation, run(operation));
}

std::string Cluster::erase(const std::string& key) {
    const Operation operation{.kind = OperationKind::erase, .key = key};
    return to_text(operation, run(operation));
}

Outcome Cluster::run(const Operation& operation) {
    const auto outcome = std::make_shared<std::optional<Outcome>>();
    client_->submit(operation, [outcome](const Outcome& result) { *outcome = result; });
    while (!*outcome && !world_.is_broken()) world_.run_event();
    if (*outcome) return **outcome;
    Outcome broken;
    broken.kind = OutcomeKind::unknown;
    broken.detail = "the run was stopped: " + defect();
    return broken;
}

std::shared_ptr<std::string> Cluster::begin(const Operation& operation) {
    auto text = std::make_shared<std::string>();
    client_->submit(operation, [text, operation](const Outcome& outcome) {
        *text = to_text(operation, outcome);
    });
    return text;
}

// --- faults ---

void Cluster::do_now(FaultKind kind, const Names& names) {
    Fault fault;
    fault.kind = kind;
    fault.names = names;
    world_.apply(fault);
}

void Cluster::cut(const Names& a, const Names& b) {
    Fault fault;
    fault.kind = FaultKind::cut;
    for (const std::string& from : a) {
        for (const std::string& to : b) fault.pairs.emplace_back(from, to);
    }
    world_.apply(fault);
}

void Cluster::lose(std::uint32_t percent) {
    Fault fault;
    fault.kind = FaultKind::loss;
    fault.percent = percent;
    world_.apply(fault);
}

// --- what can be seen ---

Names Cluster::running() const {
    Names names;
    for (const NodeHost* host : world_.alive()) {
        if (host->stores() && host->is_running()) names.push_back(host->name());
    }
    return names;
}

Names Cluster::members() const {
    Names names;
    const RingPtr ring = world_.newest_ring();
    if (ring == nullptr) return names;
    std::map<Address, std::string> by_address;
    for (const Member& member : ring->members) {
        if (member.stores() && member.is_up()) by_address[member.address] = member.name;
    }
    for (const auto& [address, name] : by_address) names.push_back(name);
    return names;
}

bool Cluster::is_ready() const {
    const RingPtr ring = world_.newest_ring();
    if (ring == nullptr || !ring->genesis) return false;
    std::size_t running = 0;
    for (const NodeHost* host : world_.alive()) {
        if (!host->is_running()) continue;
        ++running;
        if (host->ring() == nullptr || host->ring()->epoch != ring->epoch) return false;
        if (!ring->is_up(host->id()) || !host->is_serving()) return false;
    }
    // Nobody else is a member any more.
    if (std::ranges::count_if(ring->members, &Member::is_up) != std::ssize(ring->members) ||
        ring->members.size() != running) {
        return false;
    }
    return std::ranges::none_of(ring->table, [&](const Entry& e) { return ring->is_down(e); });
}

bool Cluster::is_restored() const {
    return is_ready() && fully_replicated(*world_.newest_ring());
}

std::uint64_t Cluster::epoch() const {
    const RingPtr ring = world_.newest_ring();
    return ring == nullptr ? 0 : ring->epoch.value;
}

const Entry* Cluster::entry_of(const std::string& key) const {
    const RingPtr ring = world_.newest_ring();
    ASSERT(ring != nullptr, "no ring yet");
    // Some process alive holds the ring for as long as no event happens.
    return &ring->entry(partition_of_key(key, ring->partitions()));
}

std::string Cluster::primary_of(const std::string& key) const {
    return world_.name_of(entry_of(key)->primary());
}

Names Cluster::copies_of(const std::string& key) const {
    Names names;
    for (const NodeId id : entry_of(key)->copies) names.push_back(world_.name_of(id));
    return names;
}

bool Cluster::serves(const std::string& name, const std::string& key) const {
    const NodeHost* host = world_.node(name);
    if (host == nullptr || !host->is_alive() || host->ring() == nullptr) return false;
    const PartitionId partition = partition_of_key(key, host->ring()->partitions());
    return host->serves(partition);
}

namespace {

std::map<std::string, std::tuple<std::string, Version, std::int64_t>> contents(
    const Store& store, PartitionId partition) {
    std::map<std::string, std::tuple<std::string, Version, std::int64_t>> records;
    store.scan(partition, 0, SIZE_MAX, [&](const Record& record) {
        records[std::string(record.key)] = {std::string(record.value), record.version,
                                            record.expires_ms};
    });
    return records;
}

}  // namespace

std::string Cluster::difference_between_copies() const {
    const RingPtr ring = world_.newest_ring();
    std::map<NodeId, const NodeHost*> hosts;
    for (const NodeHost* host : world_.alive()) hosts[host->id()] = host;
    for (std::uint32_t i = 0; i < ring->partitions(); ++i) {
        const PartitionId partition{i};
        const Entry& entry = ring->entry(partition);
        if (ring->is_down(entry)) continue;
        const auto first = contents(*hosts.at(entry.primary())->store(), partition);
        for (const NodeId id : entry.copies) {
            if (contents(*hosts.at(id)->store(), partition) == first) continue;
            return fmt::format("partition {} differs between {} and {}", i,
                               world_.name_of(entry.primary()), world_.name_of(id));
        }
    }
    return {};
}

}  // namespace grapevine::sim
