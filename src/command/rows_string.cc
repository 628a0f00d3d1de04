#include "command/handlers.h"
#include "command/rows.h"

namespace grapevine::command {

namespace {

using namespace flag;

constexpr std::uint16_t read_modify = key_flag::rw | key_flag::access | key_flag::update;

constexpr CommandInfo rows_of_strings[] = {
    {.name = "get",
     .arity = 2,
     .flags = readonly | fast,
     .categories = category::string,
     .group = Group::string,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "The value of a key.",
     .keys = {.flags = key_flag::ro | key_flag::access, .first = 1},
     .handler = get},
    {.name = "incr",
     .arity = 2,
     .flags = write | denyoom | fast,
     .categories = category::string,
     .group = Group::string,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Adds one to the number that a key holds; an absent key counts as 0.",
     .keys = {.flags = read_modify, .first = 1},
     .handler = incr},
    {.name = "set",
     .arity = -3,
     .flags = write | denyoom,
     .categories = category::string,
     .group = Group::string,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Gives a key a value, under conditions and for a time where options say so.",
     .keys = {.flags = read_modify | key_flag::variable, .first = 1},
     .handler = set},
};

}  // namespace

std::span<const CommandInfo> string_rows() {
    return rows_of_strings;
}

}  // namespace grapevine::command
