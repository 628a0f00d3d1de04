#include "bench/statistics.h"

#include <catch2/catch.hpp>

using namespace grapevine::bench;

TEST_CASE("the nearest rank is the smallest that is enough", "[statistics]") {
    CHECK(nearest_rank(1, 0, 100) == 1);
    CHECK(nearest_rank(1, 100, 100) == 1);
    CHECK(nearest_rank(100, 99, 100) == 99);
    CHECK(nearest_rank(101, 99, 100) == 100);
    CHECK(nearest_rank(4, 1, 2) == 2);
    CHECK(nearest_rank(5, 1, 2) == 3);
}

TEST_CASE("a spread has the least, the middle and the most", "[statistics]") {
    const Spread odd = spread_of({3, 1, 2});
    CHECK(odd.min == 1);
    CHECK(odd.median == 2);
    CHECK(odd.max == 3);
    // It was the lower one of both, so that --rounds 2 told the worse round as the median.
    CHECK(spread_of({4, 1, 3, 2}).median == 2.5);
    CHECK(spread_of({7}).median == 7);
    CHECK(spread_of({}).max == 0);
    CHECK(spread_text({0.5, 0.25, 0.75}, 2) == "0.50 (0.25 to 0.75)");
    CHECK(spread_text({}, 2) == "-");
}

TEST_CASE("what chance gives a node of its share", "[statistics]") {
    const Expectation half = binomial(100, 1, 2);
    CHECK(half.mean == Approx(50));
    CHECK(half.sigma == Approx(5));
    const Expectation seventh = binomial(100'000, 1, 7);
    CHECK(seventh.mean == Approx(14285.714));
    CHECK(seventh.sigma == Approx(110.657));
    CHECK(binomial(10, 0, 3).sigma == 0);
    CHECK(binomial(10, 3, 3).mean == 10);
    CHECK(binomial(10, 3, 3).sigma == 0);
}
