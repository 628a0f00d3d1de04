// Measures how long clients wait while a network of real processes goes through each ordeal of
// e2e/ordeal.h, again and again, with victims by chance: seven nodes, three copies, eight clients.
// Between two ordeals the cluster is whole again. Needs what Network needs.
//
// Not a test: run by hand. GRAPEVINE_ROUNDS is how often (default 20), GRAPEVINE_ONLY a part of the
// names of the ordeals that are wanted, GRAPEVINE_SEED draws the victims, GRAPEVINE_SPANS names a
// file for each of the times. Progress goes to stderr, the report, in Markdown, to stdout.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <map>

#include "base/rng.h"
#include "bench/record.h"
#include "e2e/ordeal.h"
#include "e2e/report.h"
#include "version.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

struct Samples {
    std::vector<std::int64_t> outages_ms;
    std::size_t operations = 0;
    std::size_t failures = 0;
    std::size_t evictions = 0;
};

void report(const Ordeal& ordeal, Samples samples) {
    std::vector<std::int64_t>& spans = samples.outages_ms;
    std::ranges::sort(spans);
    const auto over =
        std::ranges::count_if(spans, [&](std::int64_t ms) { return ms > ordeal.goal.count(); });
    std::cout << "| " << ordeal.name << " | " << spans.size() << " | " << percentile(spans, 50)
              << " | " << percentile(spans, 90) << " | " << percentile(spans, 99) << " | "
              << ordeal.goal.count() << " | " << over << " | " << samples.evictions << " | "
              << samples.operations << " | " << samples.failures << " |\n";
}

void go_through(Stage& stage, const Ordeal& ordeal, Samples& samples) {
    const OrdealReport told = undergo(stage, ordeal);
    INFO(ordeal.name << ", victim " << stage.victim);
    REQUIRE(told.defect.empty());
    REQUIRE(told.whole);
    samples.outages_ms.push_back(to_ms(told.outage));
    samples.operations += told.operations;
    samples.failures += told.failures;
    samples.evictions += told.evictions;
}

}  // namespace

TEST_CASE("time without an answer on bad networks", "[measure]") {
    const std::size_t rounds = std::stoul(setting("GRAPEVINE_ROUNDS", "20"));
    const std::string only = setting("GRAPEVINE_ONLY", "");
    const std::string about =
        bench::describe_run({.commit = GRAPEVINE_COMMIT,
                             .command = fmt::format("network_measure, {} rounds, seed {}", rounds,
                                                    setting("GRAPEVINE_SEED", "1"))});
    std::cout << about << '\n';
    auto spans = bench::CsvFile::open(setting("GRAPEVINE_SPANS", ""), about, "ordeal,ms");
    REQUIRE(spans);
    std::string why;
    const std::unique_ptr<Network> network = Network::make(7, why);
    INFO(why);
    REQUIRE(network);
    Loop loop;
    Cluster cluster = Cluster::on(*network, 3);
    Traffic traffic(loop, {.seeds = addresses_on(*network)});
    Stage stage{loop, *network, cluster, traffic};
    Rng rng(std::stoull(setting("GRAPEVINE_SEED", "1")));
    std::map<std::string, Samples> samples;
    for (std::size_t round = 1; round <= rounds; ++round) {
        for (const Ordeal& ordeal : ordeals()) {
            if (ordeal.name.find(only) == std::string::npos) continue;
            stage.victim = rng.below(7);
            stage.other = (stage.victim + 1 + rng.below(6)) % 7;
            go_through(stage, ordeal, samples[ordeal.name]);
            spans->add(fmt::format("{},{}", ordeal.name, samples[ordeal.name].outages_ms.back()));
        }
        std::cerr << round << " of " << rounds << " rounds" << std::endl;
    }
    std::cout
        << "| ordeal | times | median ms | p90 | p99 | goal | over | evictions | operations | "
           "failed |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for (const Ordeal& ordeal : ordeals()) {
        if (samples.contains(ordeal.name)) report(ordeal, samples[ordeal.name]);
    }
}
