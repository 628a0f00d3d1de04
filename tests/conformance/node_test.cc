// What a node answers against what the reference does, in the same run: all tables, with what nodes
// answer by themselves, and random commands and patterns.
#include <catch2/catch.hpp>
#include <iostream>

#include "base/address.h"
#include "conformance/tables.h"
#include "e2e/cluster.h"

using namespace grapevine;
using namespace grapevine::conformance;

namespace {

constexpr std::uint64_t seed = 1;

// A node alone, with one copy of every key, and a reference; nothing where that is not installed.
struct Pair {
    std::unique_ptr<Reference> reference = Reference::start();
    std::optional<e2e::Cluster> cluster;
    std::unique_ptr<Node> node;

    Pair() {
        if (reference == nullptr) {
            std::cout << "SKIPPED: redis-server is not installed\n";
            return;
        }
        // KEYS asks every partition.
        cluster.emplace(e2e::Cluster::without_coordinator(1, {{"--partitions", "32"}}));
        const auto address = parse_address(cluster->address_of("server1"));
        REQUIRE(address);
        node = std::make_unique<Node>(address->port);
    }
    explicit operator bool() const { return node != nullptr; }
};

}  // namespace

TEST_CASE("a node answers as the reference does", "[conformance]") {
    const Pair pair;
    if (pair) compare_tables(GRAPEVINE_CASES, *pair.reference, *pair.node);
}

TEST_CASE("a node answers random commands as the reference does", "[conformance]") {
    const Pair pair;
    if (!pair) return;
    compare_random_commands(seed, *pair.reference, *pair.node);
    compare_random_patterns(seed, *pair.reference, *pair.node);
}
