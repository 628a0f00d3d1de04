#pragma once
// Executes programs on the contents of a partition. Pure: what comes out depends on the program and
// on what `Keys` says alone. (INCRBYFLOAT computes with 80-bit floating point, as Redis does on the
// same machines; it is executed once, by the primary, and its result is what is replicated.)

#include <span>
#include <string>
#include <string_view>

#include "command/keys.h"
#include "command/program.h"
#include "command/reply.h"

namespace grapevine::command {

// One RESP3 reply for each command, one after the other; of an atomic program one array of them, or
// a null where a watched key has another version. A command that fails is answered by an error and
// changes nothing; those after it are executed.
[[nodiscard]] std::string execute(const Program& program, Keys& keys);

// The same of one command, given by its arguments, the first of which is its name.
void execute(std::span<const std::string_view> args, Keys& keys, Reply& reply);

// The error of commands that are not executed because the replies of those before them are as large
// as replies may be together: they may be asked for again, without these.
inline constexpr const char* too_much_before = "ERR the replies before this one are too large";

// The error of commands with a key of more than key_size_max.
[[nodiscard]] std::string key_too_long();

// Whether any of its commands can change something. Where none can, execute() calls neither put()
// nor erase() nor clear().
[[nodiscard]] bool writes(const Program& program);
[[nodiscard]] bool writes(const Command& command);

// Whether any of its commands can take more memory (denyoom in Redis): refuse it where none is
// left, with
inline constexpr const char* out_of_memory =
    "OOM command not allowed when used memory > 'maxmemory'.";
[[nodiscard]] bool takes_memory(const Program& program);

}  // namespace grapevine::command
