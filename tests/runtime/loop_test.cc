#include "runtime/loop.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/clock.h"

namespace grapevine {

TEST_CASE("a turn is taken at its deadline, and not much earlier") {
    Loop loop;
    const Time begin = boot_time();
    Time woken;
    Turn turn(loop, [&] {
        if (boot_time() < begin + 30ms) return;
        woken = boot_time();
        loop.stop();
    });
    turn.wake_at(begin, begin + 30ms);
    loop.run();
    CHECK(woken >= begin + 30ms);
    CHECK(woken < begin + 2s);
}

TEST_CASE("a deadline that has passed makes another turn at once") {
    Loop loop;
    int turns = 0;
    Turn turn(loop, [&] {
        if (++turns == 3) return loop.stop();
        turn.wake_at(boot_time(), boot_time() - 1s);
    });
    turn.again();
    loop.run();
    CHECK(turns == 3);
}

// After a stall both the timer and the socket are due. libuv runs the timer first; the Turn must
// come after the socket was read all the same.
TEST_CASE("after a stall sockets are read before deadlines are judged") {
    Loop loop;
    std::array<int, 2> pipe_ends{};
    REQUIRE(pipe(pipe_ends.data()) == 0);
    std::vector<std::string> order;
    Handle<uv_poll_t> readable(
        [&](uv_poll_t* poll) { return uv_poll_init(loop.get(), poll, pipe_ends[0]); }, &order);
    uv_poll_start(readable.get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
        static_cast<std::vector<std::string>*>(poll->data)->push_back("read");
        uv_poll_stop(poll);
    });
    Turn turn(loop, [&] {
        order.push_back("judged");
        loop.stop();
    });
    const Time now = boot_time();
    turn.wake_at(now, now + 5ms);
    while (boot_time() < now + 20ms) {
    }
    REQUIRE(write(pipe_ends[1], "x", 1) == 1);
    loop.run();
    CHECK(order == std::vector<std::string>{"read", "judged"});
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

}  // namespace grapevine
