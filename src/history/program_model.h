#pragma once
// What programs (command/program.h) do to a few keys and answer, by definition, apart from the
// library that executes them: to judge it, and all that carries it. Knows the commands that the
// loads of tests and simulator have: GET, SET with NX and GET, GETDEL, DEL, INCR, INCRBY, APPEND,
// MSET, MGET, STRLEN, EXISTS.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace grapevine {

using ModelContents = std::map<std::string, std::string>;

// Executes it and returns the reply in bytes. The program is one, of commands named above, in their
// right form: anything else is a mistake of the caller.
std::string execute_on_model(ModelContents& contents, std::string_view program);

// The keys that it names, each as often as it is named.
std::vector<std::string> program_keys(std::string_view program);
// Whatever is there, it is replaced, and the answer does not depend on it: MSET, and SET without
// options.
bool is_blind_program(std::string_view program);

// "INCR {a}n; APPEND {a}log x"; "atomic: " before it where it is.
std::string program_text(std::string_view program);
// A reply on one line: "+OK", ":5", "$abc", "_", "[:1 $x]"; several one after the other.
std::string reply_text(std::string_view reply);

}  // namespace grapevine
