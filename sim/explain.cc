#include "sim/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/hash.h"
#include "history/program_model.h"
#include "sim/ring_words.h"

namespace grapevine::sim {

namespace {

std::string_view word(OpKind kind) {
    switch (kind) {
        case OpKind::put:
            return "put";
        case OpKind::erase:
            return "erase";
        case OpKind::none:
            return "no change";
        case OpKind::batch:
            return "batch";
    }
    return "?";
}

std::string_view word(OperationKind kind) {
    switch (kind) {
        case OperationKind::get:
            return "get";
        case OperationKind::put:
            return "put";
        case OperationKind::erase:
            return "erase";
        case OperationKind::run:
            return "run";
        case OperationKind::query:
            return "query";
    }
    return "?";
}

std::string_view word(Status status) {
    switch (status) {
        case Status::ok:
            return "ok";
        case Status::not_found:
            return "not found";
        case Status::condition_failed:
            return "condition failed";
        case Status::not_primary:
            return "refused, not the primary";
        case Status::no_lease:
            return "refused, no lease";
        case Status::unavailable:
            return "refused, no copy is up";
        case Status::busy:
            return "refused, busy";
        case Status::bad_stamp:
            return "refused, here is a fresh stamp";
        case Status::below_floor:
            return "refused, below the floor";
        case Status::too_large:
            return "refused, too large";
        case Status::malformed:
            return "refused, malformed";
        case Status::full:
            return "refused, full";
        case Status::lapsed:
            return "lapsed, ask again";
    }
    return "?";
}

std::string shortened(const std::string& value) {
    constexpr std::size_t shown = 32;
    if (value.size() <= shown) return value;
    return fmt::format("{}... ({} bytes)", value.substr(0, shown), value.size());
}

std::string text_of(std::span<const OpPtr> ops, const std::string& key) {
    std::string text;
    for (const OpPtr& each : ops) {
        const Op& op = *each;
        text += fmt::format(" [{} {}", op.version, word(op.kind));
        bool is_about_it = op.kind == OpKind::none;
        for_each_change(op, [&](const ChangeView& change) {
            const bool is_in_group = key.starts_with('{') && change.key.starts_with(key);
            if (change.key != key && !is_in_group) return;
            is_about_it = true;
            if (op.kind == OpKind::batch) text += fmt::format(": {}", word(change.kind));
            if (change.key != key) text += fmt::format(" {}", change.key);
            if (change.kind == OpKind::put) text += " " + shortened(std::string(change.value));
            if (change.expires_ms != 0) text += fmt::format(" until {} ms", change.expires_ms);
        });
        if (!is_about_it) text += op.kind == OpKind::batch ? " of other keys" : " of another key";
        if (op.more && !op.more->reply.empty()) text += " = " + reply_text(op.more->reply);
        text += "]";
    }
    return text;
}

// What of a message is about the partition, in words; empty: nothing.
struct AboutPartition {
    PartitionId partition;
    const std::string& key;

    std::string operator()(const Replicate& message) const {
        std::string text;
        for (const auto& ack : message.acks) {
            if (ack.entry.partition != partition) continue;
            text += fmt::format("acknowledges, since {}, up to {}{}", ack.entry.since, ack.held,
                                ack.gap ? ", and misses what follows" : "");
        }
        std::span<const OpPtr> ops = message.ops;
        for (const auto& part : message.parts) {
            const auto its_ops = ops.first(part.count);
            ops = ops.subspan(part.count);
            if (part.entry.partition != partition) continue;
            text += fmt::format("{}replicates, since {}, after {}, committed up to {}{}{}",
                                text.empty() ? "" : "; ", part.entry.since, part.previous,
                                part.watermark, its_ops.empty() ? "" : ":", text_of(its_ops, key));
        }
        return text;
    }
    std::string operator()(const Gather& message) const {
        for (const EntryRef& entry : message.entries) {
            if (entry.partition != partition) continue;
            return fmt::format("asks for what is unfinished, since {}", entry.since);
        }
        return {};
    }
    std::string operator()(const Gathered& message) const {
        for (const auto& part : message.parts) {
            if (part.entry.partition != partition) continue;
            return fmt::format("reports, since {}, committed up to {}, unfinished {}{}{}",
                               part.entry.since, part.watermark, part.unfinished.size(),
                               text_of(part.unfinished, key),
                               part.stepped_down ? "; has stepped down" : "");
        }
        return {};
    }
    std::string operator()(const FillChunk& message) const {
        if (message.entry.partition != partition) return {};
        std::string text =
            fmt::format("{}, since {}, session {}/{}, {} items",
                        message.compare ? "compares what is held" : "fills", message.entry.since,
                        message.session.tenure, message.session.opened, message.items.size());
        if (message.from == fill_base) text += fmt::format(", base {}", message.base);
        for (const FillItem& item : message.items) {
            if (item.key != key) continue;
            text += fmt::format(", the key at {} = {}", item.version, shortened(item.value));
        }
        return text;
    }
    std::string operator()(const FillAck& message) const {
        if (message.entry.partition != partition) return {};
        std::string text = fmt::format("has what was filled, since {}{}", message.entry.since,
                                       message.next == fill_end ? ": all of it" : "");
        if (!message.lacks.empty()) text += fmt::format(", lacks {} keys", message.lacks.size());
        if (std::ranges::find(message.lacks, key) != message.lacks.end()) {
            text += ", the key among them";
        }
        return text;
    }
    template <class Other>
    std::string operator()(const Other&) const {
        return {};
    }
};

std::string entry_text(const World& world, const Ring& ring, const Entry& entry) {
    std::vector<std::string> copies;
    for (const NodeId id : entry.copies) copies.push_back(world.name_of(id));
    std::string text = fmt::format("copies {}", fmt::join(copies, ", "));
    for (const Fill& fill : entry.fills) {
        text += fmt::format("; fills {} since {}", world.name_of(fill.id), fill.opened);
    }
    if (ring.parent()) text += fmt::format("; generation {}", entry.generation);
    return text + fmt::format("; tenure {}, since {}{}", entry.tenure, entry.since,
                              ring.is_down(entry) ? "; down" : "");
}

}  // namespace

void Explain::fault(Cluster& cluster, const Fault& fault) {
    note(cluster.world().now(), "fault " + to_string(fault));
}

void Explain::operator_says(Cluster& cluster, const std::string& sentence) {
    note(cluster.world().now(), "the operator " + sentence);
}

void Explain::ring(Cluster& cluster, const RingPtr& ring) {
    const PartitionId partition = partition_of_key(key_, ring->partitions());
    const Entry& entry = ring->entry(partition);
    const bool is_news = last_ring_ == nullptr || last_ring_->entry(partition) != entry ||
                         last_ring_->is_down(entry) != ring->is_down(entry);
    last_ring_ = ring;
    if (!is_news || entry.copies.empty()) return;
    note(cluster.world().now(), fmt::format("ring {}: partition {}: {}", ring->epoch, partition,
                                            entry_text(cluster.world(), *ring, entry)));
}

void Explain::message(Cluster& cluster, const NodeHost& host, const Envelope& envelope) {
    if (last_ring_ == nullptr) return;
    const PartitionId partition = partition_of_key(key_, last_ring_->partitions());
    const std::string text = std::visit(AboutPartition{partition, key_}, envelope.body);
    if (text.empty()) return;
    note(cluster.world().now(),
         fmt::format("{} to {}, ring {}: {}", host.name(), cluster.world().name_of(envelope.to),
                     envelope.epoch, text));
}

void Explain::answer(Cluster& cluster, const NodeHost& host, const Request& request,
                     const Reply& reply) {
    const bool is_about_it = request.key == key_ || (is_program(request.kind) &&
                                                     slot_of_key(request.key) == slot_of_key(key_));
    if (!is_about_it) return;
    std::string text = fmt::format("{} answers request {} of {} ({}", host.name(), request.sequence,
                                   cluster.world().name_of(request.client), word(request.kind));
    if (request.kind == OperationKind::put) text += " " + shortened(request.value);
    if (is_program(request.kind)) text += " " + program_text(request.value);
    if (request.condition == Condition::absent) text += " if absent";
    if (request.condition == Condition::version) {
        text += fmt::format(" if at {}", request.expected);
    }
    text += fmt::format("), ring {}: {}", reply.epoch, word(reply.status));
    if (reply.version != Version{}) text += fmt::format(" at {}", reply.version);
    if (!reply.value.empty()) {
        text +=
            " = " + (is_program(request.kind) ? reply_text(reply.value) : shortened(reply.value));
    }
    note(cluster.world().now(), text);
}

void Explain::add_operation(const OperationRecord& record) {
    OperationRecord asked = record;
    if (!is_program(record.kind)) asked.value = shortened(asked.value);
    note(record.called, fmt::format("client{} begins: {}", record.client, to_string(asked)));
    if (record.returned != never) {
        note(record.returned,
             fmt::format("client{} has its end: {}", record.client, to_string(asked)));
    }
}

void Explain::ended(Cluster&, const History& history, const RunOutcome&) {
    std::size_t operations = 0;
    for (const OperationRecord& record : history) {
        if (record.key != key_) continue;
        ++operations;
        add_operation(record);
    }
    if (operations == 0) {
        std::vector<std::string> keys;
        for (const OperationRecord& record : history) keys.push_back(record.key);
        std::ranges::sort(keys);
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        complaint_ =
            fmt::format("no operation touched {}; this run's keys: {}", key_, fmt::join(keys, " "));
        return;
    }
    std::ranges::stable_sort(lines_, {}, &std::pair<Time, std::string>::first);
    if (last_ring_ != nullptr) {
        tell_(fmt::format("the life of {}, which is in partition {} (key's operations: {})", key_,
                          partition_of_key(key_, last_ring_->partitions()), operations));
    }
    for (const auto& [time, line] : lines_) {
        tell_(fmt::format("{:>12}  {}", seconds(time), line));
    }
}

}  // namespace grapevine::sim
