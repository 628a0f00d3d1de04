#include "node/reminder.h"

#include <catch2/catch.hpp>

using namespace grapevine;

TEST_CASE("what is wrong is told after a while, then now and then, until it is right", "[node]") {
    constexpr Time start = time_from_us(5'000'000);
    Reminder reminder(1s, 10s);
    CHECK_FALSE(reminder.look(start, true));
    CHECK_FALSE(reminder.look(start + 999ms, true));
    CHECK_FALSE(reminder.said());
    CHECK(reminder.look(start + 1s, true));
    CHECK(reminder.said());
    CHECK_FALSE(reminder.look(start + 10'999ms, true));
    CHECK(reminder.look(start + 11s, true));
    // Right for a moment: a new patience.
    CHECK_FALSE(reminder.look(start + 12s, false));
    CHECK_FALSE(reminder.said());
    CHECK_FALSE(reminder.look(start + 22s, true));
    CHECK(reminder.look(start + 23s, true));
}
