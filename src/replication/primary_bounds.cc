// What a write may cost: room in the store, among what is unfinished, and for its answer.

#include "base/limits.h"
#include "replication/primary.h"

namespace grapevine {

// ok: nothing, so far.
Status Primary::refusal_of(const Scope& scope, const Request& request) const {
    const Context& context = scope.context;
    if (context.pending_bytes >= context.config.pending_bytes_max ||
        scope.replica.log.bytes() + weight(request) > context.config.partition_bytes_max ||
        !may_remember(scope, 0)) {
        return Status::busy;
    }
    return has_room(scope, request) ? Status::ok : Status::full;
}

// Whether another answer may be remembered, beside those that are pending, with so much that a
// program answered. Long answers keep nobody but each other from being remembered: they have three
// quarters of the room.
bool Primary::may_remember(const Scope& scope, std::size_t replies) const {
    const Context& context = scope.context;
    const std::size_t here =
        scope.replica.memory.weight() + scope.replica.log.to_remember() + replies;
    const std::size_t all = context.remembered + replies;
    const auto share = [&](std::size_t max) { return replies > 1 ? max / 4 * 3 : max; };
    return here < share(context.config.remembered_max) &&
           all < share(context.config.all_remembered_max);
}

// What is kept only to save copying it goes first, and is not counted: it makes room soon.
bool Primary::has_room(const Scope& scope, std::size_t added) const {
    Context& context = scope.context;
    const std::size_t used = context.store.memory_bytes() + context.pending_bytes;
    if (used + added <= context.config.memory_max) return true;
    context.aside_is_dropped = true;
    return used - context.store.bytes_aside() + added <= context.config.memory_max;
}

// What is there may be replaced by something that is no larger, and deleted.
bool Primary::has_room(const Scope& scope, const Request& request) const {
    const Context& context = scope.context;
    if (context.config.memory_max == 0 || request.kind != OperationKind::put) return true;
    if (has_room(scope, request.key.size() + request.value.size())) return true;
    const auto record = context.store.find(scope.replica.id, request.key);
    return record && request.value.size() <= record->value.size();
}

// The same for what a program changes, in all.
bool Primary::has_room(const Scope& scope, const Op& op) const {
    const Context& context = scope.context;
    if (context.config.memory_max == 0) return true;
    std::size_t size = 0;
    bool adds = false;
    for_each_change(op, [&](const ChangeView& change) {
        if (change.kind == OpKind::erase) return;
        size += change.key.size() + change.value.size();
        const auto record = context.store.find(scope.replica.id, change.key);
        adds = adds || !record || change.value.size() > record->value.size();
    });
    return !adds || has_room(scope, size);
}

// Known only when it is known what the program does.
Status Primary::limits_of(const Scope& scope, const Op& op) const {
    if (weight(op) > outcome_size_max) return Status::too_large;
    const std::size_t bytes = scope.replica.log.bytes() + weight(op);
    if (bytes > scope.context.config.partition_bytes_max) return Status::busy;
    if (!may_remember(scope, reply_weight(op.more->reply))) return Status::busy;
    return has_room(scope, op) ? Status::ok : Status::full;
}

}  // namespace grapevine
