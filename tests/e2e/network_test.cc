// Bad networks, on real processes: hosts of a network of their own, whose packets are dropped.
// Clients read and write through each ordeal; what they saw has to be linearizable.
#include <catch2/catch.hpp>
#include <iostream>

#include "e2e/ordeal.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

constexpr std::size_t hosts = 7;

// Calls `play` on a stage, or says that and why it is skipped.
void on_stage(const std::function<void(Stage&)>& play) {
    std::string why;
    const std::unique_ptr<Network> network = Network::make(hosts, why);
    if (!network) {
        // ctest shows it as skipped (tests.cmake).
        std::cout << "SKIPPED: " << why << std::endl;
        return;
    }
    Loop loop;
    Cluster cluster = Cluster::on(*network, 3);
    Traffic traffic(loop, {.seeds = addresses_on(*network)});
    Stage stage{loop, *network, cluster, traffic, 2, 5};
    play(stage);
}

void check(const OrdealReport& report, const Ordeal& ordeal) {
    std::cout << ordeal.name << ": " << report.operations << " operations, the longest waited "
              << to_ms(report.outage) << " ms (goal " << ordeal.goal.count() << "), "
              << report.failures << " failed; epoch " << report.before.value << " to "
              << report.after.value << std::endl;
    CHECK(report.whole);
    CHECK(report.defect.empty());
    CHECK(report.operations > 100);
    CHECK(report.failures == 0);
    if (!ordeal.evicts) CHECK(report.after == report.before);
}

void round(const std::string& name) {
    on_stage([&](Stage& stage) { check(undergo(stage, ordeal(name)), ordeal(name)); });
}

}  // namespace

TEST_CASE("on a bad network: a node is killed", "[network]") {
    round("kill -9");
}

TEST_CASE("on a bad network: a node stands still for 300 ms and keeps its place", "[network]") {
    round("SIGSTOP for 300 ms");
}

TEST_CASE("on a bad network: a node stands still for 10 s", "[network]") {
    round("SIGSTOP for 10 s");
}

TEST_CASE("on a bad network: a node is cut off", "[network]") {
    round("cut off");
}

TEST_CASE("on a bad network: a node is heard by nobody", "[network]") {
    round("heard by nobody");
}

TEST_CASE("on a bad network: a node hears nobody", "[network]") {
    round("hears nobody");
}

TEST_CASE("on a bad network: two replicas are cut from each other", "[network]") {
    round("a pair cut");
}

TEST_CASE("on a bad network: two replicas are cut from each other in one direction", "[network]") {
    round("a pair cut one way");
}

TEST_CASE("on a bad network: the data links of a node hang while it answers pings", "[network]") {
    round("data links hang");
}

TEST_CASE("on a bad network: a fifth of the datagrams is lost for a minute", "[network]") {
    round("20 % of datagrams lost for a minute");
}
