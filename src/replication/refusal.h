#pragma once
// How requests are refused. Internal to replication/.

#include <cstdint>

#include "replication/context.h"
#include "replication/pending_ids.h"
#include "store/operation.h"

namespace grapevine {

void refuse(Scope& scope, ConnectionId connection, std::uint64_t sequence, Status status);

// Of a request that nobody has looked up: where this holder remembers it, or has it ordered, it
// came on another way before, and `status` would say that nothing was executed. So it is `lapsed`.
// `pending`: all that is ordered and not committed, where that is known; null: the log is searched.
void refuse(Scope& scope, ConnectionId connection, const Request& request, Status status,
            const PendingIds* pending = nullptr);

}  // namespace grapevine
