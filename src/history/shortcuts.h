#pragma once
// What breaks a history whatever the order of its operations is. The search would find most of it
// too, but only after it tried every order of what went before; here it costs a sort, and the
// explanation is the best there is.

#include <string>
#include <vector>

#include "history/record.h"

namespace grapevine {

// Operations on one key. The first rule that is broken, for a person; empty: none is.
// - what is read was written by some operation that may have taken effect;
// - what is read has the version that its write was told, and all who read it are told the same;
// - versions do not go backwards in time: who is called after another returned sees no older one,
//   and writes a newer one.
std::string broken_in_any_order(const std::vector<const OperationRecord*>& records);

}  // namespace grapevine
