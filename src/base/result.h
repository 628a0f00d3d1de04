#pragma once
// What a function returns that can fail for reasons outside the program: bad bytes, bad input, a
// port that is taken. Expected outcomes (not found, wrong primary) are values, not errors.

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace grapevine {

// A sentence for a person: what is wrong and, where there is one, the remedy.
struct Error {
    std::string message;
};

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

template <class... Args>
std::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected<Error>(Error{fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace grapevine
