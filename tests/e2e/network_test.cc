// Bad networks, on real processes: hosts of a network of their own, whose packets are dropped.
// Clients read and write through each ordeal; what they saw has to be linearizable.
#include <catch2/catch.hpp>
#include <iostream>

#include "e2e/load.h"
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
              << report.failures << " failed, " << report.evictions << " evictions" << std::endl;
    CHECK(report.whole);
    CHECK(report.defect.empty());
    CHECK(report.operations > 100);
    CHECK(report.failures == 0);
    // A machine that stopped it for longer than the promise goes has it evicted.
    const bool as_long_as_said = report.lasted < ordeal.lasts + 40ms;
    if (!ordeal.evicts && !as_long_as_said) std::cout << "It lasted longer.\n";
    if (!ordeal.evicts && as_long_as_said) CHECK(report.evictions == 0);
}

void round(const std::string& name) {
    on_stage([&](Stage& stage) { check(undergo(stage, ordeal(name)), ordeal(name)); });
}

// The client program on the machine of a node, with this node alone to begin with.
Finished ask_there(const Stage& stage, std::size_t host, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {program("client"), "--coordinator",
                                         Network::address(host) + ":7001", "--timeout", "2"});
    return run(arguments, {}, patience, {.network = stage.network.place(host)});
}

// It stays away for 1 s after the first eviction, then for 2 s, 4 s and so on.
std::size_t times_out_max(Duration lasted) {
    std::size_t times = 1;
    for (Duration away = 1s, back = 1s; back <= lasted; back += away) {
        ++times;
        away *= 2;
    }
    return times;
}

constexpr int exit_nothing_changed = 3;
constexpr int exit_unknown = 4;

// What the side without the majority says of a key that the other side has changed meanwhile.
void check_minority(Stage& stage, const std::string& key) {
    stage.cluster.put(key, "new");
    const Finished read = ask_there(stage, stage.victim, {"--get", key});
    INFO(key << ": " << read.out << read.err);
    CHECK(read.code == exit_nothing_changed);
    CHECK(read.err.find("unavailable") != std::string::npos);
    const Finished written = ask_there(stage, stage.victim, {"--put", key, "--val", "lost"});
    INFO(written.out << written.err);
    CHECK((written.code == exit_nothing_changed || written.code == exit_unknown));
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

TEST_CASE("on a bad network: two of seven are cut off", "[network]") {
    round("two of seven cut off");
}

TEST_CASE("on a bad network: the smaller side says unavailable, and nothing stale", "[network]") {
    on_stage([](Stage& stage) {
        for (int i = 0; i < 5; ++i) stage.cluster.put("side" + std::to_string(i), "old");
        ordeal("two of seven cut off").begin(stage);
        for (int i = 0; i < 5; ++i) check_minority(stage, "side" + std::to_string(i));
        stage.network.heal();
        CHECK(await_whole(stage));
        for (int i = 0; i < 5; ++i) {
            const std::string key = "side" + std::to_string(i);
            CHECK(stage.cluster.get(key).value == "new");
            CHECK(ask_there(stage, stage.victim, {"--get", key}).code == 0);
        }
    });
}

TEST_CASE("on a bad network: the link of a node flaps", "[network]") {
    on_stage([](Stage& stage) {
        const Ordeal& flapping = ordeal("a link that flaps eight times");
        const Epoch before = epoch_of(stage);
        const OrdealReport report = undergo(stage, flapping);
        check(report, flapping);
        const std::size_t times = evictions_after(stage, before, name_at(stage, stage.victim));
        std::cout << "evicted " << times << " times; whole for at most "
                  << to_ms(stage.longest_whole) << " ms\n";
        CHECK(times >= 1);
        CHECK(times <= times_out_max(report.lasted));
        // None of the times that it was whole was as long as it has to stay away.
        const bool as_short_as_said = stage.longest_whole < readmission_after;
        if (as_short_as_said) CHECK(times == 1);
        if (!as_short_as_said) std::cout << "It was whole for longer than was meant.\n";
    });
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
