#include "bench/workload.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace grapevine;
using namespace grapevine::bench;

TEST_CASE("every key comes once, in order", "[workload]") {
    const Workload workload{.keys = 3, .value_size = 10, .prefix = "k"};
    Source source = every_key(workload, OperationKind::put);
    for (const std::string key : {"k0", "k1", "k2"}) {
        const auto operation = source();
        REQUIRE(operation);
        CHECK(operation->kind == OperationKind::put);
        CHECK(operation->key == key);
        CHECK(operation->value.size() == 10);
    }
    CHECK_FALSE(source());
    CHECK_FALSE(source());
    CHECK(every_key(workload, OperationKind::erase)()->value.empty());
}

TEST_CASE("a mix has its share of gets, all keys, and as many as it should", "[workload]") {
    const Workload workload{.keys = 10, .value_size = 5, .gets_percent = 30};
    Source source = mixed(workload, 7, 10'000);
    int gets = 0;
    int all = 0;
    std::set<std::string> keys;
    while (const auto operation = source()) {
        ++all;
        keys.insert(operation->key);
        const bool get = operation->kind == OperationKind::get;
        gets += get ? 1 : 0;
        REQUIRE(operation->value.size() == (get ? 0 : 5));
    }
    CHECK(all == 10'000);
    CHECK(keys.size() == 10);
    // 30 % with a standard deviation of 46.
    CHECK(gets > 2700);
    CHECK(gets < 3300);
    CHECK_FALSE(source());
}

TEST_CASE("a mix of gets alone, or of puts alone", "[workload]") {
    for (const unsigned percent : {0u, 100u}) {
        Source source = mixed({.keys = 10, .gets_percent = percent}, 1);
        for (int i = 0; i < 1000; ++i) {
            const auto operation = source();
            REQUIRE(operation);
            REQUIRE((operation->kind == OperationKind::get) == (percent == 100));
        }
    }
}

TEST_CASE("random keys are the same in every run, and differ", "[workload]") {
    const Workload workload{.keys = 1000, .names = KeyNames::random, .prefix = "p"};
    Source source = every_key(workload, OperationKind::put);
    Source again = every_key(workload, OperationKind::put);
    std::set<std::string> keys;
    std::uint64_t number = 0;
    while (const auto step = source()) {
        CHECK(step->number == number++);
        CHECK(step->key == again()->key);
        CHECK(step->key.size() == 17);
        CHECK(step->key.starts_with("p"));
        keys.insert(step->key);
    }
    CHECK(keys.size() == 1000);
}
