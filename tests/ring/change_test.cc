#include "ring/change.h"

#include <catch2/catch.hpp>

#include "ring_fixture.h"

using namespace grapevine;

TEST_CASE("a cluster is founded by a coordinator or by its first storage member", "[ring]") {
    const Ring founded = empty_ring(3, 8);
    CHECK(founded.epoch == Epoch{1});
    CHECK_FALSE(founded.genesis);
    CHECK(founded.voters == std::vector<Voter>{{coordinator_id, 1}});
    CHECK(founded.table == std::vector<Entry>(8));

    const Ring alone = found_ring(ClusterId{5}, server(1), 3, 8);
    CHECK(alone.genesis == Epoch{1});
    CHECK(alone.voters == std::vector<Voter>{{a, 1}});
    for (const Entry& entry : alone.table) {
        CHECK(entry == Entry{{a}, {}, Epoch{1}, Epoch{1}, Generation{}});
    }
}

TEST_CASE("an empty change makes an epoch", "[ring]") {
    const Ring ring = small_ring();
    Ring expected = ring;
    expected.epoch = next(ring.epoch);
    CHECK(change_to(ring).empty());
    CHECK(applied(ring, change_to(ring)) == expected);
}

TEST_CASE("a fill becomes a copy when its report fits", "[ring]") {
    const Ring ring = arranged(small_ring(), {{p0, {a, b}, {c}}});
    const Entry& entry = ring.table[0];
    REQUIRE(entry.fills == std::vector<Fill>{{c, ring.epoch}});
    CHECK(entry.since == ring.epoch);
    CHECK(entry.tenure < ring.epoch);

    RingChange change = change_to(ring);
    change.completed = {{p0, entry.since, entry.fills[0].opened, c}};
    const Ring done = applied(ring, change);
    CHECK(done.table[0].copies == Ids{a, b, c});
    CHECK(done.table[0].fills.empty());
    CHECK(done.table[0].since == done.epoch);
    CHECK(done.table[0].tenure == entry.tenure);
    CHECK(done.table[1] == ring.table[1]);

    SECTION("of another entry") {
        change.completed[0].since = Epoch{1};
        CHECK_FALSE(refusal(ring, change).empty());
    }
    SECTION("of another session") {
        change.completed[0].opened = Epoch{1};
        CHECK_FALSE(refusal(ring, change).empty());
    }
    SECTION("of somebody else") {
        change.completed[0].member = d;
        CHECK_FALSE(refusal(ring, change).empty());
    }
    SECTION("of a partition that is not there") {
        change.completed[0].partition = PartitionId{4};
        CHECK_FALSE(refusal(ring, change).empty());
    }
    SECTION("twice") {
        change.completed.push_back(change.completed[0]);
        CHECK_FALSE(refusal(ring, change).empty());
    }
    SECTION("just before its source dies with the other copy") {
        change.evicted = {a, b};
        CHECK(applied(ring, change).table[0].copies == Ids{c});
    }
}

TEST_CASE("an eviction leaves the surviving copies in order", "[ring]") {
    const Ring before = arranged(small_ring(), {{p0, {a, b}, {c}}});
    const Ring ring = evicted(before, {a});
    CHECK(ring.member(a) == nullptr);
    CHECK(ring.table[0].copies == Ids{b});
    CHECK(ring.table[0].fills == before.table[0].fills);  // same `opened`, but a new tenure
    CHECK(ring.table[0].tenure == ring.epoch);
    CHECK(ring.table[1].copies == Ids{b});
    CHECK(ring.table[1].tenure < ring.epoch);
    CHECK(ring.table[1].since == ring.epoch);
    CHECK(ring.table[2] == before.table[2]);

    const Ring without_fill = evicted(before, {c});
    CHECK(without_fill.table[0].copies == Ids{a, b});
    CHECK(without_fill.table[0].fills.empty());
}

TEST_CASE("a partition all of whose copies go is down with all of them", "[ring]") {
    const Ring before = arranged(small_ring(), {{p0, {a, b}, {c}}});
    const Ring ring = evicted(before, {a, b});
    CHECK(ring.is_down(ring.table[0]));
    CHECK(ring.table[0].copies == Ids{a, b});
    CHECK(ring.table[0].fills.empty());
    CHECK(ring.table[0].since == ring.epoch);
    CHECK(ring.table[0].tenure == before.table[0].tenure);
    CHECK(ring.member(a)->state == MemberState::down);

    SECTION("and comes up with those that return together") {
        const Ring up = joined(ring, {server(1), server(2)});
        CHECK(up.table[0].copies == Ids{a, b});
        CHECK(up.table[0].since == up.epoch);
        CHECK(up.table[0].tenure == up.epoch);
        CHECK(up.member(a)->joined == up.epoch);
    }
    SECTION("the others are dropped, their order is kept") {
        const Ring up = joined(ring, {server(2)});
        CHECK(up.table[0].copies == Ids{b});
        CHECK(up.member(a) == nullptr);
        // Who comes back later holds nothing any more.
        CHECK(joined(up, {server(1)}).table[0].copies == Ids{b});
    }
    SECTION("a new process under an old name brings nothing back") {
        const Ring up = joined(ring, {reborn(1)});
        CHECK(up.is_down(up.table[0]));
        CHECK(up.member(a)->state == MemberState::down);
        CHECK(up.member_named("server1")->id == reborn(1).id);
        RingChange holder = change_to(up);
        holder.joined = {server(1)};
        CHECK_FALSE(refusal(up, holder).empty());
        holder.joined[0].name.clear();
        holder.joined[0].address.port = 9999;
        CHECK(applied(up, holder).table[0].copies == Ids{a});
        CHECK(applied(up, holder).member(a)->name == "server5");
    }
    SECTION("and is left alone by arrangements") {
        RingChange change = change_to(ring);
        change.arrangements = {{p0, {c}, {}}};
        CHECK_FALSE(refusal(ring, change).empty());
    }
    SECTION("unless its loss was accepted") {
        RingChange change = change_to(ring);
        change.losses = {p0, p1};
        change.arrangements = {{p0, {c, d}, {}}, {p1, {d}, {}}};
        const Ring up = applied(ring, change);
        CHECK(up.table[0] == Entry{{c, d}, {}, up.epoch, up.epoch, Generation{1}});
        CHECK(up.member(a) == nullptr);

        change.losses = {p0, p1, PartitionId{2}};
        CHECK_FALSE(refusal(ring, change).empty());  // is up
        change.losses = {p0, p1};
        change.arrangements.pop_back();
        CHECK_FALSE(refusal(ring, change).empty());  // nobody gets it
        change.arrangements.push_back({p1, {d}, {c}});
        CHECK_FALSE(refusal(ring, change).empty());  // nothing to fill
        change.arrangements[1] = {p1, {d}, {}};
        change.joined = {server(1)};
        CHECK_FALSE(refusal(ring, change).empty());  // its holder returned
    }
}

TEST_CASE("a copy that is dropped leaves one partition, and the next in order takes over",
          "[ring]") {
    const Ring before = arranged(small_ring(), {{p0, {a, b}, {c}}});
    RingChange change = change_to(before);
    change.dropped = {{p0, a}, {p1, a}};
    const Ring after = applied(before, change);
    const Entry& lost_primary = after.entry(p0);
    CHECK(lost_primary.copies == Ids{b});
    CHECK(lost_primary.tenure == after.epoch);
    CHECK(lost_primary.since == after.epoch);
    CHECK(lost_primary.fills == before.entry(p0).fills);  // as after an eviction: they go on
    const Entry& lost_backup = after.entry(p1);
    CHECK(lost_backup.copies == Ids{b});
    CHECK(lost_backup.tenure == before.entry(p1).tenure);
    CHECK(lost_backup.since == after.epoch);
    CHECK(after.members == before.members);
    CHECK(after.entry(PartitionId{2}) == before.entry(PartitionId{2}));

    // A partition that is down keeps all who may return with its state.
    const Ring down = evicted(before, {c, d});
    RingChange late = change_to(down);
    late.dropped = {{PartitionId{2}, c}};
    CHECK_FALSE(refusal(down, late).empty());

    // In the same ring a fill may take its place, and may not be the one that leaves.
    change = change_to(before);
    change.dropped = {{p0, b}};
    change.arrangements = {{p0, {a}, {c, d}}};
    CHECK(applied(before, change).entry(p0).fills.size() == 2);
    change.arrangements = {{p0, {a, b}, {c}}};
    CHECK_FALSE(refusal(before, change).empty());
}

TEST_CASE("copies leave only while k stay", "[ring]") {
    const Ring start = arranged(small_ring(), {{p0, {a, b}, {c}}});
    RingChange change = change_to(start);
    change.completed = {{p0, start.epoch, start.epoch, c}};
    SECTION("in the ring that completes the last one") {
        change.arrangements = {{p0, {c, a}, {}}};
        const Ring ring = applied(start, change);
        CHECK(ring.table[0].copies == Ids{c, a});
        CHECK(ring.table[0].tenure == ring.epoch);
    }
    SECTION("not below k") {
        change.arrangements = {{p0, {c}, {}}};
        CHECK_FALSE(refusal(start, change).empty());
    }
    SECTION("below k where fewer members stay") {
        change.evicted = {d};
        change.leaving = {a, b};
        change.arrangements = {{p0, {c}, {}}};
        CHECK(applied(start, change).table[0].copies == Ids{c});
    }
    SECTION("never where all leave") {
        change.evicted = {d};
        change.leaving = {a, b, c};
        change.arrangements = {{p0, {a, c}, {}}};
        CHECK_FALSE(refusal(start, change).empty());
    }
}

TEST_CASE("primaries are exchanged only where nothing is filled", "[ring]") {
    const Ring ring = small_ring();
    CHECK(arranged(ring, {{p0, {b, a}, {}}}).table[0].primary() == b);
    RingChange change = change_to(ring);
    change.arrangements = {{p0, {b, a}, {c}}};
    CHECK_FALSE(refusal(ring, change).empty());
    const Ring filling = arranged(ring, {{p0, {a, b}, {c}}});
    change = change_to(filling);
    change.arrangements = {{p0, {b, a}, {}}};
    CHECK_FALSE(refusal(filling, change).empty());
    change.arrangements = {{p0, {a, b}, {}}};
    CHECK(applied(filling, change).table[0].fills.empty());
}

TEST_CASE("fills keep the ring in which they were opened", "[ring]") {
    const Ring first = arranged(small_ring(), {{p0, {a, b}, {c}}});
    const Ring second = arranged(first, {{p0, {a, b}, {d, c}}});
    CHECK(second.table[0].fills == std::vector<Fill>{{d, second.epoch}, {c, first.epoch}});
    // Saying what is there already changes nothing.
    const Ring third = arranged(second, {{p0, {a, b}, {d, c}}});
    CHECK(third.table == second.table);
}

TEST_CASE("a member leaves, and departs when it is in no list", "[ring]") {
    const Ring ring = small_ring();
    RingChange change = change_to(ring);
    change.leaving = {a};
    const Ring leaving = applied(ring, change);
    CHECK(leaving.member(a)->state == MemberState::leaving);
    CHECK(leaving.table == ring.table);
    CHECK(leaving.voters == ring.voters);
    change = change_to(leaving);
    change.departed = {a};
    CHECK_FALSE(refusal(leaving, change).empty());  // holds something

    const Ring with_newcomer = joined(small_ring(), {server(5)});
    change = change_to(with_newcomer);
    change.departed = {NodeId{5}};
    CHECK_FALSE(refusal(with_newcomer, change).empty());  // was not leaving
    change.leaving = {NodeId{5}};
    CHECK(applied(with_newcomer, change).member(NodeId{5}) == nullptr);
}

TEST_CASE("names are given in order and never twice", "[ring]") {
    const auto nameless = [](std::uint64_t number) {
        return with(server(number), [](Member& m) { m.name.clear(); });
    };
    Ring ring = joined(small_ring(), {nameless(50), nameless(49)});
    CHECK(ring.member(NodeId{50})->name == "server5");
    CHECK(ring.member(NodeId{49})->name == "server6");
    CHECK(ring.last_server_number == 6);
    ring = evicted(ring, {NodeId{49}});
    ring = joined(ring, {nameless(51)});
    CHECK(ring.member(NodeId{51})->name == "server7");
    ring = joined(ring, {server(20), nameless(52)});
    CHECK(ring.member(NodeId{52})->name == "server21");
    // No numbers: leading zero, trailing text, too large.
    const auto named = [](std::uint64_t number, std::string name) {
        return with(server(number), [&](Member& m) { m.name = std::move(name); });
    };
    ring = joined(ring, {named(60, "server099"), named(61, "server99x"), named(62, "server"),
                         named(63, "server99999999999"), nameless(64)});
    CHECK(ring.member(NodeId{64})->name == "server22");
    // The last number there is.
    ring = joined(ring, {named(65, "server4294967295")});
    RingChange change = change_to(ring);
    change.joined = {nameless(66)};
    CHECK_FALSE(refusal(ring, change).empty());
}

TEST_CASE("genesis arranges everything, and only then", "[ring]") {
    const Ring founded = empty_ring(2, 2);
    RingChange change = change_to(founded);
    change.arrangements = {{p0, {a}, {}}, {p1, {a}, {}}};
    CHECK_FALSE(refusal(founded, change).empty());  // nobody to hold it
    change.joined = servers(1, 2);
    const Ring ring = applied(founded, change);
    CHECK(ring.genesis == ring.epoch);
    CHECK(ring.table[1] == Entry{{a}, {}, ring.epoch, ring.epoch, Generation{}});

    change.arrangements[1].fills = {b};
    CHECK_FALSE(refusal(founded, change).empty());  // nothing to fill
    change.arrangements.pop_back();
    CHECK_FALSE(refusal(founded, change).empty());  // one is missing
    change.losses = {p1};
    CHECK_FALSE(refusal(founded, change).empty());
}

TEST_CASE("whoever is evicted as coordinator is forgotten", "[ring]") {
    const Ring ring = evicted(small_ring(), {coordinator_id});
    CHECK(ring.member(coordinator_id) == nullptr);
    CHECK(ring.coordinator() == nullptr);
    const Member other = with(a_coordinator(), [](Member& m) {
        m.id = NodeId{2000};
        m.name.clear();
    });
    CHECK(joined(ring, {other}).coordinator()->name == "coordinator");
}

TEST_CASE("votes are odd in total and fit to the members", "[ring]") {
    struct Case {
        std::uint64_t storage;
        bool coordinator;
        std::uint32_t coordinator_votes;
        std::size_t storage_voters;
    };
    const auto votes = GENERATE(Case{0, true, 1, 0}, Case{1, true, 0, 1}, Case{2, true, 1, 2},
                                Case{3, true, 2, 3}, Case{4, true, 1, 4}, Case{7, true, 2, 7},
                                Case{8, true, 2, 7}, Case{12, true, 2, 7}, Case{0, false, 0, 0},
                                Case{1, false, 0, 1}, Case{2, false, 0, 1}, Case{3, false, 0, 3},
                                Case{6, false, 0, 5}, Case{7, false, 0, 7}, Case{9, false, 0, 7});
    CAPTURE(votes.storage, votes.coordinator);
    auto members = servers(1, votes.storage);
    if (votes.coordinator) members.push_back(a_coordinator());
    const auto voters = voters_for(members);
    std::uint32_t total = 0;
    std::size_t storage_voters = 0;
    for (const Voter& voter : voters) {
        total += voter.votes;
        if (voter.id == coordinator_id) {
            CHECK(voter.id == voters.front().id);
            CHECK(voter.votes == votes.coordinator_votes);
        } else {
            CHECK(voter.votes == 1);
            ++storage_voters;
        }
    }
    CHECK(storage_voters == votes.storage_voters);
    CHECK((voters.empty() || total % 2 == 1));
    if (votes.coordinator_votes == 0) CHECK(storage_voters == voters.size());
}

TEST_CASE("the longest in the ring vote, whatever their ids", "[ring]") {
    auto members = servers(1, 9);
    for (std::size_t i = 0; i < members.size(); ++i) members[i].joined = Epoch{20 - i / 2};
    members[3].state = MemberState::down;
    Ids order;
    for (const Voter& voter : voters_for(members)) order.push_back(voter.id);
    CHECK(order ==
          Ids{NodeId{9}, NodeId{7}, NodeId{8}, NodeId{5}, NodeId{6}, NodeId{3}, NodeId{1}});
}
