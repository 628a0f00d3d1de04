#include "bench/resp.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "base/limits.h"

namespace grapevine::bench {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t line_size_max = 64UZ * 1024;

Result<std::optional<RespReply>> parse_bulk(std::string_view bytes, RespReply reply) {
    std::int64_t length = 0;
    const char* const end = reply.text.data() + reply.text.size();
    const auto parsed = std::from_chars(reply.text.data(), end, length);
    if (parsed.ec != std::errc() || parsed.ptr != end || length < -1 ||
        length > static_cast<std::int64_t>(frame_size_max)) {
        return fail("\"{}\" is no length of bytes", reply.text);
    }
    reply.absent = length == -1;
    reply.text = {};
    if (reply.absent) return reply;
    const auto size = static_cast<std::size_t>(length);
    if (bytes.size() < reply.size + size + line_end.size()) return std::nullopt;
    if (bytes.substr(reply.size + size, line_end.size()) != line_end) {
        return fail("bytes do not end where they should");
    }
    reply.text = bytes.substr(reply.size, size);
    reply.size += size + line_end.size();
    return reply;
}

}  // namespace

Result<std::optional<RespReply>> parse_resp(std::string_view bytes) {
    const auto end = bytes.find('\r');
    if (end == std::string_view::npos || end + 1 == bytes.size()) {
        if (bytes.size() > line_size_max) return fail("a line that does not end");
        return std::nullopt;
    }
    const RespReply line{
        .type = bytes[0], .text = bytes.substr(1, end - 1), .size = end + line_end.size()};
    if (bytes[end + 1] != '\n') return fail("a line that does not end");
    switch (line.type) {
        case '+':
        case '-':
        case ':':
            return line;
        case '$':
            return parse_bulk(bytes, line);
        default:
            return fail("a reply of an unknown type");
    }
}

void append_resp(std::string& out, std::initializer_list<std::string_view> words) {
    fmt::format_to(std::back_inserter(out), "*{}\r\n", words.size());
    for (const auto word : words) {
        fmt::format_to(std::back_inserter(out), "${}\r\n{}\r\n", word.size(), word);
    }
}

}  // namespace grapevine::bench
