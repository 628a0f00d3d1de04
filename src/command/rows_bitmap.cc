#include "command/handlers.h"
#include "command/rows.h"

namespace grapevine::command {

namespace {

constexpr CommandInfo commands_of_bitmap[] = {
    {.name = "bitcount",
     .arity = -2,
     .syntax = "key#0 [index=(start:integer end:integer [index_unit=(BYTE|BIT)@7.0.0])]",
     .flags = flag::readonly,
     .categories = category::bitmap,
     .group = Group::bitmap,
     .since = "2.6.0",
     .complexity = "O(N), N bytes",
     .summary = "How many bits of a value, or of a part of it, are set.",
     .keys = {.flags = key_flag::ro | key_flag::access, .first = 1},
     .handler = bitcount},
    {.name = "bitfield",
     .arity = -2,
     .syntax = "key#0 [operation=(GET encoding_offset=(encoding offset:integer)|write=([OVERFLOW "
               "wrap_sat_fail=(WRAP|SAT|FAIL)] write_operation=(SET "
               "encoding_offset_value=(encoding offset:integer value:integer)|INCRBY "
               "encoding_offset_increment=(encoding offset:integer increment:integer))))...]",
     .flags = flag::write | flag::denyoom,
     .categories = category::bitmap,
     .group = Group::bitmap,
     .since = "3.2.0",
     .complexity = "O(N), N bytes of the value",
     .summary = "Reads, sets and adds to numbers of any width within a value.",
     .keys = {.flags = key_flag::rw | key_flag::access | key_flag::update | key_flag::variable,
              .first = 1,
              .notes = "This command allows both access and modification of the key"},
     .handler = bitfield},
    {.name = "bitfield_ro",
     .arity = -2,
     .syntax = "key#0 [GET... encoding_offset=(encoding offset:integer)]",
     .flags = flag::readonly | flag::fast,
     .categories = category::bitmap,
     .group = Group::bitmap,
     .since = "6.0.0",
     .complexity = "O(1) for each number",
     .summary = "Reads numbers of any width within a value.",
     .keys = {.flags = key_flag::ro | key_flag::access, .first = 1},
     .handler = bitfield_ro},
    {.name = "bitop",
     .arity = -4,
     .syntax = "operation destkey#0 key#1...",
     .flags = flag::write | flag::denyoom,
     .categories = category::bitmap,
     .group = Group::bitmap,
     .since = "2.6.0",
     .complexity = "O(N), N bytes",
     .summary = "Combines values bit by bit and sets a key to the result.",
     .keys = {.flags = key_flag::ow | key_flag::update, .first = 2},
     .more_keys = {.flags = key_flag::ro | key_flag::access, .first = 3, .last = -1},
     .handler = bitop},
    {.name = "bitpos",
     .arity = -3,
     .syntax = "key#0 bit:integer [index=(start:integer [end_index=(end:integer "
               "[index_unit=(BYTE|BIT)@7.0.0])])]",
     .flags = flag::readonly,
     .categories = category::bitmap,
     .group = Group::bitmap,
     .since = "2.8.7",
     .complexity = "O(N), N bytes",
     .summary = "The position of the first bit that is set, or clear.",
     .keys = {.flags = key_flag::ro | key_flag::access, .first = 1},
     .handler = bitpos},
    {.name = "getbit",
     .arity = 3,
     .syntax = "key#0 offset:integer",
     .flags = flag::readonly | flag::fast,
     .categories = category::bitmap,
     .group = Group::bitmap,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "One bit of a value.",
     .keys = {.flags = key_flag::ro | key_flag::access, .first = 1},
     .handler = getbit},
    {.name = "setbit",
     .arity = 4,
     .syntax = "key#0 offset:integer value:integer",
     .flags = flag::write | flag::denyoom,
     .categories = category::bitmap,
     .group = Group::bitmap,
     .since = "2.2.0",
     .complexity = "O(N), N bytes of the value",
     .summary = "Sets or clears one bit of a value; what it was.",
     .keys = {.flags = key_flag::rw | key_flag::access | key_flag::update, .first = 1},
     .handler = setbit},
};

}  // namespace

std::span<const CommandInfo> bitmap_rows() {
    return commands_of_bitmap;
}

}  // namespace grapevine::command
