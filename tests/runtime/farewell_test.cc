#include "runtime/farewell.h"

#include <catch2/catch.hpp>

#include "runtime/socket_fixture.h"

namespace grapevine {

namespace {

// Takes connections and never answers.
class Silent {
public:
    Silent() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in place = to_sockaddr({.ip = 0x7f000001, .port = 0});
        socklen_t size = sizeof place;
        REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&place), size) == 0);
        REQUIRE(listen(fd_, 8) == 0);
        REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&place), &size) == 0);
        address_ = {.ip = 0x7f000001, .port = ntohs(place.sin_port)};
    }
    ~Silent() { close(fd_); }
    Silent(const Silent&) = delete;
    Silent& operator=(const Silent&) = delete;
    [[nodiscard]] Address address() const { return address_; }

private:
    int fd_;
    Address address_;
};

}  // namespace

TEST_CASE("nothing is said of those who stay before they have answered") {
    Loop loop;
    const Silent one;
    const Farewell::View view{.epoch = Epoch{5}, .staying = {one.address()}, .ended_are_in = false};
    bool is_over = false;
    const Time begun = boot_time();
    Farewell farewell(loop, [&] { return view; }, [&] { is_over = true; });
    CHECK(run_until(loop, [&] { return is_over; }));
    CHECK(boot_time() - begun >= farewell_max);
}

TEST_CASE("where nobody stays nothing is waited for") {
    Loop loop;
    bool is_over = false;
    Farewell farewell(loop, [] { return Farewell::View{}; }, [&] { is_over = true; });
    CHECK(run_until(loop, [&] { return is_over; }));
}

}  // namespace grapevine
