#pragma once
// The only source of chance in the cores: seeded, the same on every machine. Integers only, no
// std:: distributions (their results differ between libraries).
// xoshiro256** by Blackman and Vigna (2018), seeded through splitmix64 as its authors advise.

#include <array>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "base/time.h"

namespace grapevine {

class Rng {
public:
    explicit Rng(std::uint64_t seed) {
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15;
            std::uint64_t mixed = seed;
            mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
            word = mixed ^ (mixed >> 31);
        }
    }

    // Uniform over all 64 bits.
    std::uint64_t next() {
        const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotate(state_[3], 45);
        return result;
    }

    // Uniform in [0, bound), bound > 0. Multiply-shift; its bias is below bound / 2^64.
    std::uint64_t below(std::uint64_t bound) {
        ASSERT(bound > 0);
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }

    // Uniform in [low, high], both included.
    Duration between(Duration low, Duration high) {
        ASSERT(low <= high, "{} us > {} us", to_us(low), to_us(high));
        return low + Duration{static_cast<std::int64_t>(
                         below(static_cast<std::uint64_t>(to_us(high - low)) + 1))};
    }

    // True with probability numerator / denominator.
    bool chance(std::uint64_t numerator, std::uint64_t denominator) {
        return below(denominator) < numerator;
    }

    // A nonzero id, for the ids that are drawn rather than counted.
    template <class IdType>
    IdType draw() {
        for (;;) {
            const IdType id{next()};
            if (id) return id;
        }
    }

    template <class Container>
    void shuffle(Container& items) {
        for (std::size_t left = items.size(); left > 1; --left) {
            using std::swap;
            swap(items[left - 1], items[below(left)]);
        }
    }

private:
    static std::uint64_t rotate(std::uint64_t word, int bits) {
        return (word << bits) | (word >> (64 - bits));
    }

    std::array<std::uint64_t, 4> state_{};
};

}  // namespace grapevine
