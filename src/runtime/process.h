#pragma once
// What every program does with its own process.

#include <string>

#include "base/result.h"

namespace grapevine {

// Once, first thing in main(): lines on stdout leave at their end also into a pipe, a reader that
// goes away is an error rather than a death, and as many files may be open as the system allows.
void prepare_process();

// Bytes: of the machine, or of the control group (version 1 or 2) that this process is in.
std::uint64_t usable_memory();

// "/usr/bin/kvnode" for a program that stands in /usr/bin, whatever the current directory.
std::string beside_this_program(const std::string& name);

// A fresh folder for the logs of one run: below $XDG_STATE_HOME, else below ~/.local/state, else in
// the folder for temporary files.
Result<std::string> make_log_folder();

// The folder, made if it is not there.
Result<std::string> use_log_folder(const std::string& path);

}  // namespace grapevine
