#pragma once
// HTTP/1.1, as much of it as etcd's gateway is asked with: one POST after the other on a connection
// that stays.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace grapevine::bench {

struct HttpReply {
    int status = 0;
    std::string_view body;  // in the bytes that were parsed, or in `pieces`
    std::size_t size = 0;   // of the whole reply
};

// The reply that `bytes` begin with; nothing: more of it has to come. A body that comes in chunks
// is put together in `pieces`.
Result<std::optional<HttpReply>> parse_http(std::string_view bytes, std::string& pieces);

// A request with this body, for "/path".
void append_post(std::string& out, std::string_view path, std::string_view body);

void append_base64(std::string& out, std::string_view bytes);

}  // namespace grapevine::bench
