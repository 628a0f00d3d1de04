#include "replication/backup.h"

#include <algorithm>

namespace grapevine {

namespace {

// Takes what continues the order, and acknowledges what is held. `apply` makes one committed
// operation part of the contents.
template <class Apply>
void follow(Scope& scope, NodeId from, const Replicated& part, const Apply& apply) {
    PartitionLog& log = scope.replica.log;
    const bool gap = part.previous > log.held();
    if (!gap) {
        for (const OpPtr& op : part.ops) {
            if (op->version.counter == log.held() + 1) log.append(op);
        }
        const std::uint64_t committed = std::min(part.watermark, log.held());
        while (log.watermark() < committed) {
            const OpPtr op = log.take_oldest();
            apply(*op);
            remember(scope.context, scope.replica, *op);
        }
    }
    if (gap && scope.context.has(Bug::gap_unnoticed)) {
        const std::uint64_t last = part.previous + part.ops.size();
        scope.context.out.send(from, Replicate::Ack{scope.ref(), last, false});
        return;
    }
    scope.context.out.send(from, Replicate::Ack{scope.ref(), log.held(), gap});
}

}  // namespace

void Backup::replicate(Scope& scope, NodeId from, const Replicated& part) {
    follow(scope, from, part, [&](const Op& op) {
        if (op.kind != OpKind::batch || !scope.context.has(Bug::batch_in_part)) {
            return apply_committed(scope.context.store, scope.replica.id, op);
        }
        const Change& first = op.more->changes.front();
        apply_change(scope.context.store, scope.replica.id, op.version,
                     {first.kind, first.key, first.value, first.expires_ms});
    });
}

void Backup::report(Scope& scope) const {
    const PartitionLog& log = scope.replica.log;
    scope.context.out.send(
        scope.entry.primary(),
        Gathered::Part{.entry = scope.ref(),
                       .watermark = log.watermark(),
                       .unfinished = {log.unfinished().begin(), log.unfinished().end()},
                       .stepped_down = stepped_down && stepped_down == scope.entry.tenure});
}

bool Receiving::continues(const FillSession& session, const Context& context) {
    if (context.has(Bug::session_by_tenure_alone) && session.tenure == session_.tenure) {
        session_ = session;
    }
    return session == session_;
}

void Receiving::start(Scope& scope, const FillChunk& base) const {
    PartitionLog& log = scope.replica.log;
    const std::deque<OpPtr> stale = log.unfinished();
    log.start(base.base, base.base_stamp_ms);
    change_memory(scope.context, scope.replica.memory,
                  [&](RequestMemory& memory) { memory.restore(base.clients); });
    if (!scope.context.has(Bug::keep_stale_unfinished)) return;
    for (const OpPtr& unfinished : stale) {
        Op op = *unfinished;
        op.version.counter = log.held() + 1;
        log.append(make_op(std::move(op)));
    }
}

void Receiving::replicate(Scope& scope, NodeId from, const Replicated& part) {
    if (next_ == fill_base) return;  // without the base there is no order to continue
    follow(scope, from, part, [&](const Op& op) { apply(scope, op); });
}

// Chunks may be ahead of the operations: the later version wins.
void Receiving::apply(Scope& scope, const Op& op) {
    for_each_change(op, [&](const ChangeView& change) {
        const auto present = scope.context.store.find(scope.replica.id, change.key);
        if (present && present->version > op.version) return;
        apply_change(scope.context.store, scope.replica.id, op.version, change);
        if (change.kind == OpKind::erase) erased_[std::string(change.key)] = op.version;
    });
}

void Receiving::chunk(Scope& scope, NodeId from, const FillChunk& chunk) {
    if (chunk.session != session_) return;
    FillAck ack{.entry = scope.ref(), .session = session_};
    // It continues what is here, or begins earlier and reaches further.
    if (chunk.from <= next_ && chunk.to > next_ &&
        (chunk.from > fill_base) == (next_ > fill_base)) {
        if (chunk.from == fill_base) start(scope, chunk);
        if (chunk.compare) ack.lacks = compare(scope, chunk);
        if (!chunk.compare) store(scope, chunk);
        if (ack.lacks.empty()) {
            next_ = chunk.to;
        } else {
            ack.lacks_to = chunk.to;
        }
    }
    ack.next = next_;
    if (complete()) scope.context.store.drop_aside(scope.replica.id);
    ack.compares = scope.context.store.count_aside(scope.replica.id) > 0;
    scope.context.out.send(from, std::move(ack));
}

// Something newer is known here already.
bool Receiving::is_outdated(const Scope& scope, const FillItem& item) const {
    const auto present = scope.context.store.find(scope.replica.id, item.key);
    if (present && present->version >= item.version) return true;
    const auto erased = erased_.find(item.key);
    const bool deleted = erased != erased_.end() && erased->second > item.version;
    return deleted && !scope.context.has(Bug::chunk_resurrects);
}

std::vector<std::string> Receiving::compare(Scope& scope, const FillChunk& chunk) const {
    Store& store = scope.context.store;
    std::vector<std::string> lacks;
    for (const FillItem& item : chunk.items) {
        if (is_outdated(scope, item)) continue;
        if (!store.take_back(scope.replica.id, item.key, item.version)) lacks.push_back(item.key);
    }
    if (scope.context.has(Bug::compare_blindly)) lacks.clear();
    return lacks;
}

void Receiving::store(Scope& scope, const FillChunk& chunk) const {
    std::size_t bytes = 0;
    for (const FillItem& item : chunk.items) {
        bytes += item.key.size() + item.value.size();
        if (is_outdated(scope, item)) continue;
        const bool expires = !scope.context.has(Bug::fill_without_expiry);
        scope.context.store.put(
            scope.replica.id, {item.key, item.value, item.version, expires ? item.expires_ms : 0});
    }
    scope.context.fill_bytes.add(scope.now, bytes);
    scope.context.fill_keys.add(scope.now, chunk.items.size());
}

}  // namespace grapevine
