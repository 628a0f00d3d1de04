#pragma once
// What executes the programs that clients send to primaries (src/command, in production): who
// orders and replicates need not know what a program is.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace grapevine {

namespace command {
class Keys;
class Reply;
}  // namespace command

class Interpreter {
public:
    virtual ~Interpreter() = default;

    // Executes it on what `keys` shows, and returns what it answers: a function of these alone.
    // Nothing: the bytes are no program, and nothing was changed.
    virtual std::optional<std::string> execute(std::string_view program,
                                               command::Keys& keys) const = 0;
    // One command, given by its arguments, the first of which is its name.
    virtual void execute(std::span<const std::string_view> command, command::Keys& keys,
                         command::Reply& reply) const = 0;
};

}  // namespace grapevine
