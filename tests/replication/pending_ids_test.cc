#include "replication/pending_ids.h"

#include <catch2/catch.hpp>
#include <map>
#include <utility>

#include "base/rng.h"

using namespace grapevine;

// Beside a map, through growth and shrinking, few ids that come again and many that do not.
TEST_CASE("pending ids are found until they are removed", "[replication]") {
    Rng rng(7);
    PendingIds pending(rng.next());
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> expected;
    for (int round = 0; round < 60'000; ++round) {
        // Waves: 0 to some thousands of ids.
        const bool grows = (round / 5000) % 2 == 0;
        const std::uint64_t client = 1 + rng.below(5);
        const std::uint64_t sequence = rng.below(2000);
        const bool is_there = expected.contains({client, sequence});
        const auto found = pending.find(ClientId{client}, sequence);
        REQUIRE(found.has_value() == is_there);
        if (is_there) REQUIRE(*found == expected.at({client, sequence}));
        if (grows && !is_there) {
            const std::uint64_t counter = rng.next();
            pending.add(ClientId{client}, sequence, counter);
            expected[{client, sequence}] = counter;
        } else if (!grows || rng.chance(1, 8)) {
            pending.remove(ClientId{client}, sequence);
            expected.erase({client, sequence});
        }
        REQUIRE(pending.size() == expected.size());
    }
    CHECK(expected.size() > 100);
    pending.clear();
    CHECK(pending.size() == 0);
    CHECK_FALSE(pending.find(ClientId{1}, 1).has_value());
}
