#include "ring/ring.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "ring_fixture.h"

using namespace grapevine;

namespace {

struct Edit {
    const char* what;
    void (*make)(Ring&);
};

}  // namespace

TEST_CASE("members are found by id, and up ones by name and address", "[ring]") {
    Ring ring = ring_of(3, 2, 8);
    CHECK(ring.member(NodeId{2})->name == "server2");
    CHECK(ring.member(NodeId{9}) == nullptr);
    CHECK(ring.member_named("server3")->id == NodeId{3});
    CHECK(ring.member_at(server(3).address)->id == NodeId{3});
    CHECK(ring.coordinator()->id == coordinator_id);
    CHECK(ring.storage_count() == 3);
    CHECK(ring.votes_of(NodeId{1}) == 1);
    CHECK(ring.votes_of(NodeId{9}) == 0);
    CHECK(ring.votes_total() == 5);
    CHECK(ring.majority() == 3);

    ring.members[2].state = MemberState::down;
    CHECK(ring.member_named("server3") == nullptr);
    CHECK(ring.member_at(server(3).address) == nullptr);
    CHECK_FALSE(ring.is_up(NodeId{3}));
    CHECK(ring.storage_count() == 2);
}

TEST_CASE("an entry knows its copies and fills", "[ring]") {
    const Entry entry{{NodeId{4}, NodeId{2}}, {{NodeId{7}, Epoch{3}}}, {}, {}, {}};
    CHECK(entry.primary() == NodeId{4});
    CHECK(entry.is_copy(NodeId{2}));
    CHECK_FALSE(entry.is_copy(NodeId{7}));
    CHECK(entry.fill_of(NodeId{7})->opened == Epoch{3});
    CHECK(entry.fill_of(NodeId{2}) == nullptr);
    CHECK(entry.writes_to(NodeId{7}));
    CHECK_FALSE(entry.writes_to(NodeId{1}));
    CHECK_FALSE(Entry{}.primary());
}

TEST_CASE("the deaths that a ring survives", "[ring]") {
    CHECK(deaths_survived(empty_ring(3, 8)) == 0);
    CHECK(deaths_survived(ring_of(1, 3, 8)) == 0);
    CHECK(deaths_survived(ring_of(2, 3, 8)) == 1);
    CHECK(deaths_survived(ring_of(3, 3, 8)) == 2);
    CHECK(deaths_survived(ring_of(5, 3, 8)) == 2);
    CHECK(deaths_survived(ring_of(5, 1, 8)) == 0);
    CHECK(deaths_survived(ring_of(7, 5, 8)) == 4);
    CHECK(deaths_survived(ring_of(9, 9, 8)) == 4);  // five of the seven that vote are too many

    // Without the coordinator the quorum is the limit.
    const Ring ring = ring_of(4, 4, 8);
    RingChange change;
    change.epoch = next(ring.epoch);
    change.evicted = {coordinator_id};
    CHECK(deaths_survived(ring) == 2);
    CHECK(deaths_survived(applied(ring, change)) == 1);
}

namespace {

bool goes_on_without(const Ring& ring, const std::vector<NodeId>& dead) {
    const auto is_dead = [&](NodeId id) { return std::ranges::find(dead, id) != dead.end(); };
    std::uint32_t votes = 0;
    for (const Voter& voter : ring.voters) votes += is_dead(voter.id) ? 0 : voter.votes;
    return votes >= ring.majority() && std::ranges::all_of(ring.table, [&](const Entry& entry) {
               return !std::ranges::all_of(entry.copies, is_dead);
           });
}

// The most that can die, of all choices; `always` dies in each and does not count.
std::size_t most_deaths(const Ring& ring, bool nodes_only, const std::vector<NodeId>& always = {}) {
    std::vector<NodeId> mortal;
    for (const Member& member : ring.members) {
        if (member.stores() || !nodes_only) mortal.push_back(member.id);
    }
    std::size_t least_fatal = mortal.size() + 1;
    for (std::uint32_t choice = 0; choice < (1U << mortal.size()); ++choice) {
        std::vector<NodeId> dead = always;
        for (std::size_t i = 0; i < mortal.size(); ++i) {
            if ((choice >> i & 1U) != 0) dead.push_back(mortal[i]);
        }
        if (!goes_on_without(ring, dead)) {
            least_fatal = std::min(least_fatal, dead.size() - always.size());
        }
    }
    return least_fatal - 1;
}

}  // namespace

TEST_CASE("the coordinator may be among the dead, as trying all choices says", "[ring]") {
    for (std::uint64_t nodes = 2; nodes <= 9; ++nodes) {
        for (std::uint32_t copies = 1; copies <= 7; ++copies) {
            CAPTURE(nodes, copies);
            const Ring ring = ring_of(nodes, copies, 16);
            const Resilience survived = resilience(ring);
            CHECK(survived.nodes == most_deaths(ring, true));
            CHECK(survived.members == most_deaths(ring, false));
            CHECK(survived.beside_coordinator == most_deaths(ring, true, {coordinator_id}));
        }
    }
    const Resilience of_three = resilience(ring_of(3, 3, 8));
    CHECK(of_three.nodes == 2);
    CHECK(of_three.members == 1);
    CHECK(of_three.beside_coordinator == 0);
    CHECK_FALSE(resilience(empty_ring(3, 8)).beside_coordinator);
}

TEST_CASE("copies that are possible, and when all are there", "[ring]") {
    Ring ring = ring_of(3, 3, 8);
    CHECK(copies_possible(ring) == 3);
    CHECK(fully_replicated(ring));
    CHECK_FALSE(fully_replicated(empty_ring(3, 8)));
    SECTION("a member leaves") {
        ring.members[0].state = MemberState::leaving;
        CHECK(copies_possible(ring) == 2);
        CHECK(fully_replicated(ring));
    }
    SECTION("a copy is missing") {
        ring.table[5].copies.pop_back();
        CHECK_FALSE(fully_replicated(ring));
    }
    SECTION("something is filled") {
        ring = ring_of(4, 3, 8);
        const auto outsider = std::ranges::find_if(ring.members, [&](const Member& member) {
            return member.stores() && !ring.table[5].is_copy(member.id);
        });
        ring.table[5].fills.push_back({outsider->id, ring.epoch});
        CHECK_FALSE(fully_replicated(ring));
    }
}

TEST_CASE("a broken ring is told from a good one", "[ring]") {
    const Ring good = ring_of(4, 2, 4);
    REQUIRE(ring_defect(good) == "");
    constexpr Edit edits[] = {
        {"no cluster", [](Ring& ring) { ring.cluster = {}; }},
        {"no epoch", [](Ring& ring) { ring.epoch = {}; }},
        {"no copies wanted", [](Ring& ring) { ring.copies_wanted = 0; }},
        {"too many copies wanted", [](Ring& ring) { ring.copies_wanted = 10; }},
        {"no partitions", [](Ring& ring) { ring.table.clear(); }},
        {"an odd number of partitions", [](Ring& ring) { ring.table.pop_back(); }},
        {"too many partitions", [](Ring& ring) { ring.table.resize(32768, ring.table[0]); }},
        {"genesis to come", [](Ring& ring) { ring.genesis = next(ring.epoch); }},
        {"no genesis", [](Ring& ring) { ring.genesis = {}; }},
        {"the cluster as its own ancestor",
         [](Ring& ring) { ring.ancestors = {{ring.cluster, Epoch{1}}}; }},
        {"an ancestor without an id", [](Ring& ring) { ring.ancestors = {{{}, Epoch{1}}}; }},
        {"an ancestor that is not older",
         [](Ring& ring) { ring.ancestors = {{ClusterId{5}, ring.genesis}}; }},
        {"an ancestor twice",
         [](Ring& ring) { ring.ancestors = {{ClusterId{5}, Epoch{2}}, {ClusterId{5}, Epoch{1}}}; }},
        {"members out of order", [](Ring& ring) { std::swap(ring.members[0], ring.members[1]); }},
        {"a member twice", [](Ring& ring) { ring.members[1].id = ring.members[0].id; }},
        {"a name twice", [](Ring& ring) { ring.members[1].name = ring.members[0].name; }},
        {"no name", [](Ring& ring) { ring.members[1].name.clear(); }},
        {"an address twice", [](Ring& ring) { ring.members[1].address = ring.members[0].address; }},
        {"no weight", [](Ring& ring) { ring.members[1].weight = 0; }},
        {"a member to come", [](Ring& ring) { ring.members[1].joined = next(ring.epoch); }},
        {"two coordinators", [](Ring& ring) { ring.members[3].role = Role::coordinator; }},
        {"a coordinator that leaves",
         [](Ring& ring) { ring.members[4].state = MemberState::leaving; }},
        {"a member that is down and lists itself up",
         [](Ring& ring) { ring.members[1].state = MemberState::down; }},
        {"no voters", [](Ring& ring) { ring.voters.clear(); }},
        {"other votes", [](Ring& ring) { ring.voters[0].votes = 3; }},
        {"no copies", [](Ring& ring) { ring.table[1].copies.clear(); }},
        {"an unknown copy", [](Ring& ring) { ring.table[1].copies[1] = NodeId{9}; }},
        {"a coordinator as copy", [](Ring& ring) { ring.table[1].copies[1] = coordinator_id; }},
        {"a copy twice", [](Ring& ring) { ring.table[1].copies[1] = ring.table[1].copies[0]; }},
        {"an unknown fill", [](Ring& ring) { ring.table[1].fills = {{NodeId{9}, ring.epoch}}; }},
        {"a copy as fill",
         [](Ring& ring) { ring.table[1].fills = {{ring.table[1].primary(), ring.epoch}}; }},
        {"a fill opened later",
         [](Ring& ring) { ring.table[1].fills = {{ring.members[0].id, next(ring.epoch)}}; }},
        {"a change to come", [](Ring& ring) { ring.table[1].since = next(ring.epoch); }},
        {"a primary from before genesis", [](Ring& ring) { ring.table[1].tenure = {}; }},
    };
    for (const Edit& edit : edits) {
        CAPTURE(edit.what);
        Ring ring = good;
        edit.make(ring);
        CHECK(ring_defect(ring) != "");
    }
    Ring early = empty_ring(2, 4);
    early.table[2].generation = Generation{1};
    CHECK(ring_defect(early) != "");
}

TEST_CASE("the digest sees every field and is the same everywhere", "[ring]") {
    const Ring good = ring_of(4, 2, 4);
    // Golden: members of different machines and versions compare it.
    CHECK(digest(good) == 16181891132734564011U);
    CHECK(digest(ring_of(4, 2, 4)) == digest(good));
    constexpr Edit edits[] = {
        {"cluster", [](Ring& ring) { ++ring.cluster.value; }},
        {"an ancestor", [](Ring& ring) { ring.ancestors.push_back({ClusterId{5}, Epoch{1}}); }},
        {"epoch", [](Ring& ring) { ++ring.epoch.value; }},
        {"genesis", [](Ring& ring) { ++ring.genesis.value; }},
        {"copies_wanted", [](Ring& ring) { ++ring.copies_wanted; }},
        {"protocol", [](Ring& ring) { ++ring.protocol; }},
        {"last_server_number", [](Ring& ring) { ++ring.last_server_number; }},
        {"members", [](Ring& ring) { ring.members.pop_back(); }},
        {"voters", [](Ring& ring) { ring.voters.pop_back(); }},
        {"table", [](Ring& ring) { ring.table.pop_back(); }},
        {"id", [](Ring& ring) { ++ring.members[1].id.value; }},
        {"name", [](Ring& ring) { ring.members[1].name += 'x'; }},
        {"ip", [](Ring& ring) { ++ring.members[1].address.ip; }},
        {"port", [](Ring& ring) { ++ring.members[1].address.port; }},
        {"pid", [](Ring& ring) { ++ring.members[1].pid; }},
        {"role", [](Ring& ring) { ring.members[1].role = Role::coordinator; }},
        {"state", [](Ring& ring) { ring.members[1].state = MemberState::leaving; }},
        {"zone", [](Ring& ring) { ring.members[1].zone = "z"; }},
        {"weight", [](Ring& ring) { ++ring.members[1].weight; }},
        {"joined", [](Ring& ring) { ++ring.members[1].joined.value; }},
        {"voter", [](Ring& ring) { ++ring.voters[1].id.value; }},
        {"votes", [](Ring& ring) { ++ring.voters[1].votes; }},
        {"copies", [](Ring& ring) { std::swap(ring.table[1].copies[0], ring.table[1].copies[1]); }},
        {"fills", [](Ring& ring) { ring.table[1].fills.push_back({}); }},
        {"tenure", [](Ring& ring) { ++ring.table[1].tenure.value; }},
        {"since", [](Ring& ring) { ++ring.table[1].since.value; }},
        {"generation", [](Ring& ring) { ++ring.table[1].generation.value; }},
    };
    for (const Edit& edit : edits) {
        CAPTURE(edit.what);
        Ring ring = good;
        edit.make(ring);
        REQUIRE(ring != good);
        CHECK(digest(ring) != digest(good));
    }
}
