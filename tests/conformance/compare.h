#pragma once
// How replies are compared where their bytes need not be the same.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace grapevine::conformance {

// Aggregates with their elements in order of bytes, at every depth.
[[nodiscard]] std::string in_order(std::string_view reply);

// Heads of aggregates and nulls as they are; of other replies, what kind they are.
[[nodiscard]] std::string kinds_in(std::string_view reply);

// The first element of an aggregate.
[[nodiscard]] std::string first_in(std::string_view reply);

// Of a text its lines: of `name:value` the name, of others how many words they have. Of a map, also
// one that RESP2 has as an array, its keys.
[[nodiscard]] std::multiset<std::string> lines_in(std::string_view reply);

// Two integers that differ by no more than that.
[[nodiscard]] bool are_near(std::string_view a, std::string_view b, std::int64_t tolerance);

}  // namespace grapevine::conformance
