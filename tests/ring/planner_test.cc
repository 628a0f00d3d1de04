#include "ring/planner.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <utility>

#include "base/rng.h"
#include "ring/placement.h"
#include "ring_fixture.h"

using namespace grapevine;

namespace {

// A cluster whose backfills end at once: plans, applies and reports until nothing is left to do,
// and looks at every ring on the way.
class World {
public:
    World(std::uint32_t copies, std::uint32_t partitions, PlannerConfig config = {})
        : World(empty_ring(copies, partitions), config) {}
    World(Ring ring, PlannerConfig config) : ring_(std::move(ring)), config_(config) {}

    [[nodiscard]] const Ring& ring() const { return ring_; }
    [[nodiscard]] std::size_t handovers() const { return handovers_; }

    // One ring; false where none is wanted.
    bool step(Observations seen) {
        seen.completed = reports();
        const auto change = plan(ring_, seen, config_, cache_);
        if (!change) return false;
        const auto made = apply(ring_, *change);
        REQUIRE(made);
        REQUIRE(ring_defect(*made) == "");
        check_bounds(*made);
        check_exchanges(*made, !change->evicted.empty());
        check_handovers(*made);
        check_rest(*made);
        ring_ = *made;
        return true;
    }

    // Returns the number of rings.
    int settle(const Observations& seen = {}) {
        int rings = 0;
        while (step(seen)) REQUIRE(++rings < 200);
        return rings;
    }

    void check_settled() const {
        CHECK(fully_replicated(ring_));
        const auto desired = desired_placement(placement_task(ring_));
        for (std::uint32_t i = 0; i < ring_.partitions(); ++i) {
            REQUIRE(ring_.table[i].copies == desired[i]);
            REQUIRE(ring_.table[i].fills.empty());
        }
    }

private:
    [[nodiscard]] std::vector<FillReport> reports() const {
        std::vector<FillReport> result;
        for (std::uint32_t i = 0; i < ring_.partitions(); ++i) {
            const Entry& entry = ring_.table[i];
            for (const Fill& fill : entry.fills) {
                result.push_back({PartitionId{i}, entry.since, fill.opened, fill.id});
            }
        }
        return result;
    }

    void check_bounds(const Ring& made) const {
        std::map<NodeId, std::size_t> received;
        std::size_t total = 0;
        for (const Entry& entry : made.table) {
            for (const Fill& fill : entry.fills) ++received[fill.id];
            total += entry.fills.size();
        }
        CHECK(total <= config_.fills_max);
        for (const auto& [id, count] : received) CHECK(count <= config_.fills_per_member_max);
    }

    // A ring that evicts somebody leaves the primaries of untouched partitions alone.
    void check_exchanges(const Ring& made, bool evicts) const {
        if (!evicts) return;
        for (std::uint32_t i = 0; i < made.partitions(); ++i) {
            const NodeId before = ring_.table[i].primary();
            if (made.is_up(before)) REQUIRE(made.table[i].primary() == before);
        }
    }

    // A primary that is replaced and lives is still a copy in that ring, to say that it stepped
    // down. (Nobody is accused in these tests.)
    void check_handovers(const Ring& made) {
        for (std::uint32_t i = 0; i < made.partitions(); ++i) {
            const NodeId before = ring_.table[i].primary();
            if (!ring_.is_up(before) || !made.is_up(before)) continue;
            if (made.table[i].primary() == before) continue;
            ++handovers_;
            REQUIRE(made.table[i].is_copy(before));
        }
    }

    // Nothing follows without news, but what one ring leaves to the next.
    void check_rest(Ring made) {
        int rings = 0;
        while (const auto change = plan(made, {}, config_, cache_)) {
            made = applied(made, *change);
            REQUIRE(++rings <= 3);
        }
    }

    Ring ring_;
    PlannerConfig config_;
    PlacementCache cache_;
    std::size_t handovers_ = 0;
};

std::size_t down_partitions(const Ring& ring) {
    return down_since(ring, ring.epoch).size();
}

}  // namespace

TEST_CASE("genesis waits for its members and is settled at once", "[ring]") {
    World world(3, 64);
    Observations seen = joining(servers(1, 4));
    seen.genesis_members = 5;
    CHECK_FALSE(world.step(seen));
    seen.joiners = servers(1, 5);
    CHECK(world.step(seen));
    world.check_settled();
    CHECK(world.ring().genesis == Epoch{2});
    CHECK(deaths_survived(world.ring()) == 2);
    CHECK(world.settle() == 0);
}

TEST_CASE("who leaves before genesis is not in yet", "[ring]") {
    const Ring founded = empty_ring(2, 16);
    Observations seen = joining(servers(1, 2));
    seen.genesis_members = 3;
    seen.leaving = {NodeId{1}, coordinator_id};
    CHECK_FALSE(plan(founded, seen, PlannerConfig{}));
    seen.genesis_members = 2;
    const Ring ring = applied(founded, plan(founded, seen, PlannerConfig{}).value());
    CHECK(ring.storage_count() == 1);
}

TEST_CASE("joins one by one end at the desired placement", "[ring]") {
    World world(3, 256);
    for (std::uint64_t i = 1; i <= 12; ++i) {
        CHECK(world.settle(joining(servers(1, i))) <= 6);
        world.check_settled();
    }
    CHECK(world.handovers() > 100);
}

TEST_CASE("ten joins at once end at the desired placement", "[ring]") {
    World world(3, 1024);
    world.settle(joining(servers(1, 3)));
    CHECK(world.settle(joining(servers(4, 13))) <= 12);
    world.check_settled();
}

TEST_CASE("small bounds on backfill take longer and are kept", "[ring]") {
    World world(2, 128, {.fills_per_member_max = 5, .fills_max = 12});
    world.settle(joining(servers(1, 3)));
    const int rings = world.settle(joining(servers(4, 6)));
    CHECK(rings > 10);
    world.check_settled();
}

TEST_CASE("what is being copied for want of copies goes on until better ones find room", "[ring]") {
    // Of some sixty that are wanted at the newcomer half can begin.
    const PlannerConfig config{.fills_per_member_max = 32};
    World world(2, 128, config);
    world.settle(joining(servers(1, 4)));
    const Ring begun =
        applied(world.ring(), plan(world.ring(), dying({NodeId{4}}), config).value());
    const auto with_fewer = [](const Ring& ring) {
        return std::ranges::count_if(ring.table, [](const Entry& entry) {
            return entry.copies.size() + entry.fills.size() < 2;
        });
    };
    REQUIRE(with_fewer(begun) == 0);
    Ring ring = applied(begun, plan(begun, joining({reborn(4)}), config).value());
    CHECK(with_fewer(ring) == 0);
    for (const Entry& entry : ring.table) {
        // Not beside the one that is wanted instead.
        if (entry.copies.size() == 1) CHECK(entry.fills.size() == 1);
    }
    CHECK(std::ranges::count_if(ring.table, [](const Entry& entry) {
              return entry.fill_of(reborn(4).id) != nullptr;
          }) == 32);
    // They are done, which makes room, and all others go where they are wanted.
    World after(std::move(ring), config);
    after.settle();
    after.check_settled();
}

TEST_CASE("fills that are not wanted do not make room one by one", "[ring]") {
    World world(3, 1024);
    world.settle(joining(servers(1, 5)));
    Ring ring = applied(world.ring(), plan(world.ring(), dying({NodeId{3}}), {}).value());
    std::size_t begun = 0;
    for (const Entry& entry : ring.table) begun += entry.fills.size();
    REQUIRE(begun == PlannerConfig{}.fills_max);
    ring = applied(ring, plan(ring, joining({reborn(3)}), {}).value());
    CHECK(std::ranges::count_if(ring.table, [](const Entry& entry) {
              return entry.fill_of(reborn(3).id) != nullptr;
          }) == static_cast<std::ptrdiff_t>(PlannerConfig{}.fills_per_member_max));
    CHECK_FALSE(plan(ring, {}, {}));
}

TEST_CASE("fills that rest go on as they are, but for those behind bad links", "[ring]") {
    World world(2, 8);
    world.settle(joining(servers(1, 6)));
    const Ring before = world.ring();
    Ring ring = applied(before, plan(before, dying({NodeId{6}}), {}).value());
    // One whose primary shares no other partition with who is being filled: else a copy would go.
    const auto shares = [&](NodeId one, NodeId other) {
        return std::ranges::any_of(
            ring.table, [&](const Entry& e) { return e.is_copy(one) && e.is_copy(other); });
    };
    const auto filled = std::ranges::find_if(ring.table, [&](const Entry& e) {
        return !e.fills.empty() && !shares(e.primary(), e.fills[0].id);
    });
    REQUIRE(filled != ring.table.end());
    Observations seen;
    seen.fills_rest = true;
    // The link of one pair is silent, or worse: what is filled over it ends, and nothing begins.
    const LinkPair pair = link_pair(filled->primary(), filled->fills[0].id);
    seen.links[pair] = LinkState::silent;
    CHECK_FALSE(plan(ring, seen, {}));
    seen.links[pair] = LinkState::bad;
    const Ring ended = applied(ring, plan(ring, seen, {}).value());
    for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
        for (const Fill& fill : ring.table[i].fills) {
            const bool is_bad = link_pair(ring.table[i].primary(), fill.id) == pair;
            CHECK((ended.table[i].fill_of(fill.id) == nullptr) == is_bad);
        }
        for (const Fill& fill : ended.table[i].fills) {
            CHECK(ring.table[i].fill_of(fill.id) != nullptr);
        }
    }
    // A death is no shuffle: what it leaves to be filled begins in the same ring.
    seen.links.clear();
    seen.dead = {NodeId{3}};
    ring = applied(ring, plan(ring, seen, {}).value());
    for (const Entry& entry : ring.table) CHECK(entry.copies.size() + entry.fills.size() >= 2);
    seen.dead.clear();
    seen.fills_rest = false;
    World(std::move(ring), {}).settle();
}

TEST_CASE("deaths of up to k - 1 members lose nothing", "[ring]") {
    for (std::uint32_t deaths = 1; deaths <= 4; ++deaths) {
        World world(5, 256);
        world.settle(joining(servers(1, 7)));
        std::set<NodeId> dead;
        for (std::uint32_t i = 1; i <= deaths; ++i) dead.insert(NodeId{i});
        REQUIRE(world.step(dying(dead)));
        CHECK(down_partitions(world.ring()) == 0);
        for (const NodeId id : dead) CHECK(world.ring().member(id) == nullptr);
        CHECK(world.settle(dying(dead)) <= 8);
        world.check_settled();
        CHECK(world.ring().storage_count() == 7 - deaths);
    }
}

TEST_CASE("the partitions with the fewest copies are filled first", "[ring]") {
    World world(3, 256, {.fills_per_member_max = 256, .fills_max = 4});
    world.settle(joining(servers(1, 7)));
    REQUIRE(world.step(dying({NodeId{1}, NodeId{2}})));
    std::size_t fewest = 3;
    for (const Entry& entry : world.ring().table) fewest = std::min(fewest, entry.copies.size());
    REQUIRE(fewest == 1);
    for (const Entry& entry : world.ring().table) {
        if (!entry.fills.empty()) CHECK(entry.copies.size() == 1);
    }
}

TEST_CASE("when all holders die their partitions wait for them", "[ring]") {
    World world(2, 64);
    world.settle(joining(servers(1, 5)));
    const Ring before = world.ring();
    world.settle(dying({NodeId{1}, NodeId{2}}));
    const std::size_t down = down_partitions(world.ring());
    REQUIRE(down > 0);
    CHECK_FALSE(fully_replicated(world.ring()));
    CHECK(deaths_survived(world.ring()) == 0);
    REQUIRE(world.ring().member(NodeId{1}) != nullptr);
    CHECK(world.ring().member(NodeId{1})->state == MemberState::down);

    SECTION("one returns: its copy serves, the other is forgotten") {
        world.settle(joining({server(1)}));
        CHECK(down_partitions(world.ring()) == 0);
        CHECK(world.ring().member(NodeId{2}) == nullptr);
        world.check_settled();
    }
    SECTION("both return together and stay copies") {
        REQUIRE(world.step(joining({server(1), server(2)})));
        for (std::uint32_t i = 0; i < before.partitions(); ++i) {
            const Entry& old = before.table[i];
            if (old.is_copy(NodeId{1}) && old.is_copy(NodeId{2})) {
                CHECK(world.ring().table[i].copies == old.copies);
                CHECK(world.ring().table[i].since == world.ring().epoch);
            }
        }
        world.settle();
        world.check_settled();
    }
    SECTION("new processes under their names bring nothing back") {
        world.settle(joining({reborn(1), reborn(2)}));
        CHECK(down_partitions(world.ring()) == down);
        CHECK(world.ring().member_named("server1")->id == reborn(1).id);
        // The holder returns after all, under another name since its own is taken.
        Member holder = server(1);
        holder.address.port = 9001;
        world.settle(joining({holder}));
        CHECK(down_partitions(world.ring()) == 0);
        CHECK(world.ring().member(NodeId{1})->name == "server6");
        world.check_settled();
    }
    SECTION("an operator accepts the loss") {
        Observations seen;
        for (std::uint32_t i = 0; i < before.partitions(); ++i) {
            seen.losses.push_back(PartitionId{i});  // those that are not down are passed over
        }
        world.settle(seen);
        CHECK(down_partitions(world.ring()) == 0);
        CHECK(world.ring().member(NodeId{1}) == nullptr);
        const auto lost = std::ranges::count(world.ring().table, Generation{1}, &Entry::generation);
        CHECK(static_cast<std::size_t>(lost) == down);
        world.check_settled();
    }
}

TEST_CASE("a member that leaves goes when others hold what it held", "[ring]") {
    for (const std::uint64_t nodes : {3, 6}) {
        World world(3, 128);
        world.settle(joining(servers(1, nodes)));
        Observations seen;
        seen.leaving = {NodeId{2}};
        REQUIRE(world.step(seen));
        CHECK(world.ring().member(NodeId{2})->state == MemberState::leaving);
        CHECK(world.settle(seen) <= 6);
        CHECK(world.handovers() > 0);
        CHECK(world.ring().member(NodeId{2}) == nullptr);
        world.check_settled();
    }
}

TEST_CASE("the last member cannot leave, and goes when another comes", "[ring]") {
    World world(2, 16);
    world.settle(joining(servers(1, 1)));
    Observations seen;
    seen.leaving = {NodeId{1}};
    world.settle(seen);
    CHECK(world.ring().member(NodeId{1})->state == MemberState::leaving);
    world.settle(joining({server(2)}));
    CHECK(world.ring().member(NodeId{1}) == nullptr);
    world.check_settled();
}

TEST_CASE("a new process takes the place of its predecessor in one ring", "[ring]") {
    World world(3, 128);
    world.settle(joining(servers(1, 5)));
    Observations seen = joining({reborn(3)});
    seen.dead = {NodeId{3}};
    REQUIRE(world.step(seen));
    CHECK(world.ring().member(NodeId{3}) == nullptr);
    CHECK(world.ring().member_named("server3")->id == reborn(3).id);
    world.settle();
    world.check_settled();
}

TEST_CASE("a death costs no other partition its primary, and order is restored later", "[ring]") {
    World world(3, 512);
    world.settle(joining(servers(1, 7)));
    const Ring before = world.ring();
    REQUIRE(world.step(dying({NodeId{4}})));  // looks at untouched primaries itself
    for (std::uint32_t i = 0; i < before.partitions(); ++i) {
        const Entry& old = before.table[i];
        if (old.writes_to(NodeId{4})) continue;
        const Entry& entry = world.ring().table[i];
        CHECK(entry.tenure == old.tenure);
    }
    world.settle();
    world.check_settled();
}

TEST_CASE("what does not fit is passed over", "[ring]") {
    const Ring ring = ring_of(3, 2, 16);
    Observations seen;
    seen.dead = {NodeId{9}};
    seen.leaving = {NodeId{9}, coordinator_id};
    seen.completed = {{PartitionId{3}, Epoch{1}, Epoch{1}, NodeId{1}},
                      {PartitionId{99}, Epoch{1}, Epoch{1}, NodeId{1}}};
    seen.losses = {PartitionId{3}, PartitionId{99}};
    Member same_name = server(2);
    same_name.id = NodeId{50};
    same_name.address.port = 1;
    Member same_address = server(60);
    same_address.address = server(1).address;
    Member nameless_noise = server(61);
    nameless_noise.name = "a\nb";
    Member other_coordinator = a_coordinator();
    other_coordinator.id = NodeId{2000};
    seen.joiners = {server(1), same_name, same_address, nameless_noise, other_coordinator};
    CHECK_FALSE(plan(ring, seen, PlannerConfig{}));
    // Everybody dead: whoever says so is not.
    seen = dying({NodeId{1}, NodeId{2}, NodeId{3}, coordinator_id});
    CHECK_FALSE(plan(ring, seen, PlannerConfig{}));
}

TEST_CASE("random lives of a cluster stay legal and settle", "[ring]") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        World world(static_cast<std::uint32_t>(1 + rng.below(4)), 64,
                    {.fills_per_member_max = 1 + rng.below(20), .fills_max = 1 + rng.below(60)});
        std::uint64_t number = 1 + rng.below(5);
        world.settle(joining(servers(1, number)));
        std::vector<Member> gone;
        for (int i = 0; i < 40; ++i) {
            Observations seen;
            if (rng.chance(1, 3)) seen.joiners.push_back(server(++number));
            for (const Member& member : world.ring().members) {
                if (!member.stores() || !member.is_up()) continue;
                if (rng.chance(1, 12)) {
                    seen.dead.insert(member.id);
                    gone.push_back(member);
                } else if (rng.chance(1, 20)) {
                    seen.leaving.insert(member.id);
                }
            }
            for (const Member& member : gone) {
                if (rng.chance(1, 4)) seen.joiners.push_back(member);
            }
            world.step(seen);
        }
        Observations end = joining(gone);
        end.joiners.push_back(server(++number));
        world.settle(end);
        world.check_settled();
    }
}
