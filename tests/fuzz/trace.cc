// Lines of --trace and of stdin, and what is printed of any bytes.
#include "runtime/trace.h"

#include <algorithm>

#include "base/assert.h"
#include "fuzz/target.h"
#include "runtime/output.h"

namespace grapevine::fuzz {

namespace {

std::string quoted(std::string_view bytes) {
    std::string out = "\"";
    for (const char c : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    return out + "\"";
}

std::string condition_text(const Operation& operation) {
    switch (operation.condition) {
        case Condition::none:
            return "";
        case Condition::absent:
            return " if-absent";
        case Condition::version:
            return fmt::format(" if-version {}", operation.expected);
    }
    return "";
}

// The line that says the same.
std::string written(const TraceLine& line) {
    const Operation& operation = line.operation;
    constexpr std::string_view verbs[] = {"get", "put", "del"};
    std::string out = fmt::format("{} {}", verbs[static_cast<std::size_t>(operation.kind)],
                                  quoted(operation.key));
    if (operation.kind == OperationKind::put) out += " " + quoted(operation.value);
    out += condition_text(operation);
    if (!line.expected) return out;
    const Expectation& expected = *line.expected;
    out += " -> " + (expected.value
                         ? quoted(*expected.value)
                         : (expected.full ? std::string(full_word) : outcome_words(expected.kind)));
    if (!expected.server.empty()) out += ", " + quoted(expected.server);
    return out;
}

bool same(const Operation& a, const Operation& b) {
    return a.kind == b.kind && a.condition == b.condition && a.expected == b.expected &&
           a.key == b.key && a.value == b.value;
}

bool same(const std::optional<Expectation>& a, const std::optional<Expectation>& b) {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->kind == b->kind && a->full == b->full && a->value == b->value &&
           a->server == b->server;
}

void check_line(std::string_view text) {
    const auto line = parse_trace_line(text);
    if (!line) {
        ASSERT(!line.error().message.empty(), "refused without a reason");
        return;
    }
    if (!*line) return;
    const std::string again_text = written(**line);
    const auto again = parse_trace_line(again_text);
    ASSERT(again && *again, "{} is refused", again_text);
    ASSERT(same((**again).operation, (**line).operation), "{} is another operation", again_text);
    ASSERT(same((**again).expected, (**line).expected), "{} expects another thing", again_text);
    // An outcome that is what was expected does not differ from it.
    if ((*line)->expected) {
        const Expectation& expected = *(*line)->expected;
        Outcome outcome;
        outcome.kind = expected.kind;
        outcome.value = expected.value.value_or("");
        outcome.server_name = expected.server;
        ASSERT(mismatch(**line, outcome).empty(), "{}", mismatch(**line, outcome));
        outcome.kind = OutcomeKind::overloaded;
        ASSERT(!mismatch(**line, outcome).empty(), "{} does not look at the outcome", again_text);
    }
}

void run(std::string_view text) {
    check_line(text);
    const std::string shown = escape(text);
    ASSERT(std::ranges::none_of(
               shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }),
           "control characters are printed");
    ASSERT(escape(shown) == shown, "what was escaped does not print");
}

std::vector<std::string> seeds(Samples&) {
    return {"# a comment",
            "put key1 value1 -> OK",
            "get key1 -> value1, server3",
            "get \"a \\\"key\\\\\\x00\\n\\r\\t\" -> not found",
            "put key1 value2 if-absent -> condition false",
            "put key1 \"\" if-version 3.1 -> OK, server3",
            "del key1 if-version 3.2 -> unavailable",
            "del key1 -> unknown",
            "get key1 -> invalid",
            "get \"->\" -> \"->\", \"\"",
            "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x87 \xff\xc3"};
}

}  // namespace

const Target trace{"trace", run, seeds, 512};

}  // namespace grapevine::fuzz
