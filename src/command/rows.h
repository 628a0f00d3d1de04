#pragma once
// The rows of the table, a file for each group. Of this folder alone.

#include <span>

#include "command/table.h"

namespace grapevine::command {

std::span<const CommandInfo> bitmap_rows();
std::span<const CommandInfo> cluster_rows();
std::span<const CommandInfo> connection_rows();
std::span<const CommandInfo> generic_rows();
std::span<const CommandInfo> scripting_rows();
std::span<const CommandInfo> server_rows();
std::span<const CommandInfo> string_rows();
std::span<const CommandInfo> transactions_rows();

}  // namespace grapevine::command
