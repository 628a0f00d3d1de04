#include "runtime/arguments.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace grapevine {
namespace {

std::vector<std::string> prepared(std::vector<const char*> words) {
    words.insert(words.begin(), "client");
    return prepare_arguments(static_cast<int>(words.size()), words.data());
}

}  // namespace

TEST_CASE("an option with an empty value becomes two arguments") {
    using Words = std::vector<std::string>;
    CHECK(prepared({"--put", "k", "--val="}) == Words{"--put", "k", "--val", ""});
    CHECK(prepared({"--val=a=", "--=", "-", "x="}) == Words{"--val=a=", "--=", "-", "x="});
    CHECK(prepared({"--val", ""}) == Words{"--val", ""});
    CHECK(prepared({}).empty());
}

TEST_CASE("seconds are decimal, above zero and bounded") {
    const auto good = [](const char* text) { return parse_seconds(text, 60s).value(); };
    CHECK(good("5") == 5s);
    CHECK(good("0.25") == 250ms);
    CHECK(good("60") == 60s);
    CHECK(good("0.000001") == 1us);
    for (const char* bad : {"", "0", "-1", "1e3", "60.000001", "61", "5s", ".", "1.", "0.0000001",
                            " 5", "nan", "99999999999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_seconds(bad, 60s).has_value());
    }
}

TEST_CASE("names have no blanks and commas, and print") {
    for (const char* good : {"", "server1", "a.b-c_d", "\xc3\xa4ste"}) {
        CHECK(parse_name(good).value() == good);
    }
    for (const char* bad : {"a b", "a,b", "a\nb", "\x7f", "\xff", " "}) {
        CHECK_FALSE(parse_name(bad).has_value());
    }
    CHECK(parse_name("a\xff").error().message.starts_with("\"a\\xff\" is not a name"));
}

TEST_CASE("weights are decimal, in thousandths") {
    CHECK(parse_weight("2").value() == 2000);
    CHECK(parse_weight("0.5").value() == 500);
    CHECK(parse_weight("0.001").value() == 1);
    CHECK(parse_weight("1000").value() == 1'000'000);
    for (const char* bad : {"", "0", "0.000", "-1", "1000.001", "0.0001", "2x", ".5", "1."}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_weight(bad).has_value());
    }
}

TEST_CASE("rates are decimal megabytes, in bytes") {
    CHECK(parse_rate("50").value() == 50'000'000);
    CHECK(parse_rate("0.001").value() == 1000);
    for (const char* bad : {"", "0", "-1", "1000000.001", "0.0001", "5MB"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_rate(bad).has_value());
    }
}

TEST_CASE("sizes are bytes, or have a unit") {
    CHECK(parse_size("1500000").value() == 1'500'000);
    CHECK(parse_size("600M").value() == std::uint64_t{600} << 20);
    CHECK(parse_size("1.5g").value() == std::uint64_t{3} << 29);
    CHECK(parse_size("4K").value() == 4096);
    CHECK(parse_size("1048576G").value() == std::uint64_t{1} << 50);
    CHECK(parse_memory_max("1M").value() == std::uint64_t{1} << 20);
    CHECK(parse_memory_max("2").error().message.find("less than") != std::string::npos);
    for (const char* bad : {"", "0", "0M", "M", "1.5", "-1M", "1T", "1.0001G", "1048577G", "x"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_size(bad).has_value());
    }
}

TEST_CASE("versions are read as they are printed") {
    const auto version = parse_version("17.3");
    REQUIRE(version.has_value());
    CHECK(*version == Version{.epoch = Epoch{17}, .counter = 3});
    CHECK(parse_version(fmt::format("{}", *version)).value() == *version);
    for (const char* bad : {"", "17", "17.", ".3", "-1.3", "17.3.1", "a.b"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_version(bad).has_value());
    }
}

}  // namespace grapevine
