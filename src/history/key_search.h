#pragma once
// The search for an order of the operations on one key (history/linearizability.h says how).
// Internal to history/.

#include <vector>

#include "history/linearizability.h"

namespace grapevine {

// All that matter, of one key. The verdict names no key.
HistoryVerdict search_order(const std::vector<const OperationRecord*>& records,
                            const CheckBudget& budget);

}  // namespace grapevine
