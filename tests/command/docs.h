#pragma once
// What COMMAND DOCS tells.

#include <string>
#include <string_view>
#include <vector>

#include "command/describe.h"
#include "command/reply.h"

namespace grapevine::command {

inline std::string docs_of(std::vector<std::string_view> names) {
    names.insert(names.begin(), {"COMMAND", "DOCS"});
    Reply reply(Protocol::resp3);
    describe_commands(names, reply);
    return reply.take();
}

}  // namespace grapevine::command
