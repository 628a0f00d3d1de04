#pragma once
// Many membership runs as a person reads them: a line of numbers for each, and a table for all.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/membership.h"

namespace grapevine::sim {

// One run as comma-separated values, times in microseconds; -1: not measured. The last field is the
// failure, with commas and line ends taken out.
std::string csv_header();
std::string to_csv(const MembershipResult& result);
Result<MembershipResult> parse_csv(std::string_view line);

struct Quantiles {
    std::size_t count = 0;
    std::int64_t p50 = 0;
    std::int64_t p90 = 0;
    std::int64_t p99 = 0;
    std::int64_t max = 0;
};
// Each is a number that was there (nearest rank), so p99 of fewer than 100 is the maximum.
Quantiles quantiles(std::vector<std::int64_t> numbers);

// Markdown.
std::string table_of(const std::vector<MembershipResult>& results);

}  // namespace grapevine::sim
