#pragma once
// What programs say. Nothing is thrown where it cannot be written, as fmt::print would: the work
// goes on, and the program's end tells.

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace grapevine {

template <class... T>
void print_out(fmt::format_string<T...> format, T&&... values) {
    const std::string text = fmt::format(format, std::forward<T>(values)...);
    std::fwrite(text.data(), 1, text.size(), stdout);
}

template <class... T>
void print_err(fmt::format_string<T...> format, T&&... values) {
    const std::string text = fmt::format(format, std::forward<T>(values)...);
    std::fwrite(text.data(), 1, text.size(), stderr);
}

// The exit code of a program that would end with `code`: `unwritten` where nobody could read on
// stdout what it did.
inline int end_output(std::string_view program, int code, int unwritten) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    print_err("{}: what it has to say cannot be written: {}\n", program, std::strerror(errno));
    return code == 0 ? unwritten : code;
}

}  // namespace grapevine
