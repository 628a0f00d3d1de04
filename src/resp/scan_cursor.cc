#include "resp/scan_cursor.h"

#include <bit>
#include <tuple>

#include "base/assert.h"
#include "base/hash.h"

namespace grapevine::resp {

namespace {

constexpr int cursor_bits = 63;
constexpr int tag_bits = 15;

int partition_bits(std::uint32_t partitions) {
    ASSERT(std::has_single_bit(partitions), "{}", partitions);
    return std::countr_zero(partitions);
}

int position_bits(std::uint32_t partitions) {
    return cursor_bits - tag_bits - partition_bits(partitions);
}

// What is left of a partition's own cursor.
std::uint64_t rounded(std::uint64_t position, std::uint32_t partitions) {
    return position >> (64 - position_bits(partitions));
}

}  // namespace

std::uint16_t scan_tag(NodeId node) {
    const std::uint64_t value = node.value;
    const std::string_view bytes(reinterpret_cast<const char*>(&value), sizeof value);
    const auto tag = static_cast<std::uint16_t>(hash64(bytes, 0x5ca4) >> (64 - tag_bits));
    return tag == 0 ? 1 : tag;
}

std::uint64_t encode_place(const ScanPlace& place, std::uint32_t partitions) {
    const int bits = position_bits(partitions);
    return std::uint64_t{place.partition.value} << (bits + tag_bits) |
           std::uint64_t{place.tag} << bits | rounded(place.position, partitions);
}

ScanPlace decode_place(std::uint64_t cursor, std::uint32_t partitions) {
    const int bits = position_bits(partitions);
    const std::uint64_t partition = cursor >> (bits + tag_bits);
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    return {.partition = PartitionId{static_cast<std::uint32_t>(partition)},
            .tag = static_cast<std::uint16_t>(cursor >> bits & ((1U << tag_bits) - 1)),
            .position = (cursor & mask) << (64 - bits)};
}

bool is_past(const ScanPlace& place, const ScanPlace& began, std::uint32_t partitions) {
    const auto of = [&](const ScanPlace& of_place) {
        return std::tuple(of_place.partition, rounded(of_place.position, partitions));
    };
    return of(place) > of(began);
}

}  // namespace grapevine::resp
