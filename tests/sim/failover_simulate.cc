// What bench failover measures on real processes (src/bench/failover.h), in the simulated world:
// seven nodes, three copies, a client that is connected and has the ring; from the death of a
// primary to the first answer to a read of one of its keys, which the client asks for at once.
//
// Not a test: run by hand. GRAPEVINE_KILLS is how many (default 1,000), each in a cluster of its
// own, by the seeds from 1 on. The times go to stdout, in microseconds, one in each line.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/rng.h"
#include "base/time.h"
#include "sim/cluster.h"

using namespace grapevine;

namespace {

// Zero: something went wrong.
Duration one_kill(std::uint64_t seed) {
    sim::WorldConfig config;
    config.seed = seed;
    config.nodes = 7;
    config.copies = 3;
    config.network.delay_min = 20us;  // as on one machine
    config.network.delay_max = 100us;
    sim::Cluster cluster(config);
    Rng rng(seed);
    const std::string key = fmt::format("key{}", rng.below(200));
    if (!cluster.run_until_restored() || cluster.put(key, "value") != "OK") return {};
    cluster.run_for(rng.between(500ms, 1500ms));  // anywhere in the periods of what repeats
    const std::string victim = cluster.primary_of(key);
    if (cluster.get(key) != "value") return {};
    Operation read;
    read.key = key;
    read.deadline = 20s;
    const Time begin = cluster.world().now();
    cluster.kill({victim});
    const auto answer = cluster.begin(read);
    while (answer->empty() && !cluster.world().is_broken()) cluster.world().run_event();
    return *answer == "value" ? cluster.world().now() - begin : Duration{};
}

}  // namespace

int main() {
    const char* kills = std::getenv("GRAPEVINE_KILLS");
    const std::uint64_t count = kills == nullptr ? 1000 : std::stoull(kills);
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Duration span = one_kill(seed);
        if (span == Duration{}) {
            fmt::print(stderr, "seed {}: the key was not read again\n", seed);
            return 1;
        }
        fmt::print("{}\n", to_us(span));
    }
}
