#include "runtime/line_source.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "runtime/socket_fixture.h"

namespace grapevine {
namespace {

struct Lines {
    std::vector<std::string> lines;
    bool ended = false;
    LineSource::Events events() {
        return {.line = [this](std::string_view line) { lines.emplace_back(line); },
                .end = [this](const std::string& error) { ended = error.empty(); }};
    }
};

}  // namespace

TEST_CASE("lines of a pipe come as they are written, the last one without its end") {
    Loop loop;
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    Lines seen;
    LineSource source(loop, ends[0], seen.events());
    REQUIRE(write(ends[1], "one\ntw", 6) == 6);
    REQUIRE(run_until(loop, [&] { return seen.lines.size() == 1; }));
    REQUIRE(write(ends[1], "o\n\nlast", 7) == 7);
    close(ends[1]);
    REQUIRE(run_until(loop, [&] { return seen.ended; }));
    CHECK(seen.lines == std::vector<std::string>{"one", "two", "", "last"});
    close(ends[0]);
}

TEST_CASE("lines of a file are read to its end") {
    Loop loop;
    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    std::string text;
    for (int i = 0; i < 20000; ++i) text += "put key value\n";
    REQUIRE(std::fwrite(text.data(), 1, text.size(), file) == text.size());
    REQUIRE(std::fseek(file, 0, SEEK_SET) == 0);
    Lines seen;
    LineSource source(loop, fileno(file), seen.events());
    REQUIRE(run_until(loop, [&] { return seen.ended; }));
    CHECK(seen.lines.size() == 20000);
    std::fclose(file);
}

TEST_CASE("a paused source reads nothing") {
    Loop loop;
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    Lines seen;
    LineSource source(loop, ends[0], seen.events());
    source.pause();
    REQUIRE(write(ends[1], "one\n", 4) == 4);
    const Time begin = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > begin + 50ms; }));
    CHECK(seen.lines.empty());
    source.resume();
    CHECK(run_until(loop, [&] { return seen.lines.size() == 1; }));
    close(ends[0]);
    close(ends[1]);
}

}  // namespace grapevine
