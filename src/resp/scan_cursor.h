#pragma once
// The cursor of SCAN over all partitions. It is below 2^63, since some clients keep it signed:
//
//     partition (as many bits as there are of them) | tag: 15 bits | position: the rest
//
// A position is the upper bits of a partition's own cursor, rounded down, so that some keys may be
// told twice and none is left out. It means something to the node that told it alone: the tag says
// who that was, and where another node answers, the partition is gone through from its beginning.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"

namespace grapevine::resp {

struct ScanPlace {
    PartitionId partition;
    std::uint16_t tag = 0;       // 0: nobody's yet
    std::uint64_t position = 0;  // a cursor of the partition; 0: its beginning
};

// Never 0.
std::uint16_t scan_tag(NodeId node);

// `partitions` is a power of two. The place is not the beginning of the first partition.
std::uint64_t encode_place(const ScanPlace& place, std::uint32_t partitions);
// Of any number; partitions that are not there are the last one's end.
ScanPlace decode_place(std::uint64_t cursor, std::uint32_t partitions);
// What a client that is told `place` goes on from lies behind `began`.
bool is_past(const ScanPlace& place, const ScanPlace& began, std::uint32_t partitions);

}  // namespace grapevine::resp
