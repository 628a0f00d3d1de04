#include "runtime/system.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "runtime/clock.h"

using namespace grapevine;

// It was told in clock ticks of 10 ms, which is more than a server takes for many thousand
// operations.
TEST_CASE("what a process has used is told to less than a clock tick", "[runtime]") {
    for (int i = 0; i < 5; ++i) {
        const Duration before = cpu_of_self();
        const auto use = use_of_process(getpid());
        const Duration after = cpu_of_self();
        REQUIRE(use);
        CHECK(use->running);
        CHECK(use->rss > 0);
        CHECK(use->cpu >= before - 1ms);
        CHECK(use->cpu <= after + 1ms);
        for (const Time end = boot_time() + 3ms; boot_time() < end;) {
        }
    }
    CHECK_FALSE(use_of_process(0));
}
