#pragma once
// Turning a loop until something has happened, for programs and tests that do one thing after the
// other.

#include <functional>

#include "base/time.h"
#include "runtime/loop.h"

namespace grapevine {

// Turns the loop until the condition holds, which is looked at in every turn and each millisecond;
// false where `bound` has passed first.
bool run_until(Loop& loop, Duration bound, const std::function<bool()>& condition);
void run_for(Loop& loop, Duration span);

}  // namespace grapevine
