#pragma once
// ASSERT(condition, "format {}", value...): our own mistake. On in every build; prints the place,
// the condition and the values to stderr and aborts. Never used for what others can send us.

#include <fmt/format.h>

#include <string>
#include <utility>

namespace grapevine {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line,
                                   const std::string& details);

inline std::string assertion_details() {
    return {};
}

template <class... Args>
std::string assertion_details(fmt::format_string<Args...> format, Args&&... args) {
    return fmt::format(format, std::forward<Args>(args)...);
}

}  // namespace grapevine

#define ASSERT(condition, ...)                                                          \
    do {                                                                                \
        if (!(condition)) [[unlikely]] {                                                \
            ::grapevine::assertion_failed(#condition, __FILE__, __LINE__,               \
                                          ::grapevine::assertion_details(__VA_ARGS__)); \
        }                                                                               \
    } while (false)
