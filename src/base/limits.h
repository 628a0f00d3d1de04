#pragma once
// Bounds of the protocol that every program checks on both sides of the wire.

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace grapevine {

inline constexpr std::size_t key_size_max = 64 * 1024;                       // bytes
inline constexpr std::size_t value_size_max = 16 * 1024 * 1024;              // bytes
inline constexpr std::size_t program_size_max = value_size_max + (1 << 20);  // bytes, as it is sent
// What a program changes, or shows of the store and writes, in one piece: a message to a backup has
// to hold it.
inline constexpr std::size_t outcome_size_max = 2 * value_size_max + (1 << 20);  // bytes
// What a program may be shown and write, in all: of values that it changes again and again, too.
inline constexpr std::size_t program_work_max = 6 * value_size_max;  // bytes
// What a program may do, in steps of about a nanosecond: a primary does nothing else meanwhile.
inline constexpr std::uint64_t program_steps_max = 20'000'000;
inline constexpr std::size_t frame_size_max = 64 * 1024 * 1024;  // bytes, header included
// Fits one Ethernet frame with room for tunnels (memberlist uses 1,400).
inline constexpr std::size_t datagram_size_max = 1400;  // bytes, header included
inline constexpr std::size_t copies_max = 9;            // --rep; past that every write crawls
inline constexpr std::size_t name_size_max = 64;        // bytes of a member's name or zone
inline constexpr std::size_t ancestors_max = 16;        // of a cluster that was founded anew
inline constexpr std::uint16_t protocol_version = 4;

// The longest deadline a client may set for one operation.
inline constexpr Duration deadline_max = 60s;
// How long an idle client's request ids are remembered, in partition time. More than twice
// deadline_max, so that a request that is refused as too old (half of this) had no deadline left.
inline constexpr Duration request_memory = 150s;

}  // namespace grapevine
