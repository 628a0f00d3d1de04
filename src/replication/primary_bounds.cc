// What a write may cost: room in the store, among what is unfinished, and for its answer.

#include <algorithm>

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
// program answered.
bool Primary::may_remember(const Scope& scope, std::size_t reply) const {
    const Context& context = scope.context;
    const std::size_t here = scope.replica.memory.weight() + scope.replica.log.to_remember();
    return here + reply < context.config.remembered_max &&
           context.remembered + reply < context.config.all_remembered_max;
}

// What the client has by its floor is forgotten with this operation. More than its share of what
// it does not have, it is not answered.
bool Primary::may_remember_long(const Scope& scope, const Op& op) const {
    const Context& context = scope.context;
    const ReplicationConfig& config = context.config;
    const RequestMemory& memory = scope.replica.memory;
    const PartitionLog& log = scope.replica.log;
    const std::size_t reply = reply_weight(op.more->reply);
    const std::size_t kept = memory.long_weight(op.client, op.floor);
    const std::size_t gone = memory.long_weight(op.client, 0) - kept;
    const std::size_t others_of_it = kept + log.long_to_remember(op.client);
    const bool is_its_share = others_of_it == 0 || others_of_it + reply <= config.long_client_max;
    const std::size_t here = memory.long_weight() - gone + log.long_to_remember() + reply;
    return is_its_share && here <= config.long_remembered_max &&
           context.long_remembered - gone + reply <= config.all_long_remembered_max;
}

// Here and, as far as is known, at all others who would have to hold it.
bool Primary::has_room(const Scope& scope, std::size_t added) const {
    Context& context = scope.context;
    const auto is_full = [&](const auto& peer) { return context.full.contains(peer.first); };
    if (!context.full.empty() && std::ranges::any_of(peers_, is_full)) return false;
    return context.has_room(added);
}

// What is there may be replaced by something that is no larger, and deleted.
bool Primary::has_room(const Scope& scope, const Request& request) const {
    const Context& context = scope.context;
    if (request.kind != OperationKind::put) return true;
    if (has_room(scope, request.key.size() + request.value.size())) return true;
    const auto record = context.store.find(scope.replica.id, request.key);
    return record && request.value.size() <= record->value.size();
}

// The same for what a program changes, in all.
bool Primary::has_room(const Scope& scope, const Op& op) const {
    const Context& context = scope.context;
    if (context.config.memory_max == 0 && context.full.empty()) return true;
    std::size_t size = 0;
    for_each_change(op, [&](const ChangeView& change) {
        if (change.kind == OpKind::put) size += change.key.size() + change.value.size();
    });
    if (has_room(scope, size)) return true;
    bool adds = false;
    for_each_change(op, [&](const ChangeView& change) {
        if (change.kind != OpKind::put) return;
        const auto record = context.store.find(scope.replica.id, change.key);
        adds = adds || !record || change.value.size() > record->value.size();
    });
    return !adds;
}

// Known only when it is known what the program does.
Status Primary::limits_of(const Scope& scope, const Op& op) const {
    if (weight(op) > outcome_size_max) return Status::too_large;
    const std::size_t bytes = scope.replica.log.bytes() + weight(op);
    if (bytes > scope.context.config.partition_bytes_max) return Status::busy;
    const std::string& reply = op.more->reply;
    const bool fits = is_long_reply(reply) ? may_remember_long(scope, op)
                                           : may_remember(scope, reply_weight(reply));
    if (!fits) return Status::busy;
    return has_room(scope, op) ? Status::ok : Status::full;
}

}  // namespace grapevine
