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

// A node and a reference; nothing where that is not installed. By itself one of two nodes that hold
// all keys both, so that it is the primary of half of them and whatever is executed has to be told
// to the other.
struct Pair {
    std::unique_ptr<Reference> reference;
    std::optional<e2e::Cluster> cluster;
    std::unique_ptr<Node> node;

    // KEYS asks every partition.
    Pair()
        : Pair(Reference::start(), 2,
               {{"--partitions", "32", "--redirect", "proxy"}, {"--redirect", "proxy"}}) {}
    Pair(std::unique_ptr<Reference> its_reference, int copies,
         const std::vector<std::vector<std::string>>& options)
        : reference(std::move(its_reference)) {
        if (reference == nullptr) {
            std::cout << "SKIPPED: redis-server is not installed\n";
            return;
        }
        cluster.emplace(e2e::Cluster::without_coordinator(copies, options));
        const auto address = parse_address(cluster->address_of("server1"));
        REQUIRE(address);
        node = std::make_unique<Node>(address->port);
    }
    explicit operator bool() const { return node != nullptr; }
    // A node that ended would have been replaced by the other without a word to the client.
    void check_nodes() const {
        const auto nodes = cluster->table();
        CHECK(nodes.size() == 2);
        for (const auto& [name, row] : nodes) {
            CHECK(row.state == "up");
            Node answering(parse_address(row.address).value().port);
            CHECK(answering.ask({"PING"}, command::Protocol::resp2) == "+PONG\r\n");
        }
    }
};

}  // namespace

TEST_CASE("a node answers as the reference does", "[conformance]") {
    const Pair pair;
    if (!pair) return;
    compare_tables(GRAPEVINE_CASES, 1000, *pair.reference, *pair.node);
    pair.check_nodes();
}

TEST_CASE("a cluster of one node answers as one of the reference does", "[conformance]") {
    const std::uint16_t port = e2e::free_port();
    std::uint16_t bus_port = e2e::free_port();
    while (bus_port == port) bus_port = e2e::free_port();
    const Pair pair(Reference::start_cluster(port, bus_port), 1, {{}});
    if (!pair) return;
    if (!pair.reference->is_version("7.0")) {
        std::cout << "SKIPPED: the tables of clusters are those of Redis 7.0\n";
        return;
    }
    compare_tables(GRAPEVINE_CLUSTER_CASES, 60, *pair.reference, *pair.node);
}

TEST_CASE("a node tells the arguments of commands as the reference does", "[conformance]") {
    const Pair pair;
    if (pair) compare_docs(*pair.reference, *pair.node);
}

TEST_CASE("a node answers random commands as the reference does", "[conformance]") {
    const Pair pair;
    if (!pair) return;
    compare_random_commands(seed, *pair.reference, *pair.node);
    compare_random_patterns(seed, *pair.reference, *pair.node);
    pair.check_nodes();
}
