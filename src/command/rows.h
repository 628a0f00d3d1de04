#pragma once
// The rows of the table, a file for each group. Of this folder alone.

#include <span>

#include "command/table.h"

namespace grapevine::command {

std::span<const CommandInfo> string_rows();   // rows_string.cc
std::span<const CommandInfo> generic_rows();  // rows_generic.cc

}  // namespace grapevine::command
