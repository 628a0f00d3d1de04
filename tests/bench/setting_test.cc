#include <catch2/catch.hpp>

#include "base/limits.h"
#include "bench/experiment.h"

using namespace grapevine;
using namespace grapevine::bench;

TEST_CASE("what cannot be measured is refused before anything is started", "[setting]") {
    constexpr std::uint64_t memory = 1'000'000'000;
    Setting setting;
    CHECK(defect_of(setting, memory).empty());

    SECTION("more copies than nodes") {
        setting.cluster.nodes = 2;
        CHECK(defect_of(setting, memory) == "--rep 3 needs as many nodes, not 2");
        // How many a running cluster has is its own matter.
        setting.cluster.running = {{.ip = 0x7f000001, .port = 7000}};
        CHECK(defect_of(setting, memory).empty());
    }
    SECTION("partitions that are no power of two") {
        setting.cluster.partitions = 1000;
        CHECK(defect_of(setting, memory) == "--partitions must be a power of two");
    }
    SECTION("more than the memory holds") {
        // 3 copies of 100,000 keys of 1,000 bytes, and some for the keys.
        CHECK(defect_of(setting, 2 * 306'000'000).empty());
        CHECK(defect_of(setting, 2 * 300'000'000) ==
              "3 copies of 100000 keys of 1000 bytes do not fit into half of the memory");
    }
    SECTION("values that no node takes") {
        setting.workload.keys = 1;
        setting.workload.value_size = value_size_max;
        CHECK(defect_of(setting, memory).empty());
        ++setting.workload.value_size;
        CHECK(defect_of(setting, memory) == "--value-size is at most 16777216 bytes");
    }
}
