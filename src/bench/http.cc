#include "bench/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <iterator>

#include "base/limits.h"

namespace grapevine::bench {

namespace {

constexpr std::string_view line_break = "\r\n";
constexpr std::size_t head_size_max = 64UZ * 1024;

bool same_letters(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    });
}

// The value of a line of the head; empty: there is none of that name.
std::string_view field_of(std::string_view head, std::string_view name) {
    while (!head.empty()) {
        const auto end = head.find(line_break);
        const std::string_view line = head.substr(0, end);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            same_letters(line.substr(0, name.size()), name)) {
            const auto value = line.find_first_not_of(' ', name.size() + 1);
            return value == std::string_view::npos ? "" : line.substr(value);
        }
        if (end == std::string_view::npos) break;
        head.remove_prefix(end + line_break.size());
    }
    return {};
}

std::optional<std::size_t> size_in(std::string_view text, int base) {
    std::size_t size = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, size, base);
    if (parsed.ec != std::errc() || parsed.ptr != end || size > frame_size_max) return std::nullopt;
    return size;
}

// Chunks after the head of `reply.size` bytes: size in hexadecimal, bytes, ..., 0.
Result<std::optional<HttpReply>> parse_chunks(std::string_view bytes, HttpReply reply,
                                              std::string& pieces) {
    pieces.clear();
    for (;;) {
        const auto end = bytes.find(line_break, reply.size);
        if (end == std::string_view::npos) return std::nullopt;
        const auto size = size_in(bytes.substr(reply.size, end - reply.size), 16);
        if (!size) return fail("a chunk of no size");
        const std::size_t begin = end + line_break.size();
        reply.size = begin + *size + line_break.size();
        if (bytes.size() < reply.size) return std::nullopt;
        pieces += bytes.substr(begin, *size);
        if (*size > 0) continue;
        reply.body = pieces;
        return reply;
    }
}

}  // namespace

Result<std::optional<HttpReply>> parse_http(std::string_view bytes, std::string& pieces) {
    constexpr std::string_view blank_line = "\r\n\r\n";
    constexpr std::string_view version = "HTTP/1.1 ";
    const auto end = bytes.find(blank_line);
    if (end == std::string_view::npos) {
        if (bytes.size() > head_size_max) return fail("a head that does not end");
        return std::nullopt;
    }
    const std::string_view head = bytes.substr(0, end);
    const auto status =
        head.starts_with(version) ? size_in(head.substr(version.size(), 3), 10) : std::nullopt;
    if (!status) return fail("no reply of HTTP/1.1");
    HttpReply reply{.status = static_cast<int>(*status), .size = end + blank_line.size()};
    if (same_letters(field_of(head, "Transfer-Encoding"), "chunked")) {
        return parse_chunks(bytes, reply, pieces);
    }
    const auto size = size_in(field_of(head, "Content-Length"), 10);
    if (!size) return fail("a reply of HTTP without a length");
    if (bytes.size() < reply.size + *size) return std::nullopt;
    reply.body = bytes.substr(reply.size, *size);
    reply.size += *size;
    return reply;
}

void append_post(std::string& out, std::string_view path, std::string_view body) {
    fmt::format_to(std::back_inserter(out),
                   "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", path,
                   body.size(), body);
}

void append_base64(std::string& out, std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view three = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8 | (j < three.size() ? static_cast<std::uint8_t>(three[j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += j <= three.size() ? digits[bits >> (18 - 6 * j) & 63] : '=';
        }
    }
}

}  // namespace grapevine::bench
