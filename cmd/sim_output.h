#pragma once
// What ./sim says on stdout. Nothing is thrown where that cannot be written: the runs go on, and
// the end tells.

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace grapevine {

// At once, also where it is not a terminal.
inline void say(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

// The exit code of a program that would end with `code`: nobody has read a verdict that could not
// be written.
inline int unless_unwritten(int code, int failure) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    fmt::print(stderr, "sim: what it has to say cannot be written: {}\n", std::strerror(errno));
    return code == 0 ? failure : code;
}

}  // namespace grapevine
