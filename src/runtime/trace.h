#pragma once
// The text form of operations, one a line, for --trace and for the stream on stdin. Pure.
//
//   # a comment; empty lines are skipped too
//   put key1 value1                    -> OK
//   get key1                           -> value1
//   get key1                           -> value1, server3
//   get "a key"                        -> not found
//   put key1 value2 if-absent          -> condition false
//   put key1 value2 if-version 3.1     -> OK, server3
//   del key1 if-version 3.2            -> OK
//
// A word that is empty or holds spaces, quotes, commas or bytes that do not print is put in double
// quotes, with \" \\ \n \r \t \xHH. What follows "->" is expected; it may be left out, and so may
// the server. Other expectations: unavailable, unknown, invalid.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/client.h"

namespace grapevine {

struct Expectation {
    OutcomeKind kind = OutcomeKind::ok;
    bool full = false;                 // unavailable, and as `full`
    std::optional<std::string> value;  // of a get
    std::string server;                // empty: any
};

struct TraceLine {
    Operation operation;
    std::optional<Expectation> expected;
};

// Nothing: the line holds no operation.
Result<std::optional<TraceLine>> parse_trace_line(std::string_view line);

// What differs, for a person; empty where the outcome is as expected.
std::string mismatch(const TraceLine& line, const Outcome& outcome);

}  // namespace grapevine
