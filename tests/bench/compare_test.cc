#include "bench/compare.h"

#include <catch2/catch.hpp>
#include <string>

using namespace grapevine;
using namespace grapevine::bench;

namespace {

// So many answers in a second, 2 us of the servers for each.
Phase round_of(std::uint64_t answers) {
    Phase made;
    made.name = "grapevine";
    made.round = 1;
    made.span = 1s;
    made.tally.gets = answers;
    made.use.cpu = Duration{static_cast<std::int64_t>(2 * answers)};
    return made;
}

std::string row_with(const std::string& table, const std::string& word) {
    const auto at = table.find(word);
    return at == std::string::npos ? "" : table.substr(at, table.find('\n', at) - at);
}

}  // namespace

TEST_CASE("ratios are those of neighbouring rounds", "[compare]") {
    Bout bout{.copies = 3, .against = "redis WAIT 2", .depth = 16, .ours = {}, .theirs = {}};
    CHECK(bout.ratios().empty());
    for (const std::uint64_t answers : {300, 100, 800}) bout.ours.push_back(round_of(answers));
    for (const std::uint64_t answers : {100, 50, 100}) bout.theirs.push_back(round_of(answers));
    CHECK(bout.ratios() == std::vector<double>{3, 2, 8});
    CHECK(bout.goal() == 5.0);
    const std::string tables = bout_tables({bout});
    INFO(tables);
    const std::string row = row_with(tables, "rep 3, redis WAIT 2");
    CHECK(row.find("300 (100 to 800)") != std::string::npos);
    CHECK(row.find("100 (50 to 100)") != std::string::npos);
    CHECK(row.find("3.00 (2.00 to 8.00)") != std::string::npos);
    CHECK(row.find("5.0 missed") != std::string::npos);
    CHECK(row_with(tables, "server us/op") != "");
    CHECK(tables.find("2.0 / 2.0") != std::string::npos);
}

TEST_CASE("a goal is met by the median", "[compare]") {
    Bout bout{
        .copies = 1, .against = "redis without copies", .depth = 64, .ours = {}, .theirs = {}};
    for (const std::uint64_t answers : {10, 15, 16}) bout.ours.push_back(round_of(answers));
    for (int i = 0; i < 3; ++i) bout.theirs.push_back(round_of(10));
    CHECK(bout_tables({bout}).find("1.5 met") != std::string::npos);
    // A round of nothing has no ratio; what has no goal meets none.
    bout.theirs[0] = round_of(0);
    CHECK(bout.ratios().size() == 2);
    bout.depth = 2;
    CHECK_FALSE(bout.goal());
    CHECK(bout_tables({bout}).find("met") == std::string::npos);
}

TEST_CASE("at a fixed rate latencies are compared", "[compare]") {
    Bout bout{.copies = 1,
              .against = "redis without copies",
              .depth = 1024,
              .rate = 100,
              .ours = {},
              .theirs = {}};
    for (const std::uint64_t us : {1000, 2000, 4000}) {
        bout.ours.push_back(round_of(100));
        bout.ours.back().tally.latency_us.add(us);
        bout.theirs.push_back(round_of(100));
        bout.theirs.back().tally.latency_us.add(3000);
    }
    const auto ratios = bout.ratios();
    REQUIRE(ratios.size() == 3);
    CHECK(ratios[0] == Approx(3).epsilon(0.01));
    CHECK(ratios[2] == Approx(0.75).epsilon(0.01));
    const std::string tables = bout_tables({bout});
    INFO(tables);
    const std::string row = row_with(tables, "rep 1, redis without copies");
    CHECK(row.find(" 100 ") != std::string::npos);
    CHECK(row.find("1.0 met") != std::string::npos);
    CHECK(tables.find("ops/s  ") != std::string::npos);
    CHECK(tables.find("100/s") != std::string::npos);
    CHECK(tables.find("ratio ") == std::string::npos);
}

TEST_CASE("a line of a round has a cell for each of its head", "[compare]") {
    const Bout bout{.copies = 3, .against = "etcd", .depth = 1, .ours = {}, .theirs = {}};
    const std::string line = bout_csv_line(bout, round_of(100));
    CHECK(std::ranges::count(line, ',') == std::ranges::count(bout_csv_head(), ','));
    CHECK(line.starts_with("3,etcd,1,0,grapevine,1,"));
}

TEST_CASE("who meets whom", "[compare]") {
    CompareConfig config;
    config.round.operations = 1000;
    const auto matches = matches_of(config);
    std::string told;
    for (const Match& match : matches) {
        told += fmt::format("{} {} {} {}:", match.peer, match.copies, match.nodes,
                            match.round.operations);
        for (const Variant& variant : match.variants) {
            told += fmt::format(" {}/{}/{}", variant.name, variant.acks, variant.depths.size());
        }
        told += '\n';
    }
    CHECK(told ==
          "redis 1 7 1000: redis without copies/0/3\n"
          "redis 3 7 1000: redis asynchronous/0/3 redis WAIT 2/2/3\n"
          "redis 5 7 1000: redis asynchronous/0/3 redis WAIT 4/4/3\n"
          "etcd 3 3 100: etcd/0/1\n");
}

// A round of 200,000 operations was over in 0.08 s with 64 in flight.
TEST_CASE("rounds are as long at each depth, after a second of warm-up", "[compare]") {
    for (const Match& match : matches_of({})) {
        CHECK(match.round.operations == 0);
        CHECK(match.round.span == 3s);
    }
    CHECK(warm_up_of({.operations = 0, .span = 3s}).span == 1s);
    CHECK(warm_up_of({.operations = 0, .span = 8s}).span == 2s);
    CHECK(warm_up_of({.operations = 100, .span = {}}).span == 1s);
    CHECK(warm_up_of({.operations = 100, .span = {}}).operations == 0);
}

TEST_CASE("what cannot be compared", "[compare]") {
    constexpr std::uint64_t memory = std::uint64_t{1} << 32;
    CompareConfig config;
    CHECK(defect_of(config, memory).empty());
    config.nodes = 3;
    CHECK(defect_of(config, memory) == "--rep 5 needs as many nodes, not 3");
    config = {};
    config.against = {"etcd"};
    config.copies = {1};
    CHECK(defect_of(config, memory) == "etcd is compared at --rep 3 and --depth 1");
    config = {};
    config.workload.keys = 10'000'000;
    CHECK(defect_of(config, memory).find("do not fit") != std::string::npos);
}
