#pragma once
// What clients say to the port of a node, for tests of what it answers.

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/inbound.h"
#include "wire/wire.h"

namespace grapevine {

inline std::string requests(std::size_t count, OperationKind kind = OperationKind::get) {
    std::string bytes;
    for (std::size_t i = 1; i <= count; ++i) {
        Request request;
        request.client = ClientId{5};
        request.sequence = i;
        request.floor = 1;
        request.deadline_ms = 1000;
        request.kind = kind;
        request.key = "key";
        append_frame(bytes, ClientMessage{request});
    }
    return bytes;
}

inline Hello client_hello() {
    return {};
}

}  // namespace grapevine
