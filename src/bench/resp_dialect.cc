#include "bench/resp_dialect.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/assert.h"
#include "bench/resp.h"

namespace grapevine::bench {

namespace {

constexpr std::string_view wait_timeout_ms = "30000";
constexpr std::size_t size_digits_max = 20;

std::string what_follows_key(std::string_view value, unsigned acks) {
    std::string text = fmt::format("\r\n${}\r\n{}\r\n", value.size(), value);
    if (acks > 0) append_resp(text, {"WAIT", std::to_string(acks), wait_timeout_ms});
    return text;
}

void append_key(std::string& out, std::string_view head, std::string_view key) {
    char size[size_digits_max];
    const auto end = std::to_chars(size, size + size_digits_max, key.size()).ptr;
    out += head;
    out.append(size, end);
    out += "\r\n";
    out += key;
}

std::uint64_t number_in(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

RespDialect::RespDialect(std::string_view value, unsigned acks)
    : value_size_(value.size()), acks_(acks), after_put_key_(what_follows_key(value, acks)) {}

void RespDialect::say(std::string& out, const Command& command) {
    ASSERT(command.sequence > answered_);
    if (command.put) {
        append_key(out, "*3\r\n$3\r\nSET\r\n$", command.key);
        out += after_put_key_;
    } else {
        append_key(out, "*2\r\n$3\r\nGET\r\n$", command.key);
        out += "\r\n";
    }
}

Result<void> RespDialect::hear(std::string_view bytes, Asker& asker) {
    std::string_view left = carry_.join(bytes);
    while (!left.empty()) {
        const auto reply = parse_resp(left);
        if (!reply) return std::unexpected(reply.error());
        if (!*reply) break;
        const auto one = heard((*reply)->type, (*reply)->text, (*reply)->absent, asker);
        if (!one) return one;
        left.remove_prefix((*reply)->size);
    }
    carry_.keep(left);
    return {};
}

Result<void> RespDialect::heard(char type, std::string_view text, bool absent, Asker& asker) {
    const Flight* const flight = asker.asked(answered_ + 1);
    if (flight == nullptr) return fail("an answer to what was not asked");
    const std::string_view defect = type == '-' ? text : "";
    if (std::exchange(waiting_, false)) {
        const bool copied = type == ':' && number_in(text) >= acks_;
        if (put_defect_.empty() && !copied) put_defect_ = "too few replicas have it";
        asker.answered(++answered_, put_defect_);
    } else if (flight->put && acks_ > 0) {
        put_defect_ = defect;
        waiting_ = true;
    } else if (flight->put || !defect.empty()) {
        asker.answered(++answered_, defect);
    } else {
        const bool whole = type == '$' && !absent && text.size() == value_size_;
        asker.answered(++answered_, whole ? "" : "a key was not found, or of another size");
    }
    return {};
}

}  // namespace grapevine::bench
