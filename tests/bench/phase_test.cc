#include "bench/phase.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <string>

#include "bench/rebalance.h"
#include "bench/throughput.h"

using namespace grapevine;
using namespace grapevine::bench;

namespace {

// So many answers in a second, each after so long; 2 us of the servers for each.
Phase phase(const std::string& name, std::uint64_t answers, std::uint64_t latency_us,
            unsigned round = 1) {
    Phase made;
    made.name = name;
    made.round = round;
    made.rebalancing = name == "join" || name == "leave";
    made.span = 1s;
    made.tally.gets = answers / 2;
    made.tally.puts = answers - made.tally.gets;
    for (std::uint64_t i = 0; i < answers; ++i) made.tally.latency_us.add(latency_us);
    made.use.cpu = Duration{static_cast<std::int64_t>(2 * answers)};
    return made;
}

std::size_t cells(const std::string& line) {
    return static_cast<std::size_t>(std::ranges::count(line, ',')) + 1;
}

}  // namespace

TEST_CASE("a phase per second and per operation", "[phase]") {
    Phase made = phase("steady", 100, 50);
    made.span = 500ms;
    CHECK(made.per_second() == 200);
    CHECK(made.us_at(990) == 50);
    CHECK(made.server_us_per_operation() == 2);
    CHECK(Phase{}.per_second() == 0);
    CHECK(Phase{}.server_us_per_operation() == 0);
}

// What a stall at the end of a phase holds up was dropped: the latency of a phase looked better
// than it was.
TEST_CASE("what is answered after its end is in a phase's latencies only", "[phase]") {
    Phase made = phase("rate 100", 100, 50);
    Phase late = phase("", 10, 900'000);
    late.tally.failed = 1;
    made.add_after(late.tally);
    CHECK(made.per_second() == 100);
    CHECK(made.server_us_per_operation() == 2);
    CHECK(made.tally.answered() == 110);
    CHECK(made.tally.failed == 1);
    CHECK(made.us_at(500) == 50);
    CHECK(made.us_at(950) == Approx(900'000).epsilon(0.01));
}

TEST_CASE("a line of CSV has a cell for each of its head", "[phase]") {
    const std::string line = phase_csv_line(phase("join", 100, 50, 3));
    CHECK(cells(line) == cells(phase_csv_head()));
    CHECK(line.starts_with("join,3,0.000,1.000,50,50,0,100,50,50,50,50,50,2.00,"));
}

TEST_CASE("what moves is compared with the peace on both sides", "[phase]") {
    const std::vector<Phase> phases = {phase("steady", 100, 10), phase("join", 60, 40),
                                       phase("steady", 140, 30), phase("leave", 105, 20),
                                       phase("steady", 70, 10)};
    const Ratios join = ratios_of(phases, "join");
    REQUIRE(join.throughput.size() == 1);
    CHECK(join.throughput[0] == Approx(0.5));
    CHECK(join.p99[0] == Approx(2));
    const Ratios leave = ratios_of(phases, "leave");
    CHECK(leave.throughput.at(0) == Approx(1));
    CHECK(leave.p99.at(0) == Approx(1));
    const std::string summary = rebalance_summary(phases);
    INFO(summary);
    CHECK(summary.find("join: throughput at least 70 %: missed; p99 at most 3 times: met") !=
          std::string::npos);
    CHECK(summary.find("leave: throughput at least 70 %: met; p99 at most 3 times: met") !=
          std::string::npos);
}

TEST_CASE("what has no peace on both sides is not compared", "[phase]") {
    CHECK(ratios_of({phase("steady", 1, 1), phase("join", 1, 1)}, "join").throughput.empty());
    CHECK(ratios_of({phase("steady", 1, 1), phase("join", 1, 1), phase("leave", 1, 1),
                     phase("steady", 1, 1)},
                    "join")
              .throughput.empty());
    // Then no goal is said to be met.
    CHECK(rebalance_summary({}).find(": met") == std::string::npos);
}

TEST_CASE("rounds are summed up by name", "[phase]") {
    const std::string summary =
        throughput_summary({phase("rep 1", 300, 1000, 1), phase("rep 1", 100, 3000, 2),
                            phase("rep 1", 200, 2000, 3), phase("rep 3", 50, 1000, 1)});
    INFO(summary);
    std::istringstream lines(summary);
    std::string head;
    std::string one;
    std::string three;
    std::getline(lines, head);
    std::getline(lines, one);
    std::getline(lines, three);
    CHECK(one.find("rep 1") == 0);
    CHECK(one.find("200 (100 to 300)") != std::string::npos);
    CHECK(one.find("2.00 (1.00 to 3.00)") != std::string::npos);
    CHECK(three.find("50 (50 to 50)") != std::string::npos);
}
