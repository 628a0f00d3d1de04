#include "swim/probe_cycle.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace grapevine;

namespace {

std::vector<NodeId> nodes(std::uint64_t from, std::uint64_t to) {
    std::vector<NodeId> ids;
    for (std::uint64_t i = from; i <= to; ++i) ids.push_back(NodeId{i});
    return ids;
}

}  // namespace

TEST_CASE("every round has every member once, in an order of its own", "[swim]") {
    Rng rng(1);
    ProbeCycle cycle;
    CHECK_FALSE(cycle.next(rng).has_value());
    cycle.change({}, nodes(1, 10), rng);
    std::set<std::vector<NodeId>> orders;
    for (int round = 0; round < 5; ++round) {
        std::vector<NodeId> order;
        for (int i = 0; i < 10; ++i) order.push_back(cycle.next(rng).value());
        CHECK(std::ranges::is_permutation(order, nodes(1, 10)));
        orders.insert(order);
    }
    CHECK(orders.size() == 5);
}

TEST_CASE("a member is probed within 2n - 1 turns", "[swim]") {
    Rng rng(2);
    ProbeCycle cycle;
    cycle.change({}, nodes(1, 7), rng);
    std::map<NodeId, int> last;
    for (int turn = 1; turn < 1000; ++turn) {
        const NodeId id = cycle.next(rng).value();
        CHECK(turn - last[id] <= 13);
        last[id] = turn;
    }
}

TEST_CASE("changes of the list keep what was probed in this round", "[swim]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Rng rng(seed);
        ProbeCycle cycle;
        cycle.change({}, nodes(1, 8), rng);
        std::set<NodeId> probed;
        for (int i = 0; i < 4; ++i) probed.insert(cycle.next(rng).value());
        cycle.change(nodes(1, 2), nodes(9, 10), rng);  // 1 and 2 leave, 9 and 10 come
        CHECK(cycle.size() == 8);
        std::set<NodeId> rest;
        for (const NodeId id : nodes(3, 10)) {
            if (!probed.contains(id)) rest.insert(id);
        }
        std::set<NodeId> next;
        for (std::size_t i = 0; i < rest.size(); ++i) next.insert(cycle.next(rng).value());
        CHECK(next == rest);
    }
}
