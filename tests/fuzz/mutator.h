#pragma once
// Broken messages: each input is one of the seeds, changed in a few places. The n-th is a function
// of the seeds and n alone, so that it can be had again without those before it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"

namespace grapevine::fuzz {

class Mutator {
public:
    // `seeds`: at least one. No input has more than `size_max` bytes.
    Mutator(std::vector<std::string> seeds, std::size_t size_max);

    [[nodiscard]] std::string input(std::uint64_t number) const;

private:
    const std::string& some_seed(Rng& rng) const;
    void change(std::string& bytes, Rng& rng) const;

    std::vector<std::string> seeds_;
    std::size_t size_max_;
};

}  // namespace grapevine::fuzz
