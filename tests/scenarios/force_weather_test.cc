// A cluster is founded anew while the network is bad and its survivors die.
#include "base/rng.h"
#include "scenarios/forcing.h"
#include "scenarios/operator.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Of those that live, who is in the old cluster still.
Names left_in(const Cluster& cluster, const Names& names, ClusterId old) {
    Names left;
    for (const std::string& name : names) {
        const bool lives = cluster.world().is_alive(name);
        if (lives && cluster_of(cluster, name) == old) left.push_back(name);
    }
    return left;
}

// Whoever asks names everybody who lives, and asks one of them.
void ask_one(Cluster& cluster, Operator& person, const Names& living, std::uint64_t id, Rng& rng) {
    person.ask(living[rng.below(living.size())], founding_of(cluster, living, id));
}

}  // namespace

// Lost datagrams, cuts, pauses, several people, and often one more death in the middle.
TEST_CASE("in bad weather at most one cluster is founded, and at last one", "[scenario]") {
    std::size_t at_once = 0;  // founded before anybody asked again
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        INFO("seed " << seed);
        Rng rng(seed);
        Cluster cluster({.nodes = 7, .copies = 3, .seed = seed, .coordinator = false});
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(10, "v");
        const ClusterId old = cluster_of(cluster, "server1");
        cluster.lose(static_cast<std::uint32_t>(rng.below(20)));
        cluster.kill({"server4", "server5", "server6", "server7"});
        cluster.run_for(1s);
        Names living = {"server1", "server2", "server3"};
        Operator first(cluster);
        Operator second(cluster, 1);
        std::uint64_t id = 100;
        for (int step = 0; step < 6; ++step) {
            const std::uint64_t what = rng.below(7);
            const Names left = left_in(cluster, living, old);
            if (what <= 1 && left.size() == living.size()) {
                ask_one(cluster, what == 0 ? first : second, living, ++id, rng);
            } else if (what == 2) {
                cluster.cut({living[0]}, {living[1]});
            } else if (what == 3) {
                cluster.heal();
            } else if (what == 4) {
                cluster.pause({living[1]});
            } else if (what == 5) {
                cluster.resume({living[1]});
            } else if (living.size() == 3) {
                const std::size_t victim = rng.below(3);
                cluster.kill({living[victim]});
                living.erase(living.begin() + static_cast<std::ptrdiff_t>(victim));
            }
            cluster.run_for(rng.between(0us, 20ms));
        }
        cluster.heal();
        cluster.resume(living);
        cluster.run_for(2s);
        if (left_in(cluster, living, old).empty()) ++at_once;
        for (int again = 0; again < 3 && !left_in(cluster, living, old).empty(); ++again) {
            const Names left = left_in(cluster, living, old);
            if (left.size() == living.size()) ask_one(cluster, first, living, ++id, rng);
            cluster.run_for(7s);
        }
        CHECK(left_in(cluster, living, old).empty());
        for (const std::string& name : living) {
            CHECK(cluster_of(cluster, name) == cluster_of(cluster, living[0]));
        }
        CHECK(cluster.members() == living);
        CHECK(cluster.difference_between_copies() == "");
        CHECK(cluster.defect() == "");
    }
    CHECK(at_once > 5);
    CHECK(at_once < 40);
}
