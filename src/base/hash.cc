#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <bit>

#include "base/assert.h"

namespace grapevine {

namespace {

using Crc16Table = std::array<std::uint16_t, 256>;

// tables[n][b]: what byte b adds when n bytes follow it, so that four bytes are looked up at once
// ("slicing": Kounavis and Berry, "A Systematic Approach to Building High Performance
// Software-Based CRC Generators", 2005).
constexpr std::array<Crc16Table, 4> make_crc16_tables() {
    std::array<Crc16Table, 4> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
        tables[0][byte] = static_cast<std::uint16_t>(crc);
    }
    for (std::size_t n = 1; n < tables.size(); ++n) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t crc = tables[n - 1][byte];
            tables[n][byte] = static_cast<std::uint16_t>((crc << 8) ^ tables[0][crc >> 8]);
        }
    }
    return tables;
}

constexpr auto crc16_tables = make_crc16_tables();

std::uint16_t crc16(std::string_view bytes) {
    std::uint32_t crc = 0;
    const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    for (; left >= 4; left -= 4, at += 4) {
        crc = std::uint32_t{crc16_tables[3][(crc >> 8) ^ at[0]]} ^
              crc16_tables[2][(crc & 0xff) ^ at[1]] ^ crc16_tables[1][at[2]] ^
              crc16_tables[0][at[3]];
    }
    for (; left > 0; --left, ++at) {
        crc = ((crc << 8) & 0xffff) ^ crc16_tables[0][(crc >> 8) ^ *at];
    }
    return static_cast<std::uint16_t>(crc);
}

std::string_view hash_tag(std::string_view key) {
    const auto open = key.find('{');
    if (open == std::string_view::npos) return key;
    const auto close = key.find('}', open + 1);
    if (close == std::string_view::npos || close == open + 1) return key;
    return key.substr(open + 1, close - open - 1);
}

}  // namespace

std::uint64_t hash64(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint32_t slot_of_key(std::string_view key) {
    return crc16(hash_tag(key)) % slot_count;
}

PartitionId partition_of_slot(std::uint32_t slot, std::uint32_t partitions) {
    ASSERT(std::has_single_bit(partitions) && partitions <= slot_count, "{}", partitions);
    ASSERT(slot < slot_count, "{}", slot);
    return PartitionId{slot / (slot_count / partitions)};
}

}  // namespace grapevine
