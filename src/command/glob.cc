#include "command/glob.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace grapevine::command {

namespace {

char fold(char c, bool any_case) {
    return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool between(char low, char high, char c) {
    const auto number = [](char x) { return static_cast<std::uint8_t>(x); };
    if (number(low) > number(high)) std::swap(low, high);
    return number(low) <= number(c) && number(c) <= number(high);
}

// What one place of a pattern says of one byte.
struct Step {
    std::size_t size = 0;  // bytes of the pattern
    bool matches = false;
};

// `pattern` begins behind the '['. A set that does not end is one up to the end of the pattern.
Step match_set(std::string_view pattern, char c, bool any_case) {
    std::size_t at = 0;
    const bool inverted = pattern.starts_with('^');
    if (inverted) ++at;
    bool found = false;
    for (; at < pattern.size() && pattern[at] != ']'; ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) {
            found |= pattern[++at] == c;
        } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
            found |= between(fold(pattern[at], any_case), fold(pattern[at + 2], any_case),
                             fold(c, any_case));
            at += 2;
        } else {
            found |= fold(pattern[at], any_case) == fold(c, any_case);
        }
    }
    return {std::min(at + 1, pattern.size()), found != inverted};
}

// `pattern` is not empty and does not begin with a star.
Step match_one(std::string_view pattern, char c, bool any_case) {
    switch (pattern[0]) {
        case '?':
            return {1, true};
        case '[': {
            const Step set = match_set(pattern.substr(1), c, any_case);
            return {1 + set.size, set.matches};
        }
        case '\\':
            if (pattern.size() > 1) {
                return {2, fold(pattern[1], any_case) == fold(c, any_case)};
            }
            [[fallthrough]];
        default:
            return {1, fold(pattern[0], any_case) == fold(c, any_case)};
    }
}

}  // namespace

// Where the rest does not match, it is enough to let the last star take one byte more: what stands
// between two stars may match at its first place.
bool glob_matches(std::string_view pattern, std::string_view text, bool any_case,
                  std::uint64_t* budget) {
    if (budget != nullptr && *budget == 0) return false;
    std::size_t at = 0;
    std::size_t in_text = 0;
    std::size_t star = std::string_view::npos;  // behind the last one
    std::size_t star_end = 0;                   // what it took ends here
    while (in_text < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = ++at;
            star_end = in_text;
            continue;
        }
        const Step step =
            at < pattern.size() ? match_one(pattern.substr(at), text[in_text], any_case) : Step{};
        if (budget != nullptr) {
            *budget -= std::min<std::uint64_t>(*budget, 1 + step.size);
            if (*budget == 0) return false;
        }
        if (step.matches) {
            at += step.size;
            ++in_text;
            continue;
        }
        if (star == std::string_view::npos) return false;
        at = star;
        in_text = ++star_end;
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

}  // namespace grapevine::command
