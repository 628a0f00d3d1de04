#pragma once
// A program: the commands of a Redis client that a primary executes as one request, and its form in
// bytes. All keys of a program lie in one slot; who executes it checks that.
//
//   program | atomic: 0 or 1 | watched keys: n | n * (key, epoch, counter) | commands: m | m *
//   command command | arguments: n, at least 1 | n * argument
//
// Numbers are varints (seven bits a byte, lowest first), a key or an argument is its size and its
// bytes. A program and what it refers to have one owner; nothing here is shared between threads.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace grapevine::command {

// More than that in one program keep a node from everything else for too long, and their replies
// might not fit a frame.
inline constexpr std::size_t commands_max = 64 * 1024;

// args[0] is the name, in any case. The bytes are somebody else's and must outlive it.
struct Command {
    std::vector<std::string_view> args;
};

// A key that must have this version still, or nothing of an atomic program is executed.
struct Watched {
    std::string_view key;
    Version version;  // {0, 0}: the key is absent
};

struct Program {
    bool atomic = false;           // MULTI ... EXEC: one reply, an array, for all commands
    std::vector<Watched> watched;  // of atomic programs only
    std::vector<Command> commands;
};

[[nodiscard]] std::string encode(const Program& program);

// The program refers to `bytes`. Fails where they are no program, or one with more commands, keys
// or arguments than they could hold.
Result<Program> decode(std::string_view bytes);

}  // namespace grapevine::command
