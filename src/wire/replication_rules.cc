#include "wire/rule_tools.h"
#include "wire/rules.h"

namespace grapevine::wire {

namespace {

std::string defect(const EntryRef& entry) {
    return defect_of_partition(entry.partition);
}

std::string defect_of_stamp(std::int64_t stamp_ms) {
    if (stamp_ms >= 0 && stamp_ms <= stamp_ms_max) return {};
    return fmt::format("an operation at {} ms", stamp_ms);
}

std::string defect(const Answer& answer) {
    return is_known(answer.status, Status::full) ? "" : "an answer's status is unknown";
}

// 0: never. As late as a client likes, other than what clocks of nodes say.
std::string defect_of_expiry(std::int64_t expires_ms) {
    if (expires_ms >= 0) return {};
    return fmt::format("a key expires at {} ms", expires_ms);
}

std::string defect(const Change& change) {
    if (!is_known(change.kind, OpKind::erase)) return "a change is of an unknown kind";
    if (std::string key = defect_of_key(change.key); !key.empty()) return key;
    if (std::string value = defect_of_value(change.value); !value.empty()) return value;
    return defect_of_expiry(change.expires_ms);
}

// Of one that has more than most, in its kind or beside it.
[[gnu::noinline]] std::string defect_of_more(const Op& op) {
    if (!is_known(op.kind, OpKind::batch)) return "an operation is of an unknown kind";
    const bool is_batch = op.kind == OpKind::batch;
    if (op.more->changes.empty() == is_batch) return "changes belong to a batch, and alone";
    if (std::string expiry = defect_of_expiry(op.more->expires_ms); !expiry.empty()) return expiry;
    if (op.more->reply.size() > outcome_size_max) return "what a program answered is too long";
    return first_defect(op.more->changes, [](const Change& change) { return defect(change); });
}

std::string defect(const Op& op) {
    if (std::string key = defect_of_key(op.key); !key.empty()) return key;
    if (std::string value = defect_of_value(op.value); !value.empty()) return value;
    if (op.more || !is_known(op.kind, OpKind::none)) {
        if (std::string more = defect_of_more(op); !more.empty()) return more;
    }
    if (std::string stamp = defect_of_stamp(op.stamp_ms); !stamp.empty()) return stamp;
    return defect(op.answer);
}

// `after`: the counter that all must be above; the next one, where there may be no gap.
std::string defect(std::span<const OpPtr> ops, std::uint64_t after, bool gaps) {
    for (const OpPtr& op : ops) {
        const std::uint64_t counter = op->version.counter;
        if (counter <= after || (!gaps && counter != after + 1)) {
            return fmt::format("operation {} after {}", counter, after);
        }
        after = counter;
        if (std::string defect_of_op = defect(*op); !defect_of_op.empty()) return defect_of_op;
    }
    return {};
}

std::string defect(const ClientMemory& memory) {
    if (!memory.client) return "a remembered client has no id";
    if (std::string stamp = defect_of_stamp(memory.stamp_ms); !stamp.empty()) return stamp;
    return first_defect(memory.answers, [](const auto& in) {
        if (in.reply.size() > outcome_size_max)
            return std::string("a remembered reply is too long");
        return defect(in.answer);
    });
}

std::string defect(const FillItem& item) {
    if (std::string key = defect_of_key(item.key); !key.empty()) return key;
    if (std::string expiry = defect_of_expiry(item.expires_ms); !expiry.empty()) return expiry;
    return defect_of_value(item.value);
}

}  // namespace

std::string defect(const Replicate& message) {
    for (const Replicate::Ack& ack : message.acks) {
        if (std::string entry = defect(ack.entry); !entry.empty()) return entry;
    }
    std::span<const OpPtr> ops = message.ops;
    for (const Replicate::Part& part : message.parts) {
        if (std::string entry = defect(part.entry); !entry.empty()) return entry;
        if (part.count > ops.size()) return "parts have more operations than there are";
        const std::string order = defect(ops.first(part.count), part.previous, false);
        if (!order.empty()) return order;
        ops = ops.subspan(part.count);
    }
    return ops.empty() ? "" : "operations belong to no part";
}

std::string defect(const Gather& message) {
    return first_defect(message.entries, [](const EntryRef& entry) { return defect(entry); });
}

std::string defect(const Gathered& message) {
    return first_defect(message.parts, [](const Gathered::Part& part) {
        const std::string entry = defect(part.entry);
        return entry.empty() ? defect(part.unfinished, part.watermark, true) : entry;
    });
}

std::string defect(const FillChunk& message) {
    if (std::string entry = defect(message.entry); !entry.empty()) return entry;
    if (std::string stamp = defect_of_stamp(message.base_stamp_ms); !stamp.empty()) return stamp;
    const bool is_base = message.from == fill_base;
    if (message.from >= message.to || (is_base && message.to != fill_items) ||
        (is_base ? !message.items.empty() || message.compare : !message.clients.empty())) {
        return "a chunk's range is none";
    }
    const auto has_value = [](const FillItem& item) { return !item.value.empty(); };
    if (message.compare && std::ranges::any_of(message.items, has_value)) {
        return "a chunk that compares has values";
    }
    const auto rule = [](const auto& item) { return defect(item); };
    if (std::string memory = first_defect(message.clients, rule); !memory.empty()) return memory;
    return first_defect(message.items, rule);
}

std::string defect(const FillAck& message) {
    if (std::string entry = defect(message.entry); !entry.empty()) return entry;
    if (!message.lacks.empty() && message.lacks_to <= message.next) {
        return "keys are lacking in no range";
    }
    return first_defect(message.lacks, defect_of_key);
}

}  // namespace grapevine::wire
