#pragma once
// Records of what a client (client/client.h) was asked and answered, whoever hosts it.

#include <cstdint>

#include "base/time.h"
#include "client/client.h"
#include "history/record.h"

namespace grapevine {

// Called now; of unknown fate until close_record() says more.
OperationRecord open_record(const Operation& operation, std::uint64_t client, Time called);

void close_record(OperationRecord& record, const Outcome& outcome, Time returned);

}  // namespace grapevine
