#include "runtime/output.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace grapevine {

namespace {

// Length of the UTF-8 character that `bytes` begins with; 0: none, or a control character.
std::size_t printable_length(std::string_view bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const std::uint8_t first = byte(0);
    if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
    std::uint32_t code = first & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
        code = code << 6 | (byte(i) & 0x3f);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < 0xa0 || overlong || surrogate || code > 0x10ffff ? 0 : length;
}

std::string escaped_byte(char byte) {
    switch (byte) {
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            return fmt::format("\\x{:02x}", static_cast<std::uint8_t>(byte));
    }
}

// And what to do about it.
std::string why_false(const std::string& key, const Operation& operation, const Outcome& outcome) {
    if (outcome.version == Version{}) {
        return fmt::format("{} is not there; if-absent writes what is not", key);
    }
    const std::string has = fmt::format("{} has version {}", key, outcome.version);
    return operation.condition == Condition::absent
               ? has + "; write it without a condition, or if it still has this one"
               : has + "; read it again before you write it";
}

}  // namespace

std::string escape(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t length = printable_length(bytes);
        if (length == 0) {
            text += escaped_byte(bytes.front());
        } else {
            text += bytes.substr(0, length);
        }
        bytes.remove_prefix(length == 0 ? 1 : length);
    }
    return text;
}

Exit exit_code(OutcomeKind kind) {
    switch (kind) {
        case OutcomeKind::ok:
            return Exit::done;
        case OutcomeKind::not_found:
        case OutcomeKind::condition_failed:
            return Exit::negative;
        case OutcomeKind::invalid:
            return Exit::usage;
        case OutcomeKind::unavailable:
        case OutcomeKind::overloaded:
        case OutcomeKind::ended:
            return Exit::unchanged;
        case OutcomeKind::unknown:
            return Exit::unknown;
    }
    return Exit::unknown;
}

std::string outcome_words(OutcomeKind kind) {
    switch (kind) {
        case OutcomeKind::ok:
            return "OK";
        case OutcomeKind::not_found:
            return "not found";
        case OutcomeKind::condition_failed:
            return "condition false";
        case OutcomeKind::invalid:
            return "invalid";
        case OutcomeKind::unavailable:
        case OutcomeKind::overloaded:
        case OutcomeKind::ended:
            return "unavailable";
        case OutcomeKind::unknown:
            break;
    }
    return "unknown";
}

std::string outcome_words(const Outcome& outcome) {
    return outcome.full ? std::string(full_word) : outcome_words(outcome.kind);
}

std::string output_line(const Operation& operation, const Outcome& outcome, bool show_version) {
    if (outcome.kind != OutcomeKind::ok) return outcome_words(outcome);
    std::string line = operation.kind == OperationKind::get
                           ? fmt::format("{}, {}", escape(operation.key), escape(outcome.value))
                           : "OK";
    line += ", " + outcome.server_name;
    if (show_version) line += fmt::format(", {}", outcome.version);
    return line;
}

std::string explanation(const Operation& operation, const Outcome& outcome) {
    const std::string key = escape(operation.key);
    const auto with_detail = [&](const std::string& sentence) {
        return outcome.detail.empty() ? sentence : sentence + ": " + outcome.detail;
    };
    switch (outcome.kind) {
        case OutcomeKind::ok:
            return {};
        case OutcomeKind::not_found:
            return fmt::format(
                "{} is not found: it was never written, {}deleted since{}", key,
                outcome.restarted ? "" : "or ",
                outcome.restarted ? ", or lost: its partition has restarted empty" : "");
        case OutcomeKind::condition_failed:
            return "the condition is false, nothing was changed: " +
                   why_false(key, operation, outcome);
        case OutcomeKind::invalid:
            return with_detail("this cannot be done");
        case OutcomeKind::unavailable:
            return with_detail(outcome.full ? fmt::format("{} cannot grow", key)
                                            : fmt::format("{} is unavailable", key));
        case OutcomeKind::overloaded:
            return with_detail("nothing was sent, too much is under way");
        case OutcomeKind::ended:
            return with_detail(fmt::format(
                "{} was not {}", key, operation.kind == OperationKind::get ? "read" : "changed"));
        case OutcomeKind::unknown:
            return with_detail(fmt::format("it is unknown whether the write of {} was done", key));
    }
    return {};
}

}  // namespace grapevine
