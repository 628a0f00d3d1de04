#include "runtime/background.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <thread>

namespace grapevine {

TEST_CASE("work is done on another thread, and its result told on the loop's") {
    Loop loop;
    Background background(loop);
    std::thread::id worker;
    std::thread::id told;
    background.run([&] { worker = std::this_thread::get_id(); },
                   [&] {
                       told = std::this_thread::get_id();
                       loop.stop();
                   });
    loop.run();
    CHECK(told == std::this_thread::get_id());
    CHECK(worker != std::thread::id{});
    CHECK(worker != told);
}

TEST_CASE("whoever is gone is not told, and the loop waits for the work") {
    bool is_done = false;
    bool is_told = false;
    {
        Loop loop;
        std::optional<Background> background(loop);
        background->run([&] { is_done = true; }, [&] { is_told = true; });
        background.reset();
    }
    CHECK(is_done);
    CHECK_FALSE(is_told);
}

}  // namespace grapevine
