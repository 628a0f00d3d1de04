// Keys spread evenly over the nodes.
#include <algorithm>
#include <catch2/catch.hpp>

#include "base/rng.h"
#include "e2e/cluster.h"
#include "e2e/load.h"

using namespace grapevine;
using namespace grapevine::e2e;

TEST_CASE("a hundred thousand random keys spread evenly over seven nodes", "[e2e]") {
    constexpr std::size_t keys = 100'000;
    const Cluster cluster = Cluster::launched(7, 1);
    Loop loop;
    Rng rng(1);
    std::size_t written = 0;
    const Batch puts{.count = keys,
                     .make =
                         [&](std::size_t) {
                             Operation operation;
                             operation.kind = OperationKind::put;
                             operation.key = std::to_string(rng.next());
                             return operation;
                         },
                     .done =
                         [&](std::size_t, const Outcome& outcome) {
                             if (outcome.kind == OutcomeKind::ok) ++written;
                         }};
    CHECK(perform(loop, parse_address(cluster.address()).value(), puts, 120s));
    CHECK(written == keys);
    std::uint64_t total = 0;
    std::uint64_t most = 0;
    for (const auto& [name, row] : cluster.table()) {
        total += row.keys;
        most = std::max(most, row.keys);
    }
    CHECK(total == keys);
    // max / mean <= 1.03. The keys of a node are binomial, with a deviation of 0.8 % of the mean.
    INFO("the fullest of 7 nodes holds " << most << " of " << total << " keys");
    CHECK(most * 7 * 100 <= total * 103);
}
