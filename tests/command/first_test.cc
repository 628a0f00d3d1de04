#include <catch2/catch.hpp>

#include "command/execute.h"
#include "command/memory_keys.h"

using namespace grapevine;
using namespace grapevine::command;

TEST_CASE("first commands") {
    MemoryKeys keys;
    Program program;
    program.commands = {{{"GET", "k"}},  {{"set", "k", "41"}}, {{"Incr", "k"}},
                        {{"GET", "k"}},  {{"DEL", "k", "x"}},  {{"GET"}},
                        {{"NONE", "a"}}, {{"INCR", "n"}}};
    CHECK(writes(program));
    CHECK(execute(program, keys) ==
          "_\r\n+OK\r\n:42\r\n$2\r\n42\r\n:1\r\n"
          "-ERR wrong number of arguments for 'get' command\r\n"
          "-ERR unknown command 'NONE', with args beginning with: 'a' \r\n:1\r\n");
    program.commands = {{{"GET", "k"}}, {{"SET", "k"}}};
    CHECK_FALSE(writes(program));
}
