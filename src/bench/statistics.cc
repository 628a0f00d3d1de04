#include "bench/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace grapevine::bench {

std::uint64_t nearest_rank(std::uint64_t count, std::uint64_t part, std::uint64_t whole) {
    ASSERT(count > 0 && part <= whole && whole > 0);
    return std::max<std::uint64_t>((count * part + whole - 1) / whole, 1);
}

Spread spread_of(std::vector<double> numbers) {
    if (numbers.empty()) return {};
    std::ranges::sort(numbers);
    const double lower = numbers[(numbers.size() - 1) / 2];
    const double upper = numbers[numbers.size() / 2];
    return {.min = numbers.front(), .median = (lower + upper) / 2, .max = numbers.back()};
}

std::string spread_text(const std::vector<double>& numbers, int decimals) {
    if (numbers.empty()) return "-";
    const Spread spread = spread_of(numbers);
    return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", spread.median, decimals, spread.min,
                       decimals, spread.max, decimals);
}

Expectation binomial(std::uint64_t trials, std::uint64_t part, std::uint64_t whole) {
    ASSERT(part <= whole && whole > 0);
    const double chance = static_cast<double>(part) / static_cast<double>(whole);
    const double mean = static_cast<double>(trials) * chance;
    return {.mean = mean, .sigma = std::sqrt(mean * (1 - chance))};
}

}  // namespace grapevine::bench
