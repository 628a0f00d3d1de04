#include "replication/replication.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/assert.h"
#include "base/hash.h"
#include "base/prefetch.h"

namespace grapevine {

namespace {

// Who was full tells no more often that it has room: it may come and go with each operation.
constexpr Duration look_period = 100ms;

template <class Part, class Handle>
void in_windows(std::span<const Part> parts, const Handle& handle) {
    while (!parts.empty()) {
        const std::size_t count = std::min(parts.size(), Replication::prefetched_max);
        handle(parts.first(count));
        parts = parts.subspan(count);
    }
}

}  // namespace

Replication::Replication(const ReplicationConfig& config, NodeId self, Store& store,
                         LeaseExpiry lease)
    : context_{.config = config,
               .self = self,
               .store = store,
               .lease = std::move(lease),
               .ring = {},
               .out = {},
               .pending_bytes = 0,
               .full = {},
               .fill_in_flight = {},
               .base_in_flight = {},
               .fill_starved = {},
               .fill_pacer = Pacer(config.fill_bytes_per_second),
               .fill_paced = {},
               .move_rest = {},
               .move_resting = {},
               .fill_bytes = {},
               .fill_keys = {},
               .aside_is_dropped = false,
               .unix_offset_ms = 0,
               .sweep_left = 0,
               .waiting_steps_left = config.waiting_steps_turn,
               .rng = Rng(config.hash_seed),
               .log = {}} {}

void Replication::adopt(Time now, const RingPtr& ring, bool unbroken) {
    context_.ring = ring;
    context_.out.trim();
    context_.copies_possible = copies_possible(*ring);
    while (partitions_.size() < ring->partitions()) {
        partitions_.emplace_back(PartitionId{static_cast<std::uint32_t>(partitions_.size())},
                                 context_.config.hash_seed);
        is_touched_.push_back(0);
        is_backlog_.push_back(0);
        is_listed_.push_back(0);
    }
    agenda_.grow(partitions_.size());
    for (Partition& partition : partitions_) {
        partition.adopt(context_, now, unbroken);
        touch(partition.replica().id);
    }
    std::erase_if(missed_, [&](const auto& missed) {
        if (ring->entry(missed.first).since < missed.second) return false;
        partitions_[missed.first.value].ask_for_base(context_, now);
        return true;
    });
    // Who comes back is in again, and filled, in the same ring or the next ones. When it is in and
    // nobody is filled any more, what it has kept for that is of no use.
    const bool settled =
        ring->is_up(context_.self) &&
        std::ranges::all_of(ring->table, [](const Entry& entry) { return entry.fills.empty(); });
    context_.aside_is_dropped = settled;
    forget_full();
}

// --- memory ---

// All of a message say the same.
void Replication::note_room(NodeId peer, const Replicate& message) {
    if (message.acks.empty()) return;
    if (message.acks.back().full) {
        if (context_.ring->is_up(peer)) context_.full.insert(peer);
    } else if (!context_.full.empty()) {
        context_.full.erase(peer);
    }
}

// Those that hold nothing that is ordered here: they do not tell when they have room.
void Replication::forget_full() {
    std::erase_if(context_.full, [&](NodeId peer) {
        return std::ranges::none_of(context_.ring->table, [&](const Entry& entry) {
            return entry.primary() == context_.self && entry.writes_to(peer);
        });
    });
}

std::vector<std::pair<NodeId, ReplicationMessage>> Replication::take_messages(Time now) {
    const bool full = !context_.has_room(1);
    if (full) {
        was_full_ = true;
        if (told_full_.empty()) look_for_room_at_ = now + look_period;
        context_.out.each_acked([&](NodeId to) { told_full_.insert(to); });
    }
    return context_.out.take_messages(context_.config.batch_bytes, full);
}

// Acknowledges again what it holds, of any partition that this one is the primary of.
void Replication::tell_room(Time now, NodeId primary) {
    for (Partition& partition : partitions_) {
        if (partition.acknowledge(context_, now, primary)) return;
    }
}

// Whoever was told that there is no room hears when there is, where nothing else is to be
// acknowledged.
void Replication::look_for_room(Time now) {
    look_for_room_at_ = now + look_period;
    if (!context_.has_room(1)) return;
    for (const NodeId primary : std::exchange(told_full_, {})) tell_room(now, primary);
}

// Gigabytes are not given back in one turn: others wait for this member meanwhile.
void Replication::collect_garbage(Time now) {
    constexpr std::size_t keys_at_once = 1000;
    constexpr Duration pause = 1ms;
    for (std::size_t i = 0; drops_aside() && i < partitions_.size(); ++i) {
        context_.store.drop_aside(partitions_[i].replica().id);
    }
    context_.store.collect(keys_at_once);
    collect_at_ = now + pause;
}

bool Replication::drops_aside() const {
    return context_.aside_is_dropped && context_.store.count_aside() > 0;
}

bool Replication::has_garbage() const {
    return context_.store.has_garbage() || drops_aside();
}

Partition& Replication::touch(PartitionId id) {
    if (std::exchange(is_touched_[id.value], 1) == 0) touched_.push_back(id);
    return partitions_[id.value];
}

// --- inputs ---

void Replication::request(Time now, ConnectionId connection, Request&& request) {
    ASSERT(context_.ring != nullptr);
    const PartitionId id = partition_of(request, context_.ring->partitions());
    // Most reads are answered at once, and leave nothing to do.
    if (partitions_[id.value].read(context_, now, connection, request)) return;
    touch(id).request(context_, now, connection, std::move(request));
}

std::optional<AtOnce> Replication::execute(Time now, const AtOnceCommand& command,
                                           command::Reply& reply) {
    ASSERT(context_.ring != nullptr);
    const PartitionId id = partition_of_key(command.key, context_.ring->partitions());
    Partition& partition = command.writes ? touch(id) : partitions_[id.value];
    return partition.execute(context_, now, command, reply);
}

// One step for all, then the next: each finds near what the one before asked for.
void Replication::prefetch(std::span<const Request* const> requests) const {
    if (!context_.ring) return;
    std::array<Awaited, prefetched_max> awaited;
    requests = requests.first(std::min(requests.size(), prefetched_max));
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const Request& request = *requests[i];
        awaited[i] = {.partition = partition_of(request, context_.ring->partitions()),
                      .key = request.key,
                      .writer = is_read(request.kind) ? nullptr : &request.client};
    }
    prefetch(std::span(awaited).first(requests.size()));
}

void Replication::prefetch(std::span<const std::string_view> keys) const {
    if (!context_.ring) return;
    std::array<Awaited, prefetched_max> awaited;
    keys = keys.first(std::min(keys.size(), prefetched_max));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        awaited[i] = {.partition = partition_of_key(keys[i], context_.ring->partitions()),
                      .key = keys[i]};
    }
    prefetch(std::span(awaited).first(keys.size()));
}

void Replication::prefetch(std::span<Awaited> awaited) const {
    for (const Awaited& each : awaited) {
        prefetch_object(partitions_[each.partition.value].replica());
    }
    for (Awaited& each : awaited) {
        each.hint = context_.store.prefetch(each.partition, each.key);
        if (each.writer == nullptr) continue;
        partitions_[each.partition.value].replica().memory.prefetch(*each.writer);
    }
    for (const Awaited& each : awaited) {
        context_.store.prefetch_record(each.partition, each.hint);
    }
}

template <class Part>
void Replication::prefetch_oldest(std::span<const Part> parts) const {
    struct Oldest {
        PartitionId id;
        const Op* op = nullptr;
        std::uint64_t hint = 0;
    };
    std::array<Oldest, prefetched_max> oldest;
    std::size_t count = 0;
    for (const Part& part : parts) {
        if (part.entry.partition.value >= partitions_.size()) continue;
        oldest[count++].id = part.entry.partition;
        prefetch_object(partitions_[part.entry.partition.value].replica());
    }
    const std::span<Oldest> all = std::span(oldest).first(count);
    for (Oldest& each : all) {
        const auto& unfinished = partitions_[each.id.value].replica().log.unfinished();
        if (unfinished.empty()) continue;
        each.op = unfinished.front().get();
        prefetch_object(*each.op);
    }
    for (Oldest& each : all) {
        if (each.op == nullptr) continue;
        each.hint = context_.store.prefetch(each.id, each.op->key);
        partitions_[each.id.value].replica().memory.prefetch(each.op->client);
    }
    for (const Oldest& each : all) {
        if (each.op != nullptr) context_.store.prefetch_record(each.id, each.hint);
    }
}

// Where it jumped, the times at which partitions look for what is due are wrong.
void Replication::wall_clock(Time now, std::int64_t unix_ms) {
    constexpr std::int64_t tolerance_ms = 100;
    context_.unix_offset_ms = unix_ms - to_ms(now.time_since_epoch());
    if (std::abs(context_.unix_offset_ms - swept_offset_ms_) < tolerance_ms) return;
    swept_offset_ms_ = context_.unix_offset_ms;
    for (const Partition& partition : partitions_) {
        const PartitionId id = partition.replica().id;
        if (context_.store.expires_next_ms(id)) touch(id);
    }
}

// The rule in front of everything about data.
template <class Part>
void Replication::deliver(Time now, NodeId from, const EntryRef& entry, const Part& part) {
    if (entry.partition.value >= context_.ring->partitions()) return;
    const Epoch since = context_.ring->entry(entry.partition).since;
    if (entry.since > since) {
        effects_.ahead.insert(from);
    } else if (entry.since < since) {
        effects_.behind.insert(from);
    } else {
        touch(entry.partition).receive(context_, now, from, part);
    }
}

void Replication::on(Time now, NodeId from, const Replicate& message) {
    note_room(from, message);
    in_windows(std::span(message.acks), [&](const auto& acks) {
        prefetch_oldest(acks);
        for (const Replicate::Ack& ack : acks) deliver(now, from, ack.entry, ack);
    });
    std::span<const OpPtr> ops = message.ops;
    in_windows(std::span(message.parts), [&](const auto& parts) {
        prefetch_oldest(parts);
        for (const Replicate::Part& part : parts) {
            deliver(now, from, part.entry,
                    Replicated{part.entry, part.previous, part.watermark, ops.first(part.count)});
            ops = ops.subspan(part.count);
        }
    });
}

void Replication::on(Time now, NodeId from, const Gather& message) {
    for (const auto& entry : message.entries) deliver(now, from, entry, entry);
}

void Replication::on(Time now, NodeId from, const Gathered& message) {
    for (const auto& part : message.parts) deliver(now, from, part.entry, part);
}

void Replication::on(Time now, NodeId from, const FillChunk& message) {
    const auto [partition, since] = message.entry;
    if (partition.value < partitions_.size() && since > context_.ring->entry(partition).since) {
        Epoch& missed = missed_[partition];
        missed = std::max(missed, since);
    }
    deliver(now, from, message.entry, message);
}

void Replication::on(Time now, NodeId from, const FillAck& message) {
    deliver(now, from, message.entry, message);
    wake_starved(from);
}

// Streams that waited because too much was under way to this peer go on, in order.
void Replication::wake_starved(NodeId peer) {
    std::set<PartitionId>& starved = context_.fill_starved[peer];
    if (context_.fill_in_flight[peer] >= context_.config.fill_bytes_in_flight) return;
    for (const PartitionId id : std::exchange(starved, {})) touch(id);
}

void Replication::link_reset(Time now, NodeId peer) {
    for (Partition& partition : partitions_) {
        if (partition.is_primary()) touch(partition.replica().id).link_reset(context_, now, peer);
    }
    wake_starved(peer);
    // That there is room again may have been lost.
    if (was_full_) tell_room(now, peer);
}

void Replication::lease_renewed(Time now) {
    if (waiting_.empty() && touched_.empty()) return;
    for (const PartitionId id : waiting_) touch(id);
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        Partition& partition = partitions_[touched_[i].value];
        if (partition.has_waiting()) partition.tick(context_, now);
    }
}

// --- time and effects ---

void Replication::tick(Time now) {
    context_.sweep_left = context_.config.sweep_keys_turn;
    context_.waiting_steps_left = context_.config.waiting_steps_turn;
    while (const auto id = agenda_.take(now)) touch(*id).tick(context_, now);
    work_off_backlogs(now);
    if (has_garbage() && now >= collect_at_) collect_garbage(now);
    if (!told_full_.empty() && now >= look_for_room_at_) look_for_room(now);
    // One stream sends one chunk: the lowest goes on until it is complete.
    const auto wake_lowest = [&](std::set<PartitionId>& waiting) {
        if (!waiting.empty()) touch(waiting.extract(waiting.begin()).value());
    };
    if (context_.fill_pacer.due(now)) wake_lowest(context_.fill_paced);
    if (context_.move_rest.due(now)) wake_lowest(context_.move_resting);
}

// Each in its turn, or those of one partition would keep the others waiting.
void Replication::work_off_backlogs(Time now) {
    for (std::size_t left = backlogs_.size(); left > 0 && context_.waiting_steps_left > 0; --left) {
        const PartitionId id = backlogs_.front();
        backlogs_.pop_front();
        is_backlog_[id.value] = 0;
        touch(id).work_off(context_, now);
    }
}

void Replication::list_backlog(Time now, PartitionId id) {
    backlog_at_ = now;
    if (std::exchange(is_backlog_[id.value], 1) == 0) backlogs_.push_back(id);
}

ReplicationEffects Replication::take_effects(Time now) {
    for (const PartitionId id : touched_) {
        Partition& partition = partitions_[id.value];
        is_touched_[id.value] = 0;
        list_unchecked(id);
        partition.flush(context_, now);
        if (partition.has_waiting()) {
            waiting_.insert(id);
        } else if (!waiting_.empty()) {
            waiting_.erase(id);
        }
        if (partition.has_backlog(context_, now)) list_backlog(now, id);
        agenda_.want(id, partition.next_deadline(context_, now));
    }
    touched_.clear();
    effects_.messages = take_messages(now);
    effects_.replies = context_.out.take_replies();
    effects_.log = std::exchange(context_.log, {});
    return std::exchange(effects_, {});
}

Time Replication::next_deadline() const {
    const Time paced = context_.fill_paced.empty() ? never : context_.fill_pacer.next();
    const Time rested = context_.move_resting.empty() ? never : context_.move_rest.next();
    const Time collected = has_garbage() ? collect_at_ : never;
    const Time looked = told_full_.empty() ? never : look_for_room_at_;
    const Time worked = backlogs_.empty() ? never : backlog_at_;
    return std::min({agenda_.next(), paced, rested, collected, looked, worked});
}

// --- views ---

bool Replication::overloaded() const {
    return context_.pending_bytes >= context_.config.pending_bytes_max / 2;
}

std::vector<FillReport> Replication::complete_fills() {
    std::vector<FillReport> reports;
    for (Partition& partition : partitions_) partition.report_complete(context_, reports);
    return reports;
}

Replication::Counts Replication::counts(Time now) {
    Counts counts;
    for (Partition& partition : partitions_) {
        const std::size_t keys = context_.store.count(partition.replica().id);
        counts.keys_held += keys;
        if (partition.is_receiving()) ++counts.filling;
        if (!partition.is_primary()) continue;
        counts.keys += keys;
        ++counts.primary;
        if (partition.serves_until(context_, now) > now) ++counts.serving;
    }
    return counts;
}

Replication::Backfill Replication::backfill(Time now) {
    Backfill backfill{.to_send = {},
                      .bytes_per_second = context_.fill_bytes.per_second(now),
                      .keys_per_second = context_.fill_keys.per_second(now)};
    for (Partition& partition : partitions_) partition.add_to_send(context_, backfill.to_send);
    return backfill;
}

Time Replication::serves_until(Time now, PartitionId partition) {
    if (partition.value >= partitions_.size()) return Time::min();
    return partitions_[partition.value].serves_until(context_, now);
}

const Replica& Replication::replica(PartitionId partition) const {
    return partitions_[partition.value].replica();
}

void Replication::list_unchecked(PartitionId id) {
    if (std::exchange(is_listed_[id.value], 1) == 0) unchecked_.push_back(id);
}

void Replication::invariants() {
    if (!context_.ring) return;
    for (const PartitionId id : touched_) list_unchecked(id);
    list_unchecked(PartitionId{static_cast<std::uint32_t>(next_checked_++ % partitions_.size())});
    for (const PartitionId id : unchecked_) {
        const Partition& partition = partitions_[id.value];
        partition.invariants(context_);
        ASSERT(!partition.has_waiting() || waiting_.contains(id) || is_touched_[id.value] != 0,
               "partition {}", id);
        is_listed_[id.value] = 0;
    }
    unchecked_.clear();
}

}  // namespace grapevine
