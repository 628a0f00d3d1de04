#pragma once
// The comparison itself, for any subject: checks of Catch2.

#include <cstddef>
#include <cstdint>
#include <string>

#include "conformance/peer.h"

namespace grapevine::conformance {

// Every table of a folder, in RESP2 and in RESP3: `steps_min` commands or more, or the tables were
// not found. Deletes all keys of both.
void compare_tables(const std::string& folder, std::size_t steps_min, Reference& reference,
                    Peer& subject);

// The arguments that COMMAND DOCS tells of every command that both have. Beside a reference that is
// not Redis 7.0, nothing.
void compare_docs(Reference& reference, Peer& subject);

// Commands and patterns drawn at random from a seed. Deletes all keys of both.
void compare_random_commands(std::uint64_t seed, Reference& reference, Peer& subject);
void compare_random_patterns(std::uint64_t seed, Reference& reference, Peer& subject);

}  // namespace grapevine::conformance
