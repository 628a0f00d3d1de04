#include "command/glob.h"

#include <catch2/catch.hpp>
#include <string>

using namespace grapevine::command;

TEST_CASE("patterns match") {
    CHECK(glob_matches("", ""));
    CHECK(glob_matches("*", ""));
    CHECK(glob_matches("h?llo", "hello"));
    CHECK(glob_matches("h*llo", "heeeello"));
    CHECK(glob_matches("h[ae]llo", "hallo"));
    CHECK(glob_matches("h[^e]llo", "hallo"));
    CHECK(glob_matches("h[a-b]llo", "hbllo"));
    CHECK(glob_matches("h[b-a]llo", "hallo"));
    CHECK(glob_matches("a\\*b", "a*b"));
    CHECK(glob_matches("[\\]]", "]"));
    CHECK(glob_matches("a\\", "a\\"));
    CHECK(glob_matches("*a*b*", "xxaxxbxx"));
    CHECK(glob_matches("GET*", "getex", true));
    CHECK(glob_matches("[A-C]", "b", true));
}

TEST_CASE("patterns do not match") {
    CHECK_FALSE(glob_matches("", "a"));
    CHECK_FALSE(glob_matches("?", ""));
    CHECK_FALSE(glob_matches("h?llo", "hllo"));
    CHECK_FALSE(glob_matches("h[ae]llo", "hillo"));
    CHECK_FALSE(glob_matches("h[^e]llo", "hello"));
    CHECK_FALSE(glob_matches("a\\*b", "axb"));
    CHECK_FALSE(glob_matches("*a*b", "xxbxxa"));
    CHECK_FALSE(glob_matches("GET*", "getex"));
    CHECK_FALSE(glob_matches("[", "["));
}

TEST_CASE("stars do not multiply") {
    std::string pattern;
    for (int i = 0; i < 50; ++i) pattern += "a*";
    // 2^50 ways to try.
    CHECK_FALSE(glob_matches(pattern + "b", std::string(20'000, 'a')));
    CHECK(glob_matches(pattern, std::string(20'000, 'a')));
}
