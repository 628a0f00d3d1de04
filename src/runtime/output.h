#pragma once
// How outcomes of operations look to a person or a script: lines and exit codes. Pure.

#include <string>
#include <string_view>

#include "client/client.h"

namespace grapevine {

// The exit codes of all programs.
enum class Exit : int {
    done = 0,
    negative = 1,   // not found, condition false, a trace that differs
    usage = 2,      // the command line or the input is wrong; nothing was done
    unchanged = 3,  // no service, unavailable; nothing was changed
    unknown =
        4,  // it was begun, and is not known to be done; kvnode: it ended before it could leave
};

// Control characters and bytes that are no UTF-8 as \n, \r, \t or \xHH; everything that prints as
// it is (a backslash too: for exact bytes there is --raw).
std::string escape(std::string_view bytes);

Exit exit_code(OutcomeKind kind);

// "not found", "condition false", "unavailable", "unknown", "invalid"; "OK".
std::string outcome_words(OutcomeKind kind);
// Of an operation that there is no memory for.
inline constexpr std::string_view full_word = "full";
// The same, and "full" of those that there is no memory for.
std::string outcome_words(const Outcome& outcome);

// The line on stdout, without its end: "OK, server3" for a put or delete, "K, V, server3" for a
// get, with ", 17.3" if the version is wanted; outcome_words() of others.
std::string output_line(const Operation& operation, const Outcome& outcome, bool show_version);

// The sentence on stderr; empty where the outcome is ok.
std::string explanation(const Operation& operation, const Outcome& outcome);

}  // namespace grapevine
