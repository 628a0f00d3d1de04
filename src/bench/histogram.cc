#include "bench/histogram.h"

#include <bit>

#include "base/assert.h"
#include "bench/statistics.h"

namespace grapevine::bench {

// Below 2 * steps each value has a bucket; above, each power of two has `steps` of them.
Histogram::Histogram() : counts_((64 - step_bits + 1) * steps) {}

std::size_t Histogram::bucket_of(std::uint64_t value) {
    if (value < 2 * steps) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - step_bits - 1;
    return shift * steps + (value >> shift);
}

std::uint64_t Histogram::last_of(std::size_t bucket) {
    if (bucket < 2 * steps) return bucket;
    const std::size_t shift = bucket / steps - 1;
    const std::uint64_t first = (bucket - shift * steps) << shift;
    return first + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::add(std::uint64_t value) {
    ++counts_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::at(std::uint64_t part, std::uint64_t whole) const {
    if (count_ == 0) return 0;
    std::uint64_t left = nearest_rank(count_, part, whole);
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        if (counts_[bucket] >= left) return std::min(last_of(bucket), max_);
        left -= counts_[bucket];
    }
    ASSERT(false, "the counts are fewer than {}", count_);
    return max_;
}

}  // namespace grapevine::bench
