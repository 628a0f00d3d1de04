#include "command/program.h"

#include <catch2/catch.hpp>

using namespace grapevine;
using namespace grapevine::command;

namespace {

Program sample() {
    Program program;
    program.atomic = true;
    program.watched = {{"k", Version{Epoch{3}, 300}}, {"", Version{}}};
    program.commands = {{{"SET", "k", std::string_view("\0\r\n", 3)}}, {{"GET", ""}}};
    return program;
}

}  // namespace

TEST_CASE("a program is read as it was written") {
    const std::string bytes = encode(sample());
    const auto program = decode(bytes);
    REQUIRE(program);
    CHECK(program->atomic);
    REQUIRE(program->watched.size() == 2);
    CHECK(program->watched[0].key == "k");
    CHECK((program->watched[0].version == Version{Epoch{3}, 300}));
    REQUIRE(program->commands.size() == 2);
    CHECK(program->commands[0].args == sample().commands[0].args);
    CHECK(program->commands[1].args == sample().commands[1].args);
    CHECK(encode(*program) == bytes);
}

TEST_CASE("a program that ends too early or too late is none") {
    const std::string bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO(size);
        CHECK_FALSE(decode(std::string_view(bytes).substr(0, size)));
    }
    CHECK_FALSE(decode(bytes + '\0'));
}

TEST_CASE("programs that say what cannot be are refused") {
    const auto refused = [](std::string_view bytes) { return !decode(bytes).has_value(); };
    using namespace std::string_view_literals;
    CHECK(decode("\0\0\0"sv));          // no commands at all
    CHECK(refused("\2\0\0"sv));         // atomic: 2
    CHECK(refused("\0\0\1\0"sv));       // a command without a name
    CHECK(refused("\0\0\1\0\0"sv));     // the same, and room for one
    CHECK(refused("\0\1\1k\0\0\0"sv));  // watched, but not atomic
    CHECK(decode("\1\1\1k\0\0\0"sv));
    CHECK(refused("\0\0\xff\xff\xff\xff\x0f"sv));  // 4 billion commands in no bytes
    CHECK(refused("\0\0\1\1\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"sv));  // a size of 2^63
    CHECK(refused("\0\0\1\1\x83\0xyz"sv));  // a number with a zero on top
}
