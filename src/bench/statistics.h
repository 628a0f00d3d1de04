#pragma once
// What a few measured numbers come to.

#include <cstdint>
#include <string>
#include <vector>

namespace grapevine::bench {

// Which of `count` sorted numbers, counted from 1, is the smallest that so many of `whole` do not
// exceed. Of a positive count.
std::uint64_t nearest_rank(std::uint64_t count, std::uint64_t part, std::uint64_t whole);

// The median of an even count is the mean of the two in the middle.
struct Spread {
    double min = 0;
    double median = 0;
    double max = 0;
};
Spread spread_of(std::vector<double> numbers);  // zeros where there are none

// "0.93 (0.90 to 0.95)": median, min and max; "-" where there are none.
std::string spread_text(const std::vector<double>& numbers, int decimals);

// How many of `trials` that go each with chance part/whole its way: what to expect.
struct Expectation {
    double mean = 0;
    double sigma = 0;  // the standard deviation
};
Expectation binomial(std::uint64_t trials, std::uint64_t part, std::uint64_t whole);

}  // namespace grapevine::bench
