#pragma once
// Builds the bytes of a program (command/program.h) a command at a time, without keeping what its
// arguments are views of.

#include <cstddef>
#include <string>

#include "resp/task.h"

namespace grapevine::resp {

class ProgramWriter {
public:
    void add(Args args);
    [[nodiscard]] std::size_t commands() const { return commands_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

    [[nodiscard]] std::string finish() const;
    // As MULTI ... EXEC, where the keys have these versions.
    [[nodiscard]] std::string finish_atomic(const WatchSet& watched) const;

private:
    std::size_t commands_ = 0;
    std::string bytes_;
};

}  // namespace grapevine::resp
