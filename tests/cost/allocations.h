#pragma once
// How often this process has asked for memory with new. Linking it replaces the global operators.

#include <cstdint>

namespace grapevine {

std::uint64_t allocations();

}  // namespace grapevine
