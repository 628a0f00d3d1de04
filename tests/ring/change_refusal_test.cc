#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "base/rng.h"
#include "ring/change.h"
#include "ring_fixture.h"

using namespace grapevine;

TEST_CASE("what is no legal step is refused with a sentence", "[ring]") {
    struct Case {
        const char* what;
        void (*spoil)(RingChange&);
    };
    constexpr Case cases[] = {
        {"an epoch too far", [](RingChange& change) { change.epoch = next(change.epoch); }},
        {"an epoch gone by", [](RingChange& change) { change.epoch = Epoch{}; }},
        {"evicts a stranger", [](RingChange& change) { change.evicted = {NodeId{9}}; }},
        {"evicts twice", [](RingChange& change) { change.evicted = {a, a}; }},
        {"evicts out of order", [](RingChange& change) { change.evicted = {b, a}; }},
        {"evicts everybody",
         [](RingChange& change) { change.evicted = {a, b, c, d, coordinator_id}; }},
        {"evicts who joins",
         [](RingChange& change) {
             change.evicted = {a};
             change.joined.push_back(server(1));
         }},
        {"joins who is in", [](RingChange& change) { change.joined.push_back(server(1)); }},
        {"joins twice",
         [](RingChange& change) {
             change.joined.push_back(server(9));
             change.joined.push_back(server(9));
         }},
        {"leaves as a stranger", [](RingChange& change) { change.leaving = {NodeId{9}}; }},
        {"leaves as coordinator", [](RingChange& change) { change.leaving = {coordinator_id}; }},
        {"leaves twice", [](RingChange& change) { change.leaving = {a, a}; }},
        {"departs without leaving", [](RingChange& change) { change.departed = {a}; }},
        {"departs as a stranger", [](RingChange& change) { change.departed = {NodeId{9}}; }},
        {"drops what it does not hold", [](RingChange& change) { change.dropped = {{p0, c}}; }},
        {"drops as a stranger", [](RingChange& change) { change.dropped = {{p0, NodeId{9}}}; }},
        {"drops the last copy", [](RingChange& change) { change.dropped = {{PartitionId{3}, d}}; }},
        {"drops what an eviction makes the last copy",
         [](RingChange& change) {
             change.evicted = {a};
             change.dropped = {{p0, b}};
         }},
        {"drops two copies of one",
         [](RingChange& change) { change.dropped = {{p0, a}, {p0, b}}; }},
        {"drops out of order", [](RingChange& change) { change.dropped = {{p1, a}, {p0, a}}; }},
        {"drops what is not", [](RingChange& change) { change.dropped = {{PartitionId{4}, a}}; }},
        {"gives up what is up", [](RingChange& change) { change.losses = {p0}; }},
        {"gives up what is not", [](RingChange& change) { change.losses = {PartitionId{4}}; }},
    };
    const Ring ring = small_ring();
    for (const Case& spoiled : cases) {
        CAPTURE(spoiled.what);
        RingChange change = change_to(ring);
        spoiled.spoil(change);
        CHECK_FALSE(refusal(ring, change).empty());
    }
}

TEST_CASE("who cannot join is refused", "[ring]") {
    struct Case {
        const char* what;
        void (*spoil)(Member&);
    };
    constexpr Case cases[] = {
        {"no id", [](Member& m) { m.id = NodeId{}; }},
        {"no address", [](Member& m) { m.address = {}; }},
        {"a name that is taken", [](Member& m) { m.name = "server2"; }},
        {"an address that is taken", [](Member& m) { m.address = server(2).address; }},
        {"a second coordinator", [](Member& m) { m.role = Role::coordinator; }},
        {"a long name", [](Member& m) { m.name.assign(65, 'x'); }},
        {"a long zone", [](Member& m) { m.zone.assign(65, 'x'); }},
        {"a name with a line feed", [](Member& m) { m.name = "a\nb"; }},
        {"a zone with a DEL", [](Member& m) { m.zone = "\x7f"; }},
        {"no weight", [](Member& m) { m.weight = 0; }},
        {"a huge weight", [](Member& m) { m.weight = weight_max + 1; }},
    };
    const Ring ring = small_ring();
    CHECK(joined(ring, {server(9)}).is_up(NodeId{9}));
    for (const Case& spoiled : cases) {
        CAPTURE(spoiled.what);
        RingChange change = change_to(ring);
        change.joined.push_back(with(server(9), spoiled.spoil));
        CHECK_FALSE(refusal(ring, change).empty());
    }
}

TEST_CASE("lists that do not fit are refused", "[ring]") {
    const Ring ring = small_ring();
    const auto refused = [&](std::vector<Arrangement> arrangements) {
        RingChange change = change_to(ring);
        change.arrangements = std::move(arrangements);
        return !refusal(ring, change).empty();
    };
    const auto holders_refused = [&](NodeList copies, NodeList fills) {
        return refused({{p0, std::move(copies), std::move(fills)}});
    };
    CHECK_FALSE(holders_refused({a, b}, {c}));
    CHECK(holders_refused({}, {}));
    CHECK(holders_refused({a, b, c}, {}));  // a copy from nothing
    CHECK(holders_refused({a, a}, {}));
    CHECK(holders_refused({a, NodeId{9}}, {}));
    CHECK(holders_refused({a, b}, {NodeId{9}}));
    CHECK(holders_refused({a, b}, {coordinator_id}));
    CHECK(holders_refused({a, b}, {b}));
    CHECK(holders_refused({a, b}, {c, c}));
    CHECK(refused({{PartitionId{4}, {a}, {}}}));
    CHECK(refused({{p0, {a, b}, {}}, {p0, {a, b}, {}}}));
    CHECK(refused({{p1, {b, a}, {}}, {p0, {a, b}, {}}}));
}

namespace {

// Changes that were legal until somebody meddled with them.
class Meddler {
public:
    explicit Meddler(std::uint64_t seed) : rng_(seed) {}

    RingChange meddle(const Ring& ring, RingChange change) {
        for (std::uint64_t i = rng_.below(4); i > 0; --i) edit(ring, change);
        return change;
    }

private:
    NodeId some_id() { return NodeId{rng_.below(10)}; }
    PartitionId some_partition() { return PartitionId{static_cast<std::uint32_t>(rng_.below(9))}; }
    Ids some_ids() {
        Ids ids(rng_.below(4));
        for (NodeId& id : ids) id = some_id();
        return ids;
    }
    void edit(const Ring& ring, RingChange& change) {
        switch (rng_.below(9)) {
            case 8:
                change.dropped = {{some_partition(), some_id()}};
                break;
            case 0:
                change.evicted = some_ids();
                break;
            case 1:
                change.leaving = some_ids();
                break;
            case 2:
                change.departed = some_ids();
                break;
            case 3:
                change.losses.push_back(some_partition());
                break;
            case 4:
                change.joined.push_back(server(rng_.below(10)));
                break;
            case 5:
                change.completed.push_back(
                    {some_partition(), Epoch{rng_.below(9)}, Epoch{rng_.below(9)}, some_id()});
                break;
            case 6:
                change.arrangements.push_back(
                    {some_partition(), NodeList(some_ids()), NodeList(some_ids())});
                break;
            default:
                if (!change.arrangements.empty()) {
                    auto& some = change.arrangements[rng_.below(change.arrangements.size())];
                    (rng_.chance(1, 2) ? some.copies : some.fills) = NodeList(some_ids());
                    some.partition.value %= ring.partitions();
                }
        }
    }
    Rng rng_;
};

// Nobody becomes a copy without having been one or having been filled, generation by generation.
void check_nothing_from_nothing(const Ring& before, const RingChange& change, const Ring& after) {
    if (after.genesis == after.epoch) return;
    for (std::uint32_t i = 0; i < after.partitions(); ++i) {
        const Entry& entry = after.table[i];
        if (entry.generation != before.table[i].generation) {
            REQUIRE(before.is_down(before.table[i]));
            continue;
        }
        for (const NodeId id : entry.copies) {
            const bool reported = std::ranges::any_of(change.completed, [&](const FillReport& r) {
                return r.partition.value == i && r.member == id;
            });
            REQUIRE((before.table[i].is_copy(id) || reported));
        }
    }
}

}  // namespace

TEST_CASE("whatever a peer proposes, it is refused or keeps the rules", "[ring]") {
    int legal = 0;
    int illegal = 0;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        Meddler meddler(seed);
        Ring ring = empty_ring(2, 8);
        for (int i = 0; i < 100; ++i) {
            Observations seen;
            seen.joiners = servers(1, 3 + rng.below(5));
            for (const Member& member : ring.members) {
                if (rng.chance(1, 10)) seen.dead.insert(member.id);
            }
            const auto planned = plan(ring, seen, PlannerConfig{});
            const RingChange change = meddler.meddle(ring, planned.value_or(change_to(ring)));
            const auto result = apply(ring, change);
            ++(result ? legal : illegal);
            if (!result) {
                REQUIRE_FALSE(result.error().message.empty());
                continue;
            }
            REQUIRE(ring_defect(*result) == "");
            check_nothing_from_nothing(ring, change, *result);
            ring = *result;
        }
    }
    CHECK(legal > 500);
    CHECK(illegal > 500);
}
