#pragma once
// Lines of a file, a pipe or a terminal, read without stopping the loop.

#include <uv.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "runtime/loop.h"

namespace grapevine {

class LineSource {
public:
    // Of a put with the largest key and value, every byte escaped, and some words.
    static constexpr std::size_t line_size_max = 4 * (key_size_max + value_size_max) + 1024;

    struct Events {
        std::function<void(std::string_view)> line;  // without its end
        // After the last line. An error names what ended the input instead.
        std::function<void(const std::string& error)> end;
    };

    // Begins to read. `fd` stays the caller's.
    LineSource(Loop& loop, int fd, Events events);

    // Lines of the block that was read last may still come.
    void pause();
    void resume();

private:
    void read_block();
    void finish(const std::string& error);

    int fd_;
    Events events_;
    std::optional<Handle<uv_poll_t>> poll_;  // none: a file, which is always readable
    Handle<uv_idle_t> idle_;
    std::string begun_;
    bool ended_ = false;
};

}  // namespace grapevine
