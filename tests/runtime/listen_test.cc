#include "runtime/listen.h"

#include <catch2/catch.hpp>

#include "runtime/socket_address.h"

namespace grapevine {

TEST_CASE("without a wish the search for a port begins where the program says") {
    const auto plan = plan_listening({.port = {}, .advertise = {}, .search_from = 7001});
    REQUIRE(plan.has_value());
    CHECK(plan->where.port == 7001);
    CHECK(plan->where.search);
    CHECK(plan->warning.empty());
    CHECK(advertised_address(*plan, {.ip = 0x7f000001, .port = 7005}) ==
          Address{.ip = 0x7f000001, .port = 7005});
}

TEST_CASE("a port that was asked for is not searched") {
    for (const ListenOptions& options :
         {ListenOptions{.port = 7100, .advertise = {}, .search_from = 7001},
          ListenOptions{.port = {}, .listen = "localhost:7100", .advertise = {}}}) {
        const auto plan = plan_listening(options);
        REQUIRE(plan.has_value());
        CHECK(plan->where.port == 7100);
        CHECK_FALSE(plan->where.search);
    }
    CHECK_FALSE(plan_listening({.port = 7100, .listen = "127.0.0.1:7200", .advertise = {}}));
}

TEST_CASE("listening beyond loopback warns, and needs an address for others") {
    CHECK_FALSE(plan_listening({.port = {}, .listen = "0.0.0.0", .advertise = {}}));
    const auto plan = plan_listening({.port = {}, .listen = "0.0.0.0", .advertise = "10.1.2.3:9"});
    REQUIRE(plan.has_value());
    CHECK_FALSE(plan->warning.empty());
    CHECK(advertised_address(*plan, {.ip = 0, .port = 7005}) ==
          Address{.ip = 0x0a010203, .port = 9});
}

TEST_CASE("who could not be reached by its cluster is told so") {
    const ListenOptions loopback{.port = {}, .listen = "127.0.0.1", .advertise = {}};
    const ListenOptions beyond{.port = {}, .listen = "10.1.2.3", .advertise = {}};
    constexpr Address near{.ip = 0x7f000001, .port = 7000};
    constexpr Address far{.ip = 0x0a010204, .port = 7000};
    CHECK(plan_listening(loopback, {near}));
    CHECK(plan_listening(loopback, {far, near}));
    CHECK(plan_listening(beyond, {far}));
    const auto refused = plan_listening(loopback, {far});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.starts_with("10.1.2.4:7000 is on another machine"));
}

TEST_CASE("addresses in options may be names and lists, with a default port") {
    CHECK(resolve("127.0.0.1:7003", 7000).value() == Address{.ip = 0x7f000001, .port = 7003});
    CHECK(resolve("localhost", 7000).value() == Address{.ip = 0x7f000001, .port = 7000});
    CHECK(resolve_list("127.0.0.1,127.0.0.2:80", 7000).value() ==
          std::vector<Address>{{.ip = 0x7f000001, .port = 7000}, {.ip = 0x7f000002, .port = 80}});
    for (const char* bad : {"", ":7000", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                            "127.0.0.1:-1", "no such host", "7000", "7000:7000"}) {
        CAPTURE(bad);
        CHECK_FALSE(resolve(bad, 7000).has_value());
    }
    CHECK_FALSE(resolve_list("127.0.0.1,", 7000).has_value());
}

}  // namespace grapevine
