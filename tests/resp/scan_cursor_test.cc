#include "resp/scan_cursor.h"

#include <catch2/catch.hpp>
#include <cstdint>

namespace grapevine::resp {

TEST_CASE("a cursor holds a partition, who told it, and a position rounded down", "[resp]") {
    for (const std::uint32_t partitions : {1U, 2U, 1024U, 16384U}) {
        for (const std::uint32_t partition : {0U, partitions / 2, partitions - 1}) {
            for (const std::uint64_t position :
                 {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x123456789abcdef0},
                  ~std::uint64_t{0}}) {
                const ScanPlace place{PartitionId{partition}, 0x7abc, position};
                const std::uint64_t cursor = encode_place(place, partitions);
                CHECK(cursor < std::uint64_t{1} << 63);
                CHECK(cursor != 0);
                const ScanPlace again = decode_place(cursor, partitions);
                CHECK(again.partition == place.partition);
                CHECK(again.tag == place.tag);
                CHECK(again.position <= place.position);
                CHECK(place.position - again.position < std::uint64_t{1} << 30);
            }
        }
    }
    CHECK(scan_tag(NodeId{1}) != 0);
    CHECK(scan_tag(NodeId{1}) != scan_tag(NodeId{2}));
}

TEST_CASE("going on is told apart from standing still", "[resp]") {
    const ScanPlace began{PartitionId{3}, 0, std::uint64_t{5} << 40};
    CHECK_FALSE(is_past(began, began, 1024));
    CHECK_FALSE(is_past({PartitionId{3}, 0, began.position + 1}, began, 1024));
    CHECK(is_past({PartitionId{3}, 0, began.position + (std::uint64_t{1} << 40)}, began, 1024));
    CHECK(is_past({PartitionId{4}, 0, 0}, began, 1024));
    CHECK_FALSE(is_past({PartitionId{2}, 0, ~std::uint64_t{0}}, began, 1024));
}

}  // namespace grapevine::resp
