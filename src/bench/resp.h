#pragma once
// Redis' protocol (RESP, version 2), as much of it as is used here: commands are arrays of bulk
// strings, replies are lines and bulk strings.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace grapevine::bench {

struct RespReply {
    char type = '+';        // '+' a word, '-' an error, ':' a number, '$' bytes
    bool absent = false;    // '$' only: no such key
    std::string_view text;  // in the bytes that were parsed
    std::size_t size = 0;   // of the whole reply
};

// The reply that `bytes` begin with; nothing: more of it has to come.
Result<std::optional<RespReply>> parse_resp(std::string_view bytes);

void append_resp(std::string& out, std::initializer_list<std::string_view> words);

}  // namespace grapevine::bench
