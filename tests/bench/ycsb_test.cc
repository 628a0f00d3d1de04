#include "bench/ycsb.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace grapevine;
using namespace grapevine::bench;

namespace {

struct Drawn {
    int reads = 0;
    int writes = 0;
    int read_modify_writes = 0;
    std::map<std::uint64_t, int> by_number;
};

Drawn draw(YcsbLoad& load) {
    Drawn drawn;
    Source source = load.source();
    while (const auto step = source()) {
        ++drawn.by_number[step->number];
        if (step->kind == OperationKind::put) {
            ++drawn.writes;
        } else {
            ++(step->then_put ? drawn.read_modify_writes : drawn.reads);
        }
        const bool writes = step->kind == OperationKind::put || step->then_put;
        REQUIRE(step->value.size() == (writes ? 8 : 0));
    }
    return drawn;
}

const Workload small{.keys = 1000, .value_size = 8};

// Of 10,000, with five standard deviations of 50.
void check_near(int count, int expected) {
    INFO(count);
    CHECK(count > expected - 250);
    CHECK(count < expected + 250);
}

bool by_count(const std::pair<const std::uint64_t, int>& one,
              const std::pair<const std::uint64_t, int>& other) {
    return one.second < other.second;
}

void answer(const Answered& answered, std::uint64_t number) {
    const Outcome outcome;
    answered({.number = number,
              .kind = OperationKind::put,
              .good = true,
              .due = {},
              .over = {},
              .outcome = outcome});
}

}  // namespace

TEST_CASE("each workload has its mix", "[ycsb]") {
    const auto [name, reads, writes, both] = GENERATE(table<std::string, int, int, int>({
        {"a", 5000, 5000, 0},
        {"b", 9500, 500, 0},
        {"c", 10'000, 0, 0},
        {"d", 9500, 500, 0},
        {"f", 5000, 0, 5000},
    }));
    INFO(name);
    YcsbLoad load(ycsb_mix(name).value(), small, 1, 10'000);
    const Drawn drawn = draw(load);
    CHECK(drawn.reads + drawn.writes + drawn.read_modify_writes == 10'000);
    check_near(drawn.reads, reads);
    check_near(drawn.writes, writes);
    check_near(drawn.read_modify_writes, both);
    CHECK(load.keys_begun() ==
          small.keys + (name == "d" ? static_cast<std::uint64_t>(drawn.writes) : 0));
}

TEST_CASE("workloads that there are not are refused", "[ycsb]") {
    CHECK(ycsb_mix("e").error().message.find("needs scans") != std::string::npos);
    CHECK(ycsb_mix("g").error().message == "\"g\" is no workload; there are a, b, c, d and f");
}

TEST_CASE("a range names the workloads in it that there are", "[ycsb]") {
    using Names = std::vector<std::string>;
    CHECK(ycsb_choice({"a-f"}).names == Names{"a", "b", "c", "d", "f"});
    CHECK(ycsb_choice({"f", "b-c", "e"}).names == Names{"f", "b", "c", "e"});
    CHECK(ycsb_choice({"c-a", "a-", "a-z"}).names.front() == "c-a");
    CHECK_FALSE(ycsb_mix(ycsb_choice({"f-g"}).names.back()));
    // What is left out is said, with why.
    CHECK(ycsb_choice({"a-f"}).note.starts_with("e left out: workload e needs scans, "));
    CHECK(ycsb_choice({"a-f"}).note.ends_with("\n"));
    CHECK(ycsb_choice({"a-d", "f", "e"}).note.empty());
}

TEST_CASE("ranks are spread over the keys", "[ycsb]") {
    YcsbLoad load(ycsb_mix("c").value(), small, 1, 10'000);
    const Drawn drawn = draw(load);
    CHECK(drawn.by_number.rbegin()->first < small.keys);
    const auto most = std::ranges::max_element(drawn.by_number, by_count)->first;
    // The first rank's, and its neighbour is not the second.
    CHECK(most == scrambled(0, small.keys));
    CHECK(scrambled(0, small.keys) != scrambled(1, small.keys));
    std::set<std::uint64_t> keys;
    for (std::uint64_t rank = 0; rank < 1000; ++rank) keys.insert(scrambled(rank, 1000));
    // By chance 632 of 1,000 are hit.
    CHECK(keys.size() > 580);
    CHECK(keys.size() < 690);
}

TEST_CASE("the latest are read most, and only what was answered", "[ycsb]") {
    YcsbLoad load({.reads = 50, .inserts = 50, .latest = true}, small, 1, 20'000);
    Source source = load.source();
    const Answered answered = load.answered();
    std::set<std::uint64_t> begun;
    std::uint64_t newest_read = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto step = source();
        if (step->kind == OperationKind::put) {
            CHECK(begun.insert(step->number).second);
        } else {
            newest_read = std::max(newest_read, step->number);
        }
    }
    CHECK(newest_read == small.keys - 1);
    CHECK(*begun.begin() == small.keys);
    // The second alone does not help: what is before it may not be there.
    answer(answered, small.keys + 1);
    for (int i = 0; i < 1000; ++i) {
        const auto step = source();
        if (step->kind == OperationKind::get) CHECK(step->number < small.keys);
    }
    answer(answered, small.keys);
    std::map<std::uint64_t, int> reads;
    for (int i = 0; i < 10'000; ++i) {
        const auto step = source();
        if (step->kind == OperationKind::get) ++reads[step->number];
    }
    CHECK(reads.rbegin()->first == small.keys + 1);
    CHECK(std::ranges::max_element(reads, by_count)->first == small.keys + 1);
}
