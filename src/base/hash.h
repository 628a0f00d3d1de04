#pragma once
// Hashes that are part of the protocol: all machines and versions must agree on their values.

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace grapevine {

// XXH3, 64 bits, default secret (xxHash 0.8).
std::uint64_t hash64(std::string_view bytes);
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed);

// Number of hash slots, as in Redis Cluster.
inline constexpr std::uint32_t slot_count = 16384;

// CRC16 (XMODEM: polynomial 0x1021, initial value 0) of the key, or of what stands between the
// first '{' and the next '}' where that is not empty, modulo 16,384: the rule of the Redis Cluster
// specification, "Hash tags", so that its clients can route.
std::uint32_t slot_of_key(std::string_view key);

// Neighbouring slots form a partition. `partitions` is a power of two from 1 to slot_count.
PartitionId partition_of_slot(std::uint32_t slot, std::uint32_t partitions);
inline PartitionId partition_of_key(std::string_view key, std::uint32_t partitions) {
    return partition_of_slot(slot_of_key(key), partitions);
}

}  // namespace grapevine
