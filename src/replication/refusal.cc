#include "replication/refusal.h"

#include <algorithm>

namespace grapevine {

namespace {

bool is_known(const Replica& replica, const Request& request, const PendingIds* pending) {
    if (replica.memory.find(request.client, request.sequence).answer) return true;
    if (pending != nullptr) return pending->find(request.client, request.sequence).has_value();
    return std::ranges::any_of(replica.log.unfinished(), [&](const OpPtr& op) {
        return op->client == request.client && op->sequence == request.sequence;
    });
}

}  // namespace

void refuse(Scope& scope, ConnectionId connection, std::uint64_t sequence, Status status) {
    Reply reply{.sequence = sequence,
                .status = status,
                .version = {},
                .epoch = scope.context.ring->epoch,
                .stamp_ms = -1,
                .value = {}};
    scope.context.out.reply(connection, std::move(reply));
}

void refuse(Scope& scope, ConnectionId connection, const Request& request, Status status,
            const PendingIds* pending) {
    const bool is_known_write = !is_read(request.kind) && is_known(scope.replica, request, pending);
    if (is_known_write && !scope.context.has(Bug::refused_though_done)) status = Status::lapsed;
    refuse(scope, connection, request.sequence, status);
}

}  // namespace grapevine
