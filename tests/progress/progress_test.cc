#include "progress/progress.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace grapevine;

TEST_CASE("progress in words", "[base]") {
    CHECK(span_in_words(std::chrono::seconds(59)) == "59 s");
    CHECK(span_in_words(std::chrono::seconds(200)) == "3 min 20 s");
    CHECK(span_in_words(std::chrono::seconds(3900)) == "1 h 5 min");
    CHECK(fitted("[##...] 2 of 5 runs", 0) == "[##...] 2 of 5 runs");
    CHECK(fitted("[##...] 2 of 5 runs", 20) == "[##...] 2 of 5 runs");
    CHECK(fitted("[##...] 2 of 5 runs", 19) == "2 of 5 runs");
    CHECK(fitted("[##...] 2 of 5 runs", 7) == "2 of 5");
    CHECK(progress_text("runs", 0, 10, 0, std::chrono::seconds(-1)).ends_with("0 of 10 runs"));
    CHECK(progress_text("runs", 5, 10, 1, std::chrono::seconds(7))
              .ends_with("] 5 of 10 runs, 1 failed, 7 s left"));
    // What is done of the next one is in the bar.
    const auto width = [](std::size_t done, double part) {
        return std::ranges::count(
            progress_text("runs", done, 10, 0, std::chrono::seconds(-1), part), '#');
    };
    CHECK(width(5, 0) == 15);
    CHECK(width(5, 0.5) == 16);
    CHECK(width(9, 0.99) == 29);
    CHECK(width(10, 1) == 30);
}
