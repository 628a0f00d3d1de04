#include "sim/commits.h"

#include <fmt/format.h>

#include <algorithm>

namespace grapevine::sim {

namespace {

std::uint64_t mix(std::uint64_t seed, std::uint64_t word) {
    return hash64({reinterpret_cast<const char*>(&word), sizeof word}, seed);
}

std::uint64_t digest_of(const Op& op) {
    std::uint64_t digest = mix(static_cast<std::uint64_t>(op.kind), op.version.counter);
    digest = mix(digest, static_cast<std::uint64_t>(op.stamp_ms));
    digest = mix(digest, op.client.value);
    digest = mix(digest, op.sequence);
    digest = mix(digest, static_cast<std::uint64_t>(op.answer.status));
    digest = mix(digest, op.answer.version.counter);
    digest = hash64(op.value, hash64(op.key, digest));
    if (!op.more) return digest;
    for_each_change(op, [&](const ChangeView& change) {
        digest = mix(mix(digest, static_cast<std::uint64_t>(change.kind)),
                     static_cast<std::uint64_t>(change.expires_ms));
        digest = hash64(change.value, hash64(change.key, digest));
    });
    return hash64(op.more->reply, digest);
}

}  // namespace

Commits::Line& Commits::line(PartitionId partition) {
    if (lines_.size() <= partition.value) lines_.resize(partition.value + 1);
    return lines_[partition.value];
}

void Commits::restarted(PartitionId partition, Epoch epoch) {
    Line& here = line(partition);
    auto before = std::make_unique<Line>(std::move(here));
    here = {};
    here.restarted = epoch;
    here.before = std::move(before);
}

void Commits::founded(PartitionId partition, ClusterId parent, Epoch from) {
    founded_from_[parent] = from;
    Line& here = line(partition);
    while (here.restarted > from) {
        while (!here.operations.empty()) undo_last(partition);
        const auto before = std::move(here.before);
        here = std::move(*before);
    }
    while (!here.operations.empty() && here.operations.back().since > from) undo_last(partition);
    here.acknowledged = std::min<std::uint64_t>(here.acknowledged, here.operations.size());
}

void Commits::undo_last(PartitionId partition) {
    Line& here = line(partition);
    const Committed last = std::move(here.operations.back());
    here.operations.pop_back();
    for (auto change = last.before.rbegin(); change != last.before.rend(); ++change) {
        const auto& [key, value] = *change;
        if (value) here.contents[key] = *value;
        if (!value) here.contents.erase(key);
    }
    const Place place{partition, {last.epoch, here.operations.size() + 1}};
    const auto known = requests_.find(last.request);
    if (known != requests_.end() && known->second == place) requests_.erase(known);
}

bool Commits::is_unheard_of(const Holder& holder) const {
    const auto founded = founded_from_.find(holder.cluster);
    return founded != founded_from_.end() && holder.since > founded->second;
}

bool Commits::is_given_up(const Place& place) const {
    return place.partition.value < lines_.size() &&
           place.version.epoch < lines_[place.partition.value].restarted;
}

void Commits::committed(const Holder& holder, PartitionId partition, const Op& op) {
    if (is_unheard_of(holder)) return;
    const Place place{partition, op.version};
    if (is_given_up(place)) return note_request(holder.name, op, place);
    auto& operations = line(partition).operations;
    const std::uint64_t counter = op.version.counter;
    if (counter == 0 || counter > operations.size() + 1) {
        return defect_.report(
            Rule::order, fmt::format("{} commits operation {} of partition {}, before {}",
                                     holder.name, op.version, partition, operations.size() + 1));
    }
    if (counter == operations.size() + 1) return first_commit(holder, partition, op);
    const Committed& known = operations[counter - 1];
    if (known.epoch == op.version.epoch && known.digest == digest_of(op)) return;
    defect_.report(Rule::order,
                   fmt::format("{} commits {} as operation {} of partition {}; others committed "
                               "another, of epoch {}",
                               holder.name, op.version, counter, partition, known.epoch));
}

void Commits::first_commit(const Holder& holder, PartitionId partition, const Op& op) {
    Line& here = line(partition);
    here.operations.push_back({.epoch = op.version.epoch,
                               .digest = digest_of(op),
                               .since = holder.since,
                               .request = {op.client, op.sequence},
                               .before = {}});
    auto& before = here.operations.back().before;
    for_each_change(op, [&](const ChangeView& change) {
        const std::string key(change.key);
        const auto was = here.contents.find(key);
        before.emplace_back(key,
                            was == here.contents.end() ? std::nullopt : std::optional(was->second));
        if (change.kind == OpKind::put) {
            here.contents[key] = {op.version, hash64(change.value), change.expires_ms};
            if (change.expires_ms != 0) here.expire[op.version][key] = change.expires_ms;
            return;
        }
        const bool expires = was != here.contents.end() && was->second.expires_ms != 0;
        if (!op.client && !holder.executes_own && !expires) {
            defect_.report(Rule::expiry, fmt::format("{} erases {} of partition {}, which nobody "
                                                     "asked for and which does not expire",
                                                     holder.name, key, partition));
        }
        here.contents.erase(key);
    });
    note_request(holder.name, op, {partition, op.version});
}

void Commits::note_request(const std::string& holder, const Op& op, const Place& place) {
    if (!op.client) return;
    const auto [known, is_new] = requests_.emplace(RequestId{op.client, op.sequence}, place);
    if (is_new || known->second == place || is_given_up(place)) return;
    if (is_given_up(known->second)) {
        known->second = place;
        return;
    }
    defect_.report(
        Rule::at_most_once,
        fmt::format("request {} of client {:x} took effect twice: as {} of partition {} and as {} "
                    "of partition {} at {}",
                    op.sequence, op.client.value, known->second.version, known->second.partition,
                    place.version, place.partition, holder));
}

void Commits::answers(const Holder& holder, PartitionId partition, const Request& request,
                      const Reply& reply) {
    if (is_read(request.kind) || !is_answer(reply.status) || is_unheard_of(holder)) return;
    const auto known = requests_.find({request.client, request.sequence});
    if (known == requests_.end()) {
        return defect_.report(
            Rule::acknowledged,
            fmt::format("{} answers request {} of client {:x}, which nobody committed", holder.name,
                        request.sequence, request.client.value));
    }
    if (is_given_up(known->second)) return;
    std::uint64_t& highest = line(partition).acknowledged;
    highest = std::max(highest, known->second.version.counter);
}

void Commits::tells(const Holder& holder, PartitionId partition, Version version) {
    if (version == Version{} || is_unheard_of(holder) || is_given_up({partition, version})) return;
    Line& here = line(partition);
    const bool is_there = version.counter <= here.operations.size() &&
                          here.operations[version.counter - 1].epoch == version.epoch;
    if (!is_there) {
        return defect_.report(Rule::acknowledged,
                              fmt::format("{} tells what {} of partition {} did, which nobody "
                                          "committed",
                                          holder.name, version, partition));
    }
    here.acknowledged = std::max(here.acknowledged, version.counter);
}

void Commits::reads(const std::string& holder, PartitionId partition, const Request& request,
                    const Reply& reply, std::int64_t unix_ms) {
    if (request.kind != OperationKind::get || reply.status != Status::ok) return;
    const auto& expire = line(partition).expire;
    const auto written = expire.find(reply.version);
    if (written == expire.end()) return;
    const auto expires = written->second.find(request.key);
    if (expires == written->second.end() || expires->second > unix_ms) return;
    defect_.report(Rule::expiry,
                   fmt::format("{} was asked for {} at {} ms and answers what it held until {} ms",
                               holder, request.key, unix_ms, expires->second));
}

std::uint64_t Commits::acknowledged(PartitionId partition) const {
    return partition.value < lines_.size() ? lines_[partition.value].acknowledged : 0;
}

std::uint64_t Commits::count(PartitionId partition) const {
    return partition.value < lines_.size() ? lines_[partition.value].operations.size() : 0;
}

const Commits::Contents& Commits::contents(PartitionId partition) const {
    static const Contents nothing;
    return partition.value < lines_.size() ? lines_[partition.value].contents : nothing;
}

}  // namespace grapevine::sim
