#pragma once
// A whole file for a command line, before a loop runs.

#include <cstddef>
#include <string>

#include "base/result.h"

namespace grapevine {

// The bytes of a file, or of stdin where the path is "-". The error says why there are none: not
// there, a directory, unreadable, more than `size_max` bytes.
Result<std::string> read_file(const std::string& path, std::size_t size_max);

}  // namespace grapevine
