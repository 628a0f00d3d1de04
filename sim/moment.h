#pragma once
// Moments that a kill can be aimed at: right after a process has sent a message of a kind.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/messages.h"

namespace grapevine::sim {

enum class Moment : std::uint8_t {
    prepare,    // a proposer, before the promises
    promise,    // a voter that promised
    accept,     // a proposer, before anybody has voted
    accepted,   // a voter that voted
    decided,    // who tells a decision
    join,       // a joiner
    gather,     // a new primary, before it is active
    gathered,   // a copy that reported to it
    replicate,  // a primary, before anything is acknowledged
    acked,      // a copy that has acknowledged
    chunk,      // a primary that fills another
    filled,     // a member that is being filled
};

std::string_view to_string(Moment moment);
std::optional<Moment> parse_moment(std::string_view text);
// "prepare, promise, ...", for people.
std::string known_moments();

inline constexpr std::size_t moments = 12;

// Whether who sends this dies at that moment.
bool is_at(Moment moment, const Envelope& envelope);

}  // namespace grapevine::sim
