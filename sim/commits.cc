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
    line(partition) = {};
    line(partition).restarted = epoch;
}

bool Commits::is_given_up(const Place& place) const {
    return place.partition.value < lines_.size() &&
           place.version.epoch < lines_[place.partition.value].restarted;
}

void Commits::committed(const std::string& holder, PartitionId partition, const Op& op) {
    const Place place{partition, op.version};
    if (is_given_up(place)) return note_request(holder, op, place);
    auto& operations = line(partition).operations;
    const std::uint64_t counter = op.version.counter;
    if (counter == 0 || counter > operations.size() + 1) {
        return defect_.report(
            Rule::order, fmt::format("{} commits operation {} of partition {}, before {}", holder,
                                     op.version, partition, operations.size() + 1));
    }
    if (counter == operations.size() + 1) return first_commit(holder, partition, op);
    const Committed& known = operations[counter - 1];
    if (known.epoch == op.version.epoch && known.digest == digest_of(op)) return;
    defect_.report(Rule::order,
                   fmt::format("{} commits {} as operation {} of partition {}; others committed "
                               "another, of epoch {}",
                               holder, op.version, counter, partition, known.epoch));
}

void Commits::first_commit(const std::string& holder, PartitionId partition, const Op& op) {
    Line& here = line(partition);
    here.operations.push_back({op.version.epoch, digest_of(op)});
    for_each_change(op, [&](const ChangeView& change) {
        const std::string key(change.key);
        if (change.kind == OpKind::put) {
            here.contents[key] = {op.version, hash64(change.value), change.expires_ms};
            if (change.expires_ms != 0) here.expire[op.version][key] = change.expires_ms;
            return;
        }
        const auto held = here.contents.find(key);
        const bool expires = held != here.contents.end() && held->second.expires_ms != 0;
        if (!op.client && !expires) {
            defect_.report(Rule::expiry, fmt::format("{} erases {} of partition {}, which nobody "
                                                     "asked for and which does not expire",
                                                     holder, key, partition));
        }
        here.contents.erase(key);
    });
    note_request(holder, op, {partition, op.version});
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

void Commits::answers(const std::string& holder, PartitionId partition, const Request& request,
                      const Reply& reply) {
    if (is_read(request.kind) || !is_answer(reply.status)) return;
    const auto known = requests_.find({request.client, request.sequence});
    if (known == requests_.end()) {
        return defect_.report(
            Rule::acknowledged,
            fmt::format("{} answers request {} of client {:x}, which nobody committed", holder,
                        request.sequence, request.client.value));
    }
    if (is_given_up(known->second)) return;
    std::uint64_t& highest = line(partition).acknowledged;
    highest = std::max(highest, known->second.version.counter);
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
