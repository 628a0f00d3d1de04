#pragma once
// Programs for loads: on groups of keys that nothing else touches, judged as programs; and single
// commands that mean the same as a get, a put or a delete, judged as these.

#include <cstdint>
#include <string>

#include "base/rng.h"
#include "base/time.h"
#include "client/client.h"

namespace grapevine::sim {

// "{group3}": the hash tag that all its keys begin with, which names it in histories.
std::string group_name(std::size_t number);

// Increments, appends, values that are written if there is none and values that are taken, several
// keys at once, reads. `token` is unique: values that are written begin with it.
Operation draw_program(Rng& rng, const std::string& group, const std::string& token);

// All keys of the group.
Operation read_group(const std::string& group);

// The program that does the same as a get, put or erase without a condition; a put's key expires
// after `ttl_ms` (0: never).
Operation as_program(const Operation& operation, std::int64_t ttl_ms);
// A node can execute it by itself.
bool is_one_command(const Operation& program);
// What the program's outcome says of the operation that it stands for. An answer that no such
// program gives becomes one that no such operation has.
Outcome as_answer(OperationKind meaning, const Outcome& outcome);

}  // namespace grapevine::sim
