#include "resp/request_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace grapevine::resp {

namespace {

// Empty memory of a large command is given back.
constexpr std::size_t buffer_kept = 64UZ * 1024;

// As Redis reads lengths: digits, no blanks, no plus sign, no leading zeros.
std::optional<std::int64_t> parse_length(std::string_view text) {
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    const bool leading_zero = digits.starts_with('0') && text.size() > 1;
    if (digits.empty() || leading_zero) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// The number behind `mark` at the beginning of `text`, as in "*3" or "$5", cut off with the end of
// its line. Nothing: it is not there, or not whole.
std::optional<std::size_t> cut_length(std::string_view& text, char mark) {
    if (!text.starts_with(mark)) return std::nullopt;
    const char* const end_of_text = text.data() + text.size();
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, end_of_text, value);
    if (error != std::errc{} || end_of_text - end < 2) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 2);
    return value;
}

}  // namespace

void RequestParser::feed(std::string_view bytes) {
    if (!error_.empty()) return;
    // Where more is left than was taken, moving it would cost more than it gives.
    if (consumed_ > 0 && consumed_ >= buffered()) {
        buffer_.erase(0, consumed_);
        position_ -= consumed_;
        for (Part& part : parts_) part.begin -= consumed_;
        consumed_ = 0;
    }
    if (buffer_.empty() && buffer_.capacity() > buffer_kept) buffer_ = {};
    buffer_.append(bytes);
}

RequestParser::Got RequestParser::next() {
    if (!error_.empty()) return Got::error;
    for (;;) {
        if (parts_left_ == 0 && rest().empty()) return Got::nothing;
        const bool is_array = parts_left_ > 0 || rest().front() == '*';
        const Step step = is_array ? read_array() : read_inline();
        if (step == Step::more) return Got::nothing;
        if (step == Step::failed) return Got::error;
        if (reads_past() || !parts_.empty()) return hand_out();
        if (!is_array && !words_.empty()) {
            args_.assign(words_.begin(), words_.end());
            return Got::command;
        }
        // An empty array or line says nothing, and is not answered.
    }
}

std::size_t RequestParser::look_ahead(std::span<std::string_view> keys) const {
    constexpr std::size_t parts_seen_max = 64;  // longer commands are not looked through
    std::size_t found = 0;
    std::string_view text = rest();
    while (parts_left_ == 0 && found < keys.size()) {
        const auto parts = cut_length(text, '*');
        if (!parts || *parts < 2 || *parts > parts_seen_max) break;
        std::string_view first;
        for (std::size_t i = 0; i < *parts; ++i) {
            const auto size = cut_length(text, '$');
            if (!size || text.size() < 2 || *size > text.size() - 2) return found;
            if (i == 1) first = text.substr(0, *size);
            text.remove_prefix(*size + 2);
        }
        keys[found++] = first;
    }
    return found;
}

RequestParser::Step RequestParser::fail(std::string what) {
    error_ = "Protocol error: " + std::move(what);
    buffer_ = {};
    parts_.clear();
    consumed_ = position_ = 0;
    return Step::failed;
}

RequestParser::Step RequestParser::read_inline() {
    const auto end = rest().find('\n');
    if (std::min(end, rest().size()) > limits_.line_max) return fail("too big inline request");
    if (end == std::string_view::npos) return Step::more;
    std::string_view line = rest().substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    words_.clear();
    if (!split_words(line, words_)) return fail("unbalanced quotes in request");
    consumed_ = position_ += end + 1;
    return Step::done;
}

RequestParser::Step RequestParser::read_line(std::string_view& line, std::string_view too_long) {
    const auto end = rest().find('\r');
    if (std::min(end, rest().size()) > limits_.line_max) return fail(std::string(too_long));
    if (end == std::string_view::npos) return Step::more;
    if (end + 1 >= rest().size()) return Step::more;  // the '\n' is still to come
    line = rest().substr(0, end);
    position_ += end + 2;
    return Step::done;
}

RequestParser::Step RequestParser::read_array() {
    if (parts_left_ == 0) {
        const Step step = read_header();
        if (step != Step::done) return step;
    }
    while (parts_left_ > 0) {
        const Step step = read_part();
        if (step != Step::done) return step;
    }
    return Step::done;
}

RequestParser::Step RequestParser::read_header() {
    std::string_view line;
    const Step step = read_line(line, "too big mbulk count string");
    if (step != Step::done) return step;
    const auto count = parse_length(line.substr(1));
    if (!count || *count > std::numeric_limits<std::int32_t>::max()) {
        return fail("invalid multibulk length");
    }
    if (*count <= 0) {
        consumed_ = position_;
        return Step::done;
    }
    parts_left_ = static_cast<std::uint64_t>(*count);
    weight_ = 0;
    if (parts_left_ > limits_.parts_max) got_ = Got::too_much;
    return Step::done;
}

RequestParser::Step RequestParser::read_part() {
    if (!in_body_) {
        const Step step = read_bulk_header();
        if (step != Step::done) return step;
    }
    const Step step = reads_past() ? skip_body() : read_body();
    if (step != Step::done) return step;
    in_body_ = false;
    --parts_left_;
    return Step::done;
}

RequestParser::Step RequestParser::read_bulk_header() {
    if (rest().empty()) return Step::more;
    std::string_view line;
    const Step step = read_line(line, "too big bulk count string");
    if (step != Step::done) return step;
    if (line.empty() || line.front() != '$') {
        return fail(fmt::format("expected '$', got '{}'", line.empty() ? '\r' : line.front()));
    }
    const auto size = parse_length(line.substr(1));
    if (!size || *size < 0 || std::cmp_greater(*size, limits_.bulk_max)) {
        return fail("invalid bulk length");
    }
    in_body_ = true;
    body_left_ = static_cast<std::size_t>(*size) + 2;  // Redis does not look at the last two either
    weight_ += body_left_;
    if (std::cmp_greater(*size, limits_.part_max)) {
        got_ = Got::too_large;
    } else if (weight_ > limits_.command_max && !reads_past()) {
        got_ = Got::too_much;
    }
    if (reads_past()) parts_.clear();
    return Step::done;
}

RequestParser::Step RequestParser::read_body() {
    if (rest().size() < body_left_) return Step::more;
    parts_.push_back({position_, body_left_ - 2});
    position_ += body_left_;
    return Step::done;
}

RequestParser::Step RequestParser::skip_body() {
    const std::size_t skipped = std::min(body_left_, rest().size());
    body_left_ -= skipped;
    consumed_ = position_ += skipped;
    return body_left_ == 0 ? Step::done : Step::more;
}

RequestParser::Got RequestParser::hand_out() {
    args_.clear();
    for (const Part& part : parts_) {
        args_.push_back(std::string_view(buffer_).substr(part.begin, part.size));
    }
    parts_.clear();
    consumed_ = position_;
    return std::exchange(got_, Got::command);
}

namespace {

bool is_blank(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

char escaped(char c) {
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'b':
            return '\b';
        case 'a':
            return '\a';
        default:
            return c;
    }
}

// Behind the opening quote at `at`; false where it is not closed, or text follows the closing one.
bool take_quoted(std::string_view line, std::size_t& at, char quote, std::string& word) {
    while (at < line.size()) {
        const char c = line[at];
        if (c == quote) {
            ++at;
            return at == line.size() || is_blank(line[at]);
        }
        const auto following = [&](std::size_t n) {
            return at + n < line.size() ? line[at + n] : '\0';
        };
        if (quote == '\'' && c == '\\' && following(1) == '\'') {
            word += '\'';
            at += 2;
        } else if (quote == '"' && c == '\\' && following(1) == 'x' && hex_digit(following(2)) &&
                   hex_digit(following(3))) {
            word += static_cast<char>(*hex_digit(following(2)) * 16 + *hex_digit(following(3)));
            at += 4;
        } else if (quote == '"' && c == '\\' && at + 1 < line.size()) {
            word += escaped(following(1));
            at += 2;
        } else {
            word += c;
            ++at;
        }
    }
    return false;
}

}  // namespace

bool split_words(std::string_view line, std::vector<std::string>& words) {
    std::size_t at = 0;
    for (;;) {
        while (at < line.size() && is_blank(line[at])) ++at;
        if (at == line.size()) return true;
        std::string word;
        while (at < line.size() && !is_blank(line[at])) {
            const char c = line[at++];
            if (c != '"' && c != '\'') {
                word += c;
            } else if (!take_quoted(line, at, c, word)) {
                return false;
            }
        }
        words.push_back(std::move(word));
    }
}

}  // namespace grapevine::resp
