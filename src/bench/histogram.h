#pragma once
// Counts of values in buckets that widen with the value, as in Tene's HdrHistogram: each power of
// two is divided into 128 steps, so a value is known to within 1/128 of itself (those below 256
// exactly) over the whole range of 64 bits, in 58 KiB. Debian has no such library for C or C++.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace grapevine::bench {

class Histogram {
public:
    Histogram();

    void add(std::uint64_t value);
    void add(const Histogram& other);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }  // exact; 0: empty
    // The smallest value that so many of `whole` do not exceed (nearest rank), rounded up to the
    // end of its step, but never above max(). 0: empty.
    [[nodiscard]] std::uint64_t at(std::uint64_t part, std::uint64_t whole) const;
    [[nodiscard]] std::uint64_t permille(unsigned thousandths) const {
        return at(thousandths, 1000);
    }

private:
    static constexpr unsigned step_bits = 7;
    static constexpr std::uint64_t steps = std::uint64_t{1} << step_bits;

    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t last_of(std::size_t bucket);

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace grapevine::bench
