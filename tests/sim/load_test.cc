#include "sim/load.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "history/linearizability.h"
#include "sim/cluster.h"

using namespace grapevine;
using namespace grapevine::sim;

TEST_CASE("keys are chosen uniformly, by Zipf's law, or nearly always the same", "[sim]") {
    const auto counts = [](KeyChoice choice) {
        const KeyDraw keys(choice, 10);
        Rng rng(1);
        std::vector<std::size_t> seen(10);
        for (int i = 0; i < 29'290; ++i)
            ++seen.at(keys.draw(rng));  // 10,000 times 1 + 1/2 ... 1/10
        return seen;
    };
    for (const std::size_t count : counts(KeyChoice::uniform)) {
        CHECK(count > 2700);
        CHECK(count < 3200);
    }
    const auto zipfian = counts(KeyChoice::zipfian);
    for (std::size_t rank = 1; rank <= 10; ++rank) {
        INFO(rank << ": " << zipfian[rank - 1]);
        CHECK(zipfian[rank - 1] > 9000 / rank);
        CHECK(zipfian[rank - 1] < 11'000 / rank);
    }
    const auto hot = counts(KeyChoice::hot);
    CHECK(hot[0] > 26'000);
    CHECK(*std::ranges::min_element(hot) > 200);
}

namespace {

struct Work {
    Cluster cluster{{.nodes = 3, .copies = 2, .seed = 3, .partitions = 16}};
    Load load;

    explicit Work(const LoadConfig& config) : load(cluster.world(), config, 4) {
        REQUIRE(cluster.run_until_ready());
        load.start();
    }
    void finish() {
        load.stop();
        REQUIRE(cluster.run_until([this] { return load.is_idle(); }, 10s));
        CHECK(cluster.defect() == "");
        const HistoryVerdict verdict = check_linearizable(load.history());
        INFO(verdict.explanation);
        CHECK(verdict.verdict == Verdict::linearizable);
    }
};

}  // namespace

TEST_CASE("values are unique, and some are huge", "[sim]") {
    Work work({.clients = 3, .reads_percent = 0, .huge_per_mille = 100});
    work.cluster.run_for(2s);
    work.finish();
    std::set<std::string> values;
    std::size_t puts = 0;
    std::size_t huge = 0;
    for (const OperationRecord& record : work.load.history()) {
        if (record.kind != RecordKind::put) continue;
        ++puts;
        values.insert(record.value);
        if (record.value.size() > 1000) ++huge;
        CHECK(record.value.size() <= 200 << 10);
    }
    CHECK(puts > 200);
    CHECK(values.size() == puts);
    CHECK(huge > puts / 20);
    CHECK(huge < puts / 5);
}

TEST_CASE("a client dies in the middle of an operation, and another takes its place", "[sim]") {
    Work work({.clients = 1, .think_max = 1ms, .reads_percent = 0});
    World& world = work.cluster.world();
    std::size_t killed = 0;
    while (killed < 20) {
        world.run_event();
        for (const ClientHost* client : world.clients()) {
            if (client->client().in_flight() == 0) continue;
            if (work.load.history().size() < 10 * (killed + 1)) continue;
            world.apply({.kind = FaultKind::kill, .names = {client->name()}});
            ++killed;
            break;
        }
    }
    work.cluster.run_for(100ms);
    work.finish();
    std::map<std::uint64_t, std::size_t> by_client;
    std::size_t unknown = 0;
    for (const OperationRecord& record : work.load.history()) {
        ++by_client[record.client];
        if (record.outcome != RecordOutcome::unknown) continue;
        ++unknown;
        CHECK(record.returned == never);
    }
    CHECK(unknown == killed);
    CHECK(by_client.size() == killed + 1);
}

TEST_CASE("requests come again seconds later on new connections, and nothing is done twice",
          "[sim]") {
    Work work({.clients = 3, .keys = 3, .reads_percent = 20});
    World& world = work.cluster.world();
    world.apply(*parse_fault("0s:echo=50@3s"));
    work.cluster.run_for(5s);
    const std::size_t again = world.echoes().count();
    work.finish();
    work.cluster.run_for(5s);
    CHECK(again > 100);
    CHECK(work.cluster.difference_between_copies() == "");
}
