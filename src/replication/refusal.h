#pragma once
// How requests are refused. Internal to replication/.

#include <cstdint>

#include "replication/context.h"
#include "store/operation.h"

namespace grapevine {

void refuse(Scope& scope, ConnectionId connection, std::uint64_t sequence, Status status);

// Of a request that nobody has looked up: where this holder remembers it, or has it ordered, it
// came on another way before, and `status` would say that nothing was executed. So it is `lapsed`.
void refuse(Scope& scope, ConnectionId connection, const Request& request, Status status);

}  // namespace grapevine
