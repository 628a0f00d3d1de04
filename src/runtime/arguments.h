#pragma once
// What the command line needs before its parser sees it. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace grapevine {

// The arguments without the program's name, in the form that the parser understands: it rejects
// "--val=" for lack of a value, but takes "--val" and an empty argument.
std::vector<std::string> prepare_arguments(int argc, const char* const* argv);

// Seconds, with up to six decimals: "5", "0.25". (0, max].
Result<Duration> parse_seconds(const std::string& text, Duration max);

// A member's name: what stands in a table and in a list without being taken for several. May be
// empty.
Result<std::string> parse_name(const std::string& text);

// A node's weight, with up to three decimals: "2", "0.5". 0.001 to 1000; in thousandths.
Result<std::uint32_t> parse_weight(const std::string& text);

// Megabytes (10^6 bytes) a second, with up to three decimals: "50", "0.5". 0.001 to 1000000; in
// bytes.
Result<std::uint64_t> parse_rate(const std::string& text);

// Bytes: "1500000", "600M", "1.5G" (K, M and G are 2^10, 2^20 and 2^30). Above 0.
Result<std::uint64_t> parse_size(const std::string& text);
// The same of --max-memory, which is 1 MiB at least: one that forgets the unit is told.
Result<std::uint64_t> parse_memory_max(const std::string& text);
inline constexpr std::uint64_t memory_max_least = std::uint64_t{1} << 20;

// "17.3": what --show-version prints and --if-version takes.
Result<Version> parse_version(const std::string& text);

}  // namespace grapevine
