#include "runtime/trace.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/arguments.h"
#include "runtime/output.h"

namespace grapevine {

namespace {

struct Token {
    std::string text;
    bool quoted = false;
    // A bare word, not a quoted one that reads the same.
    [[nodiscard]] bool is(std::string_view word) const { return !quoted && text == word; }
};

using Tokens = std::vector<Token>;

// What follows a backslash; false where that is nothing known.
bool take_escape(std::string_view& rest, std::string& text) {
    if (rest.empty()) return false;
    const char kind = rest.front();
    rest.remove_prefix(1);
    switch (kind) {
        case '"':
        case '\\':
            text += kind;
            return true;
        case 'n':
            text += '\n';
            return true;
        case 'r':
            text += '\r';
            return true;
        case 't':
            text += '\t';
            return true;
        case 'x':
            break;
        default:
            return false;
    }
    std::uint8_t byte = 0;
    if (rest.size() < 2) return false;
    const std::string digits(rest, 0, 2);  // from_chars wants the end of a text of its own
    const char* const digits_end = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), digits_end, byte, 16);
    if (error != std::errc{} || end != digits_end) return false;
    text += static_cast<char>(byte);
    rest.remove_prefix(2);
    return true;
}

Result<Token> take_quoted(std::string_view& rest) {
    Token token{.text = {}, .quoted = true};
    rest.remove_prefix(1);
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c == '"') return token;
        if (c != '\\') {
            token.text += c;
        } else if (!take_escape(rest, token.text)) {
            return fail("unknown escape; known are \\\" \\\\ \\n \\r \\t \\xHH");
        }
    }
    return fail("a quote is not closed");
}

// Words, quoted words and commas.
Result<Tokens> tokenize(std::string_view rest) {
    Tokens tokens;
    for (;;) {
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r"), rest.size()));
        if (rest.empty()) return tokens;
        if (rest.front() == '"') {
            auto token = take_quoted(rest);
            if (!token) return std::unexpected(token.error());
            tokens.push_back(std::move(*token));
        } else if (rest.front() == ',') {
            tokens.push_back({","});
            rest.remove_prefix(1);
        } else {
            const std::size_t size = std::min(rest.find_first_of(" \t\r,"), rest.size());
            tokens.push_back({std::string(rest.substr(0, size))});
            rest.remove_prefix(size);
        }
    }
}

// Takes "if-absent" or "if-version V" from `at` on; the rest must be empty.
Result<Condition> take_condition(const Tokens& tokens, std::size_t at, Version& expected) {
    if (at == tokens.size()) return Condition::none;
    if (tokens[at].is("if-absent") && at + 1 == tokens.size()) return Condition::absent;
    if (tokens[at].is("if-version") && at + 2 == tokens.size()) {
        const auto version = parse_version(tokens[at + 1].text);
        if (!version) return std::unexpected(version.error());
        expected = *version;
        return Condition::version;
    }
    return fail("\"{}\" is too much; expected if-absent, if-version V or ->", tokens[at].text);
}

Result<Operation> parse_operation(const Tokens& tokens) {
    Operation operation;
    std::size_t words = 2;
    if (tokens[0].is("put")) {
        operation.kind = OperationKind::put;
        words = 3;
    } else if (tokens[0].is("del")) {
        operation.kind = OperationKind::erase;
    } else if (!tokens[0].is("get")) {
        return fail("\"{}\" is not an operation; use put, get or del", tokens[0].text);
    }
    if (tokens.size() < words) {
        return fail("{} lacks its {}", tokens[0].text, tokens.size() < 2 ? "key" : "value");
    }
    operation.key = tokens[1].text;
    if (words == 3) operation.value = tokens[2].text;
    const auto condition = take_condition(tokens, words, operation.expected);
    if (!condition) return std::unexpected(condition.error());
    operation.condition = *condition;
    if (operation.kind == OperationKind::get && operation.condition != Condition::none) {
        return fail("a get has no condition");
    }
    if (operation.kind == OperationKind::erase && operation.condition == Condition::absent) {
        return fail("if-absent makes no sense with del");
    }
    return operation;
}

struct NamedKind {
    std::string_view first;
    std::string_view second;  // empty: one word
    OutcomeKind kind;
};
constexpr NamedKind named_kinds[] = {
    {"not", "found", OutcomeKind::not_found},
    {"condition", "false", OutcomeKind::condition_failed},
    {"unavailable", "", OutcomeKind::unavailable},
    {"unknown", "", OutcomeKind::unknown},
    {"invalid", "", OutcomeKind::invalid},
};

// The words before the comma.
Result<Expectation> parse_result(const Tokens& tokens, OperationKind operation) {
    Expectation expected;
    for (const NamedKind& named : named_kinds) {
        const std::size_t words = named.second.empty() ? 1 : 2;
        if (tokens.size() == words && tokens[0].is(named.first) &&
            (words == 1 || tokens[1].is(named.second))) {
            expected.kind = named.kind;
            return expected;
        }
    }
    if (tokens.size() == 1 && tokens[0].is(full_word)) {
        expected.kind = OutcomeKind::unavailable;
        expected.full = true;
        return expected;
    }
    if (tokens.size() != 1) return fail("after -> stands one word, or \"not found\" and the like");
    if (operation == OperationKind::get) {
        expected.value = tokens[0].text;
    } else if (!tokens[0].is("OK")) {
        return fail("a put or del is expected to be OK, not \"{}\"", tokens[0].text);
    }
    return expected;
}

Result<Expectation> parse_expectation(Tokens tokens, OperationKind operation) {
    std::string server;
    if (tokens.size() >= 3 && tokens[tokens.size() - 2].is(",")) {
        server = tokens.back().text;
        tokens.resize(tokens.size() - 2);
    }
    auto expected = parse_result(tokens, operation);
    if (expected) expected->server = server;
    return expected;
}

// As in a trace: the value of a get, "OK", or what else became of it; and the server.
std::string describe(const Outcome& outcome, const std::optional<std::string>& value,
                     const std::string& server) {
    if (outcome.kind != OutcomeKind::ok) return outcome_words(outcome);
    const std::string text = value ? escape(*value) : "OK";
    return server.empty() ? text : text + ", " + server;
}

}  // namespace

Result<std::optional<TraceLine>> parse_trace_line(std::string_view line) {
    auto tokens = tokenize(line);
    if (!tokens) return std::unexpected(tokens.error());
    if (tokens->empty() || (!tokens->front().quoted && tokens->front().text.starts_with('#'))) {
        return std::nullopt;
    }
    std::size_t arrow = 0;
    while (arrow < tokens->size() && !(*tokens)[arrow].is("->")) ++arrow;
    if (arrow == 0) return fail("no operation before ->");
    const auto middle = tokens->begin() + static_cast<std::ptrdiff_t>(arrow);
    auto operation = parse_operation({tokens->begin(), middle});
    if (!operation) return std::unexpected(operation.error());
    TraceLine result{.operation = std::move(*operation), .expected = {}};
    if (arrow < tokens->size()) {
        auto expected = parse_expectation({middle + 1, tokens->end()}, result.operation.kind);
        if (!expected) return std::unexpected(expected.error());
        result.expected = std::move(*expected);
    }
    return result;
}

std::string mismatch(const TraceLine& line, const Outcome& outcome) {
    if (!line.expected) return {};
    const Expectation& expected = *line.expected;
    const bool same = outcome.kind == expected.kind && outcome.full == expected.full &&
                      (!expected.value || *expected.value == outcome.value) &&
                      (expected.server.empty() || expected.server == outcome.server_name);
    if (same) return {};
    std::optional<std::string> value;
    if (line.operation.kind == OperationKind::get) value = outcome.value;
    Outcome wanted;
    wanted.kind = expected.kind;
    wanted.full = expected.full;
    return fmt::format("expected {}, got {}", describe(wanted, expected.value, expected.server),
                       describe(outcome, value, outcome.server_name));
}

}  // namespace grapevine
