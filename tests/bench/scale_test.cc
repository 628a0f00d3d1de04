#include "bench/scale.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "bench/raw_stream.h"

using namespace grapevine;
using namespace grapevine::bench;

namespace {

constexpr ScaleLimits plenty{.memory = std::uint64_t{1} << 50, .files = 1'000'000};

Setting base() {
    Setting setting;
    setting.workload.value_size = 100;
    return setting;
}

const ScalePoint& point_of(const std::vector<ScalePoint>& points, const std::string& name) {
    const auto found = std::ranges::find(points, name, &ScalePoint::name);
    REQUIRE(found != points.end());
    return *found;
}

}  // namespace

TEST_CASE("one dimension is varied at a time", "[scale]") {
    const auto points = scale_points(base(), scale_dimensions(), false, plenty);
    CHECK(points.size() == 7 + 7 + 6 + 7);
    for (const ScalePoint& point : points) {
        INFO(point.name());
        const Setting& setting = point.setting;
        CHECK(setting.cluster.nodes == (point.dimension == "nodes" ? point.value : 7));
        const std::size_t clients = point.name() == "value-size 1000000" ? 4 : 10;
        CHECK(setting.load.clients == (point.dimension == "clients" ? point.value : clients));
        CHECK(setting.workload.value_size == (point.dimension == "value-size" ? point.value : 100));
        CHECK(setting.workload.keys == (point.dimension == "keys" ? point.value : 100'000));
        CHECK_FALSE(point.left_out);
    }
    CHECK(point_of(points, "nodes 2").setting.cluster.copies == 2);
    CHECK(point_of(points, "nodes 2").note == "--rep 2");
    CHECK(point_of(points, "nodes 14").note.empty());
    // No more than 4 MiB of values are under way.
    CHECK(point_of(points, "value-size 1000").setting.load.depth == 16);
    CHECK(point_of(points, "value-size 1000").note.empty());
    CHECK(point_of(points, "value-size 100000").note == "--depth 4");
    CHECK(point_of(points, "value-size 1000000").setting.load.depth == 1);
    CHECK(point_of(points, "value-size 1000000").note == "--clients 4, --depth 1");
    CHECK(scale_points(base(), {"keys"}, true, plenty).size() == 2);
}

TEST_CASE("what does not fit into memory is left out, large values get fewer keys", "[scale]") {
    // 3 copies of 100 bytes, of the key ("bench10000000" at most) and of what it costs beyond that.
    ScaleLimits limits = plenty;
    limits.memory = 600'000'000;
    const auto points = scale_points(base(), scale_dimensions(), false, limits);
    CHECK_FALSE(point_of(points, "keys 1000000").left_out);
    const ScalePoint& many = point_of(points, "keys 10000000");
    CHECK(many.left_out);
    CHECK(many.note == "left out: 3 copies take 5.2 GB, and 0.6 GB may be used");
    const ScalePoint& large = point_of(points, "value-size 1000000");
    CHECK_FALSE(large.left_out);
    CHECK(large.setting.workload.keys == 199);
    CHECK(large.note == "--clients 4, --depth 1, 199 keys, for more do not fit into 0.6 GB");
    limits.memory = 1'000'000;
    CHECK(point_of(scale_points(base(), {"value-size"}, false, limits), "value-size 1000000")
              .left_out);
    CHECK(scale_notes(points).find("keys 10000000: left out: ") != std::string::npos);
}

TEST_CASE("more connections than the system allows are left out", "[scale]") {
    ScaleLimits limits = plenty;
    limits.files = 1024;
    const auto points = scale_points(base(), {"clients"}, false, limits);
    CHECK_FALSE(point_of(points, "clients 100").left_out);
    CHECK(point_of(points, "clients 300").left_out);
    CHECK(point_of(points, "clients 300").note ==
          "left out: it takes 2500 open files, and 1024 are allowed (ulimit -n)");
}

TEST_CASE("a line of scale's CSV has a cell for each of its head", "[scale]") {
    const auto points = scale_points(base(), {"nodes"}, true, plenty);
    Phase phase;
    phase.name = points[0].name();
    const std::string line = scale_csv_line(points[0], phase);
    CHECK(line.starts_with("nodes,1,1,1,10,16,100,100000,nodes 1,0,"));
    CHECK(std::ranges::count(line, ',') == std::ranges::count(scale_csv_head(), ','));
}

TEST_CASE("large values are told beside a raw stream", "[scale]") {
    ScalePoint point{.dimension = "value-size", .value = 1'000'000, .setting = {}};
    point.setting.cluster.copies = 3;
    std::vector<Phase> phases;
    for (const std::uint64_t answers : {600, 500, 700}) {
        Phase phase;
        phase.name = point.name();
        phase.span = 1s;
        phase.tally.gets = answers;
        phases.push_back(phase);
        phase.name = "value-size 100";
        phases.push_back(phase);
    }
    CHECK(stream_text(point, phases, 1e9) ==
          "values of 1000000 bytes, 3 copies: 600 (500 to 700) MB/s, 60 % of the 1000 MB/s of one "
          "loopback TCP stream; at least 60 %: met\n");
    CHECK(stream_text(point, phases, 2e9).ends_with("at least 60 %: missed\n"));
}

TEST_CASE("a raw stream carries something", "[scale]") {
    const auto carried = loopback_stream(50ms);
    REQUIRE(carried);
    CHECK(*carried > 1e6);
}
