// Keys: which slot, beside a dumb model of the rule.
#include "base/assert.h"
#include "base/hash.h"
#include "fuzz/target.h"

namespace grapevine::fuzz {

namespace {

std::uint32_t crc16_bit_by_bit(std::string_view bytes) {
    std::uint32_t crc = 0;
    for (const char c : bytes) {
        crc ^= static_cast<std::uint32_t>(static_cast<std::uint8_t>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1;
        }
    }
    return crc;
}

// Between the first { and the first } behind it, unless that is empty; else all.
std::string_view hashed_part(std::string_view key) {
    std::size_t open = 0;
    while (open < key.size() && key[open] != '{') ++open;
    for (std::size_t close = open + 1; close < key.size(); ++close) {
        if (key[close] != '}') continue;
        return close == open + 1 ? key : key.substr(open + 1, close - open - 1);
    }
    return key;
}

void run(std::string_view key) {
    const std::uint32_t slot = slot_of_key(key);
    const std::uint32_t expected = crc16_bit_by_bit(hashed_part(key)) % slot_count;
    ASSERT(slot == expected, "slot {}, not {}", slot, expected);
    for (std::uint32_t partitions = 1; partitions <= slot_count; partitions *= 2) {
        const PartitionId partition = partition_of_key(key, partitions);
        ASSERT(partition.value == slot * partitions / slot_count, "slot {} of {} in {}", slot,
               partitions, partition);
    }
}

std::vector<std::string> seeds(Samples&) {
    return {"",           "123456789",  "key1",    "{user1000}.following",
            "foo{}{bar}", "foo{{bar}}", "foo{bar", "foo{bar}{zap}",
            "}{",         "{}"};
}

}  // namespace

const Target slot{"slot", run, seeds, 512};

}  // namespace grapevine::fuzz
