#include "base/hash.h"

#include <catch2/catch.hpp>

#include "base/rng.h"

using namespace grapevine;

namespace {

// Bit by bit, as the polynomial says.
std::uint32_t slow_slot(std::string_view key) {
    std::uint32_t crc = 0;
    for (const char c : key) {
        crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x11021 : 0);
    }
    return crc % slot_count;
}

}  // namespace

TEST_CASE("slots of keys of all lengths are those of the polynomial", "[base]") {
    Rng rng(1);
    for (std::size_t size = 0; size < 300; ++size) {
        std::string key(size, 'x');
        for (char& c : key) c = static_cast<char>(128 + rng.below(128));  // no hash tags
        CHECK(slot_of_key(key) == slow_slot(key));
    }
}

TEST_CASE("slots are those of Redis Cluster", "[base]") {
    // "123456789" is the check value in the Redis Cluster specification (CRC16 0x31C3); the others
    // are what CLUSTER KEYSLOT answers.
    CHECK(slot_of_key("123456789") == 0x31C3);
    CHECK(slot_of_key("") == 0);
    CHECK(slot_of_key("foo") == 12182);
    CHECK(slot_of_key("bar") == 5061);
}

TEST_CASE("a hash tag alone decides the slot", "[base]") {
    CHECK(slot_of_key("{user1000}.following") == slot_of_key("{user1000}.followers"));
    CHECK(slot_of_key("a{foo}b") == slot_of_key("foo"));
    CHECK(slot_of_key("foo{{bar}}zap") == slot_of_key("{bar"));
    CHECK(slot_of_key("foo{bar}{zap}") == slot_of_key("bar"));
    // No tag: empty braces, or never closed.
    CHECK(slot_of_key("foo{}{bar}") != slot_of_key("bar"));
    CHECK(slot_of_key("{bar") != slot_of_key("bar"));
}

TEST_CASE("partitions are runs of neighbouring slots", "[base]") {
    CHECK(partition_of_slot(0, 1024) == PartitionId{0});
    CHECK(partition_of_slot(15, 1024) == PartitionId{0});
    CHECK(partition_of_slot(16, 1024) == PartitionId{1});
    CHECK(partition_of_slot(16383, 1024) == PartitionId{1023});
    CHECK(partition_of_slot(16383, 1) == PartitionId{0});
    CHECK(partition_of_slot(16383, 16384) == PartitionId{16383});
}

TEST_CASE("XXH3 has not changed", "[base]") {
    // Placement on disk and on the wire depends on it. Golden values of xxHash 0.8.
    CHECK(hash64("") == 0x2d06800538d394c2);
    CHECK(hash64("server1") == hash64("server1", 0));
    CHECK(hash64("server1", 1) != hash64("server1", 2));
}
