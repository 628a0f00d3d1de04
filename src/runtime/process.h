#pragma once
// What every program does with its own process.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace grapevine {

// Once, first thing in main(): lines on stdout leave at their end also into a pipe, a reader that
// goes away is an error rather than a death, and as many files may be open as the system allows.
void prepare_process();

// Bytes: of the machine, or of the control groups (version 1 or 2) that this process is in, where
// one has less.
std::uint64_t usable_memory();
// Bytes: the least that a control group or one that it is in may take. `groups`: of a process, as
// the system lists them (cgroups(7), /proc/self/cgroup); `root`: where they are mounted. Nothing:
// there is no bound.
std::optional<std::uint64_t> memory_bound(std::string_view groups, const std::string& root);

// "/usr/bin/kvnode" for a program that stands in /usr/bin, whatever the current directory.
std::string beside_this_program(const std::string& name);

// A fresh folder for the logs of one run: below $XDG_STATE_HOME, else below ~/.local/state, else in
// the folder for temporary files.
Result<std::string> make_log_folder();

// The folder, made if it is not there.
Result<std::string> use_log_folder(const std::string& path);

}  // namespace grapevine
