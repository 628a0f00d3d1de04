#include "command/syntax.h"

#include <algorithm>
#include <utility>

namespace grapevine::command {

namespace {

constexpr std::string_view several = "...";
constexpr std::string_view behind_item = " ()[]|=#@";
constexpr std::string_view behind_word = " ()[]|=#@.";

bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

std::string small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small) c = is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c;
    return small;
}

bool is_type(std::string_view type) {
    constexpr std::string_view types[] = {"integer", "double", "pattern", "string", "unix-time"};
    return std::ranges::find(types, type) != std::end(types);
}

// Takes a line from its beginning on. Once something is wrong, what it takes is of no use.
class SyntaxReader {
public:
    explicit SyntaxReader(std::string_view line) : rest_(line) {}

    [[nodiscard]] bool at_end() const { return good_ && rest_.empty(); }

    // What separates them, a space or a bar, is known behind the first one.
    void take_parts(Parameter& whole) {
        whole.parts.push_back(take_item());
        const bool any = rest_.starts_with('|');
        whole.type = any ? "oneof" : "block";
        while (good_ && take(any ? "|" : " ")) whole.parts.push_back(take_item());
    }

private:
    Parameter take_item() {
        const bool optional = take("[");
        Parameter taken = take_plain();
        taken.optional = optional;
        if (optional) want("]");
        return taken;
    }

    Parameter take_plain() {
        Parameter taken;
        if (!rest_.empty() && is_capital(rest_[0])) take_token(taken);
        if (taken.type != "pure-token") take_named(taken);
        if (take(several)) taken.multiple = true;
        if (take("@-")) {
            taken.deprecated_since = take_until(behind_item);
        } else if (take("@")) {
            taken.since = take_until(behind_item);
        }
        return taken;
    }

    void take_token(Parameter& taken) {
        taken.token = take_until(behind_word);
        taken.multiple = taken.multiple_token = take("... ");
        // Another word, or what may be left out, does not belong to this one.
        const bool has_more =
            rest_.size() > 1 && rest_[0] == ' ' && rest_[1] != '[' && !is_capital(rest_[1]);
        if (taken.multiple || (has_more && take(" "))) return;
        taken.type = "pure-token";
        taken.name = small_letters(taken.token);
    }

    void take_named(Parameter& taken) {
        std::string_view word = take_until(behind_word);
        if (take("=")) {
            want("(");
            take_parts(taken);
            want(")");
        } else if (take("#")) {
            taken.type = "key";
            taken.key_spec = take_digit();
        } else if (const std::size_t colon = word.rfind(':'); colon != std::string_view::npos) {
            taken.type = word.substr(colon + 1);
            good_ = good_ && is_type(taken.type);
            word = word.substr(0, colon);
        }
        taken.name = word;
    }

    int take_digit() {
        good_ = good_ && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9';
        if (!good_) return 0;
        const int digit = rest_[0] - '0';
        rest_.remove_prefix(1);
        return digit;
    }

    // Of one letter or more.
    std::string_view take_until(std::string_view ends) {
        const std::string_view word = rest_.substr(0, rest_.find_first_of(ends));
        good_ = good_ && !word.empty();
        rest_.remove_prefix(word.size());
        return word;
    }

    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    void want(std::string_view text) { good_ = take(text) && good_; }

    std::string_view rest_;
    bool good_ = true;
};

void reply_text(Reply& reply, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    reply.bulk(name);
    reply.bulk(text);
}

void reply_flags(Reply& reply, const Parameter& told) {
    reply.bulk("flags");
    reply.set(std::size_t{told.optional} + std::size_t{told.multiple} +
              std::size_t{told.multiple_token});
    if (told.optional) reply.simple("optional");
    if (told.multiple) reply.simple("multiple");
    if (told.multiple_token) reply.simple("multiple_token");
}

void reply_parameter(Reply& reply, const Parameter& told) {
    const bool has_flags = told.optional || told.multiple;
    std::size_t fields = 2;
    for (const bool there : {told.key_spec >= 0, !told.token.empty(), !told.since.empty(),
                             !told.deprecated_since.empty(), has_flags, !told.parts.empty()}) {
        if (there) ++fields;
    }
    reply.map(fields);
    reply_text(reply, "name", told.name);
    reply_text(reply, "type", told.type);
    if (told.key_spec >= 0) {
        reply.bulk("key_spec_index");
        reply.integer(told.key_spec);
    }
    reply_text(reply, "token", told.token);
    reply_text(reply, "since", told.since);
    reply_text(reply, "deprecated_since", told.deprecated_since);
    if (has_flags) reply_flags(reply, told);
    if (told.parts.empty()) return;
    reply.bulk("arguments");
    reply_parameters(reply, told.parts);
}

}  // namespace

std::optional<std::vector<Parameter>> parse_syntax(std::string_view line) {
    SyntaxReader reader(line);
    Parameter whole;
    reader.take_parts(whole);
    if (!reader.at_end() || whole.type != "block") return {};
    return std::move(whole.parts);
}

void reply_parameters(Reply& reply, const std::vector<Parameter>& parameters) {
    reply.array(parameters.size());
    for (const Parameter& parameter : parameters) reply_parameter(reply, parameter);
}

}  // namespace grapevine::command
