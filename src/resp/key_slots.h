#pragma once
// Where the keys of a command lie.

#include <cstdint>
#include <string_view>

#include "command/table.h"
#include "resp/task.h"

namespace grapevine::resp {

struct KeySlots {
    bool differ = false;
    bool too_long = false;  // a key: it is nowhere, and can be nowhere
    std::uint32_t first = 0;
    std::string_view first_key;
};

// Of a command with keys. Where the number of keys makes no sense, the command says so wherever it
// runs: the slot is that of its first argument.
[[nodiscard]] KeySlots slots_of(const command::CommandInfo& info, Args args);

}  // namespace grapevine::resp
