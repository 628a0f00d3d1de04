#pragma once
// What a command takes behind its name: a line of text in the row of the table, close to what
// redis-cli shows, that is read where COMMAND DOCS is asked for it.
//
//     key#0 value [condition=(NX|XX)@2.6.12] [GET@6.2.0] [expiration=(EX seconds:integer|KEEPTTL)]
//
//     name           a string
//     name:type      another type, as Redis calls it: integer, double, pattern, unix-time, ...
//     name#0         a key, which spec 0 of the command's keys finds
//     name=(a b)     all of these, in this order
//     name=(a|b)     one of these
//     WORD           this word; it begins with a capital, and its name is the same in lower case
//     WORD name      the word and behind it the other
//     WORD... name   the same several times, each time with the word
//     item...        several times
//     item@7.0.0     since this version
//     item@-7.0.0    deprecated since this version
//     [item]         may be left out; nothing follows the bracket
//
// A space separates items. Of this folder and its tests; any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/reply.h"

namespace grapevine::command {

struct Parameter {
    std::string name;
    std::string_view type = "string";  // as Redis calls it
    int key_spec = -1;                 // of a key; -1: it is none
    std::string_view token = {};       // the word in front; of "pure-token", all there is
    std::string_view since = {};
    std::string_view deprecated_since = {};
    bool optional = false;
    bool multiple = false;
    bool multiple_token = false;
    std::vector<Parameter> parts = {};  // of "block" and "oneof"
};

// Nothing where the line is none.
[[nodiscard]] std::optional<std::vector<Parameter>> parse_syntax(std::string_view line);

// As COMMAND DOCS tells them.
void reply_parameters(Reply& reply, const std::vector<Parameter>& parameters);

}  // namespace grapevine::command
