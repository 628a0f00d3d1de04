#include "bench/record.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>

using namespace grapevine::bench;

TEST_CASE("a result says what made it", "[record]") {
    const std::string about = describe_run({.commit = "abc", .command = "bench rebalance"});
    INFO(about);
    CHECK(about.starts_with("commit abc\n"));
    CHECK(about.ends_with("\nbench rebalance\n"));
    CHECK(about.find(" cores") != std::string::npos);
}

TEST_CASE("a CSV file begins with what it says of itself", "[record]") {
    const std::string path = std::filesystem::temp_directory_path() /
                             ("grapevine-record-" + std::to_string(getpid()) + ".csv");
    auto csv = CsvFile::open(path, "one\ntwo\n", "a,b");
    REQUIRE(csv);
    csv->add("1,2");
    CHECK(csv->is_whole());
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    CHECK(text.str() == "# one\n# two\na,b\n1,2\n");
    std::filesystem::remove(path);
}

TEST_CASE("a CSV file that cannot be written is an error at once or told at the end", "[record]") {
    CHECK_FALSE(CsvFile::open("/no/such/folder/x.csv", "", "a"));
    auto full = CsvFile::open("/dev/full", "", "a");
    REQUIRE(full);
    CHECK_FALSE(full->is_whole());
    auto none = CsvFile::open("", "", "a");
    REQUIRE(none);
    CHECK(none->is_whole());
}
