#include "base/address.h"

#include <catch2/catch.hpp>

using namespace grapevine;

TEST_CASE("addresses survive printing and parsing", "[base]") {
    for (const char* text : {"127.0.0.1:7000", "0.0.0.0:1", "255.255.255.255:65535"}) {
        const auto address = parse_address(text);
        REQUIRE(address.has_value());
        CHECK(to_string(*address) == text);
    }
}

TEST_CASE("what is not an address is refused with a sentence", "[base]") {
    for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                             "127.0.0:7000", "256.0.0.1:7000", "127.0.0.1:7000x", "localhost:7000",
                             "1.2.3.4.5:7000", "-1.2.3.4:7000", "1..3.4:7000"}) {
        INFO(text);
        const auto address = parse_address(text);
        REQUIRE_FALSE(address.has_value());
        CHECK(address.error().message.find("127.0.0.1:7000") != std::string::npos);
    }
}
