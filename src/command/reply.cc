#include "command/reply.h"

#include <algorithm>
#include <charconv>

namespace grapevine::command {

namespace {

// A line of a reply without what ends it, and where the next begins.
struct Line {
    char type = 0;
    std::string_view text;
    std::size_t size = 0;  // with its type and its end
};

std::optional<Line> first_line(std::string_view bytes) {
    const std::size_t end = bytes.find('\r');
    if (end == std::string_view::npos || end == 0 || end + 1 >= bytes.size()) return {};
    if (bytes[end + 1] != '\n') return {};
    return Line{bytes[0], bytes.substr(1, end - 1), end + 2};
}

std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
}

// What follows a head, by its type.
enum class Shape : std::uint8_t { line, bulk, aggregate, none };

Shape shape_of(char type) {
    switch (type) {
        case '+':
        case '-':
        case ':':
        case '_':
        case '#':
        case ',':
        case '(':
            return Shape::line;
        case '$':
        case '=':
        case '!':
            return Shape::bulk;
        case '*':
        case '~':
        case '%':
        case '>':
            return Shape::aggregate;
        default:
            return Shape::none;
    }
}

// The bytes behind the head of a bulk, without the end of line; nothing where they are not all
// there.
std::optional<std::string_view> payload_of(const Line& head, std::string_view bytes) {
    const auto size = number_of(head.text);
    if (!size || *size < 0) return {};
    const std::string_view rest = bytes.substr(head.size);
    const auto wanted = static_cast<std::uint64_t>(*size);
    if (rest.size() < 2 || wanted > rest.size() - 2) return {};
    const std::string_view payload = rest.substr(0, wanted);
    return rest.substr(wanted, 2) == "\r\n" ? std::optional(payload) : std::nullopt;
}

// Replies in an aggregate; nothing where there cannot be so many.
std::optional<std::size_t> elements_of(const Line& head, std::string_view bytes) {
    const auto number = number_of(head.text);
    if (!number || *number < 0) return {};
    auto elements = static_cast<std::uint64_t>(*number);
    // The shortest reply takes three bytes.
    if (elements > bytes.size()) return {};
    if (head.type == '%') elements *= 2;
    return static_cast<std::size_t>(elements);
}

bool is_null_of_resp2(const Line& head) {
    return (head.type == '$' || head.type == '*') && head.text == "-1";
}

std::optional<std::size_t> sized(std::string_view bytes, int depth);

std::optional<std::size_t> aggregate_size(const Line& head, std::string_view bytes, int depth) {
    const auto elements = elements_of(head, bytes);
    if (!elements || depth == reply_depth_max) return {};
    std::size_t size = head.size;
    for (std::size_t i = 0; i < *elements; ++i) {
        const auto element = sized(bytes.substr(size), depth + 1);
        if (!element) return {};
        size += *element;
    }
    return size;
}

std::optional<std::size_t> sized(std::string_view bytes, int depth) {
    const auto head = first_line(bytes);
    if (!head) return {};
    if (is_null_of_resp2(*head)) return head->size;
    switch (shape_of(head->type)) {
        case Shape::line:
            return head->size;
        case Shape::bulk: {
            const auto payload = payload_of(*head, bytes);
            if (!payload) return {};
            return head->size + payload->size() + 2;
        }
        case Shape::aggregate:
            return aggregate_size(*head, bytes, depth);
        case Shape::none:
            break;
    }
    return {};
}

void append_head(std::string& to, char type, std::size_t number) {
    to += type;
    to += std::to_string(number);
    to += "\r\n";
}

void append_bulk(std::string& to, std::string_view bytes) {
    append_head(to, '$', bytes.size());
    to += bytes;
    to += "\r\n";
}

void append_line_as_resp2(std::string& to, const Line& line, std::string_view bytes) {
    switch (line.type) {
        case '_':
            to += "$-1\r\n";
            return;
        case '#':
            to += line.text == "t" ? ":1\r\n" : ":0\r\n";
            return;
        case ',':
        case '(':
            append_bulk(to, line.text);
            return;
        default:
            to += bytes.substr(0, line.size);
    }
}

void append_bulk_as_resp2(std::string& to, char type, std::string_view payload) {
    constexpr std::size_t format_size = 4;  // "txt:"
    if (type == '=' && payload.size() >= format_size) payload.remove_prefix(format_size);
    if (type != '!') return append_bulk(to, payload);
    to += '-';
    for (const char c : payload) to += c == '\r' || c == '\n' ? ' ' : c;
    to += "\r\n";
}

// Appends what `bytes` begin with and returns its size in them; 0: it is no reply.
std::size_t append_one(std::string& to, std::string_view bytes, int depth);

std::size_t append_aggregate(std::string& to, const Line& head, std::string_view bytes, int depth) {
    const auto elements = elements_of(head, bytes);
    if (!elements || depth == reply_depth_max) return 0;
    append_head(to, '*', *elements);
    std::size_t size = head.size;
    for (std::size_t i = 0; i < *elements; ++i) {
        const std::size_t element = append_one(to, bytes.substr(size), depth + 1);
        if (element == 0) return 0;
        size += element;
    }
    return size;
}

std::size_t append_one(std::string& to, std::string_view bytes, int depth) {
    const auto head = first_line(bytes);
    if (!head) return 0;
    if (is_null_of_resp2(*head)) {
        to += bytes.substr(0, head->size);
        return head->size;
    }
    switch (shape_of(head->type)) {
        case Shape::line:
            append_line_as_resp2(to, *head, bytes);
            return head->size;
        case Shape::bulk: {
            const auto payload = payload_of(*head, bytes);
            if (!payload) return 0;
            append_bulk_as_resp2(to, head->type, *payload);
            return head->size + payload->size() + 2;
        }
        case Shape::aggregate:
            return append_aggregate(to, *head, bytes, depth);
        case Shape::none:
            break;
    }
    return 0;
}

}  // namespace

void Reply::head(char type, std::int64_t number) {
    char text[24];
    text[0] = type;
    char* end = std::to_chars(text + 1, text + sizeof text - 2, number).ptr;
    *end++ = '\r';
    *end++ = '\n';
    bytes_.append(text, end);
}

void Reply::simple(std::string_view text) {
    bytes_ += '+';
    bytes_ += text;
    bytes_ += "\r\n";
}

void Reply::error(std::string_view text) {
    bytes_ += '-';
    for (const char c : text) bytes_ += c == '\r' || c == '\n' ? ' ' : c;
    bytes_ += "\r\n";
}

void Reply::integer(std::int64_t number) {
    head(':', number);
}

void Reply::bulk(std::string_view bytes) {
    // At once: what is large would be copied again for its end.
    if (const std::size_t size = bytes_.size() + bytes.size() + frame_max;
        size > bytes_.capacity()) {
        bytes_.reserve(std::max(size, 2 * bytes_.capacity()));
    }
    head('$', static_cast<std::int64_t>(bytes.size()));
    bytes_ += bytes;
    bytes_ += "\r\n";
}

void Reply::null() {
    bytes_ += protocol_ == Protocol::resp3 ? "_\r\n" : "$-1\r\n";
}

void Reply::null_array() {
    bytes_ += protocol_ == Protocol::resp3 ? "_\r\n" : "*-1\r\n";
}

void Reply::array(std::size_t elements) {
    head('*', static_cast<std::int64_t>(elements));
}

void Reply::map(std::size_t pairs) {
    if (protocol_ == Protocol::resp3) return head('%', static_cast<std::int64_t>(pairs));
    array(2 * pairs);
}

void Reply::set(std::size_t elements) {
    if (protocol_ == Protocol::resp3) return head('~', static_cast<std::int64_t>(elements));
    array(elements);
}

void Reply::boolean(bool value) {
    if (protocol_ == Protocol::resp2) return integer(value ? 1 : 0);
    bytes_ += value ? "#t\r\n" : "#f\r\n";
}

void Reply::verbatim(std::string_view text) {
    if (protocol_ == Protocol::resp2) return bulk(text);
    head('=', static_cast<std::int64_t>(text.size() + 4));
    bytes_ += "txt:";
    bytes_ += text;
    bytes_ += "\r\n";
}

std::optional<std::size_t> reply_size(std::string_view bytes) {
    return sized(bytes, 0);
}

std::optional<std::string_view> take_reply(std::string_view& bytes) {
    const auto size = reply_size(bytes);
    if (!size) return {};
    const std::string_view reply = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
    return reply;
}

std::optional<std::size_t> take_aggregate(std::string_view& bytes) {
    const auto head = first_line(bytes);
    if (!head || shape_of(head->type) != Shape::aggregate) return {};
    const auto elements = elements_of(*head, bytes);
    if (elements) bytes.remove_prefix(head->size);
    return elements;
}

std::optional<std::int64_t> integer_of(std::string_view reply) {
    const auto line = first_line(reply);
    if (!line || line->type != ':' || line->size != reply.size()) return {};
    return number_of(line->text);
}

std::optional<std::string_view> bulk_of(std::string_view reply) {
    const auto head = first_line(reply);
    if (!head || head->type != '$') return {};
    return payload_of(*head, reply);
}

bool append_resp2(std::string& to, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t size = append_one(to, bytes, 0);
        if (size == 0) return false;
        bytes.remove_prefix(size);
    }
    return true;
}

}  // namespace grapevine::command
