#pragma once
// What programs share that measure by hand: settings from the environment, and numbers from
// samples.

#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/statistics.h"

namespace grapevine::e2e {

inline std::string setting(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

// Nearest rank: the smallest that so many percent do not exceed. sorted: rising, not empty.
template <class Number>
Number percentile(const std::vector<Number>& sorted, std::size_t percent) {
    return sorted[bench::nearest_rank(sorted.size(), percent, 100) - 1];
}

}  // namespace grapevine::e2e
