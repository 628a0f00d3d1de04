#pragma once
// What executes each command: called with arguments of the right number, replies once. Of this
// folder alone.

#include "command/call.h"

namespace grapevine::command {

// strings.cc
void get(Call& call);

// set.cc
void set(Call& call);

// keyspace.cc
void del(Call& call);

// numbers.cc
void incr(Call& call);

}  // namespace grapevine::command
