#pragma once
// -log2(hash / 2^64) in fixed point, by integers alone: std::log differs between CPUs (with and
// without fused multiply-add), and two machines must place a key alike.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace grapevine {

// Fraction bits of the result.
inline constexpr int neglog_bits = 48;

namespace neglog_detail {

// 1,024 segments, straight in between: off by less than 2^-22.
inline constexpr int segment_bits = 10;
inline constexpr std::size_t segments = std::size_t{1} << segment_bits;

// log2 of mantissa / 2^63, mantissa in [2^63, 2^64): squared, it says one bit after the other.
consteval std::uint64_t log2_of_mantissa(std::uint64_t mantissa) {
    __extension__ using Wide = unsigned __int128;
    std::uint64_t result = 0;
    for (int bit = 0; bit < neglog_bits; ++bit) {
        const Wide square = static_cast<Wide>(mantissa) * mantissa;
        const bool two_or_more = (square >> 127) != 0;
        mantissa = static_cast<std::uint64_t>(square >> (two_or_more ? 64 : 63));
        result = result << 1 | (two_or_more ? 1 : 0);
    }
    return result;
}

consteval std::array<std::uint64_t, segments + 1> make_table() {
    std::array<std::uint64_t, segments + 1> table{};
    for (std::size_t i = 0; i < segments; ++i) {
        table[i] = log2_of_mantissa((segments + i) << (63 - segment_bits));
    }
    table[segments] = std::uint64_t{1} << neglog_bits;
    return table;
}

inline constexpr auto table = make_table();

}  // namespace neglog_detail

// Falls (never rises) with growing hash; 64 << neglog_bits at most, for 0 and 1.
constexpr std::uint64_t neglog(std::uint64_t hash) {
    using namespace neglog_detail;
    constexpr int rest_bits = 63 - segment_bits;
    if (hash == 0) hash = 1;
    const int zeros = std::countl_zero(hash);
    const std::uint64_t fraction = (hash << zeros) & ~(std::uint64_t{1} << 63);
    const std::size_t segment = fraction >> rest_bits;
    // The table's steps have under 40 bits; 24 bits of the rest keep the product in 64.
    const std::uint64_t rest =
        (fraction & ((std::uint64_t{1} << rest_bits) - 1)) >> (rest_bits - 24);
    const std::uint64_t step = table[segment + 1] - table[segment];
    const std::uint64_t log2_fraction = table[segment] + ((step * rest) >> 24);
    return (static_cast<std::uint64_t>(zeros + 1) << neglog_bits) - log2_fraction;
}

}  // namespace grapevine
