#pragma once
// The programs of production: commands of Redis (src/command).

#include "store/interpreter.h"

namespace grapevine {

// Without state, good for ever.
const Interpreter& programs();

}  // namespace grapevine
