#include "bench/histogram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "bench/statistics.h"

using namespace grapevine;
using bench::Histogram;

TEST_CASE("an empty histogram has nothing", "[histogram]") {
    const Histogram empty;
    CHECK(empty.count() == 0);
    CHECK(empty.max() == 0);
    CHECK(empty.permille(500) == 0);
}

TEST_CASE("small values are exact", "[histogram]") {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 100; ++value) histogram.add(value);
    CHECK(histogram.permille(0) == 1);
    CHECK(histogram.permille(10) == 1);
    CHECK(histogram.permille(500) == 50);
    CHECK(histogram.permille(990) == 99);
    CHECK(histogram.permille(991) == 100);
    CHECK(histogram.permille(1000) == 100);
}

TEST_CASE("any value is known to within a 128th of itself, and the greatest exactly",
          "[histogram]") {
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        for (const std::uint64_t value : {power - 1, power, power + power / 3}) {
            Histogram histogram;
            histogram.add(value);
            histogram.add(std::numeric_limits<std::uint64_t>::max());
            const std::uint64_t told = histogram.permille(500);
            INFO(value << " as " << told);
            CHECK(told >= value);
            CHECK(told - value <= value / 128);
            CHECK(histogram.permille(1000) == std::numeric_limits<std::uint64_t>::max());
        }
    }
}

TEST_CASE("percentiles are those of the sorted values", "[histogram]") {
    Rng rng(GENERATE(1, 2, 3));
    Histogram one;
    Histogram other;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 5000; ++i) {
        // Over many powers of two.
        values.push_back(rng.next() >> rng.below(60));
        (i % 2 == 0 ? one : other).add(values.back());
    }
    one.add(other);
    std::ranges::sort(values);
    CHECK(one.count() == values.size());
    CHECK(one.max() == values.back());
    for (unsigned permille = 0; permille <= 1000; ++permille) {
        const auto exact = values[bench::nearest_rank(values.size(), permille, 1000) - 1];
        const auto told = one.permille(permille);
        INFO(permille << ": " << exact << " as " << told);
        CHECK(told >= exact);
        CHECK(told - exact <= exact / 128);
    }
}
