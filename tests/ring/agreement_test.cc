#include "ring/agreement.h"

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <memory>

using namespace grapevine;

namespace {

Member member(std::uint64_t id, Role role = Role::storage) {
    Member made;
    made.id = NodeId{id};
    made.name = "node" + std::to_string(id);
    made.address = {0x7f000001, static_cast<std::uint16_t>(7000 + id)};
    made.role = role;
    return made;
}

// Voters 1 ... n with one vote each (n odd), one partition each of them holds.
RingPtr ring_of(std::uint64_t n) {
    auto ring = found_ring(ClusterId{1}, member(1), 3, 1);
    for (std::uint64_t id = 2; id <= n; ++id) {
        ring = *apply(ring, {.epoch = next(ring.epoch), .joined = {member(id)}});
    }
    REQUIRE(ring.voters.size() == n);
    return std::make_shared<const Ring>(ring);
}

// Acceptors and proposers of one instance, messages carried by hand in a seeded random order.
struct Parliament {
    Parliament(std::uint64_t n, std::uint64_t seed) : ring(ring_of(n)), rng(seed) {
        for (std::uint64_t id = 1; id <= n; ++id) {
            voters[NodeId{id}] =
                std::make_unique<Agreement>(AgreementConfig{}, NodeId{id}, seed + id);
            voters[NodeId{id}]->adopt(ring);
        }
    }

    // Each would rather evict another one, so that two decisions would show.
    Agreement::Chooser chooser(NodeId id) {
        return [this, id](const Promisers& promisers) -> std::optional<RingChange> {
            heard_by_chooser = promisers.hears;
            const NodeId victim{id.value % voters.size() + 1};
            if (promisers.hears.contains(victim)) return std::nullopt;
            return RingChange{.epoch = next(ring->epoch), .evicted = {victim}};
        };
    }
    void propose(NodeId id) {
        voters[id]->propose(now, chooser(id));
        collect(id);
    }
    void collect(NodeId id) {
        AgreementEffects effects = voters[id]->take_effects();
        if (effects.state_changed) disk[id] = voters[id]->state();
        for (auto& [to, message] : effects.messages) mail.push_back({id, to, std::move(message)});
        if (effects.decided) decided.push_back(*effects.decided);
        if (effects.voted) voted.insert(id);
    }
    // Another process with what was saved, and nothing else.
    void restart(NodeId id) {
        voters[id] = std::make_unique<Agreement>(AgreementConfig{}, id, rng.next());
        voters[id]->adopt(ring);
        if (disk.contains(id)) voters[id]->resume(now, disk.at(id));
    }
    // One message, or the passing of some time.
    void step(std::uint64_t lost_of_100) {
        if (mail.empty() || rng.chance(1, 20)) {
            now += rng.between(1ms, 60ms);
            for (auto& [id, voter] : voters) {
                if (dead.contains(id)) continue;
                voter->tick(now, chooser(id));
                collect(id);
            }
            return;
        }
        const std::size_t pick = rng.below(mail.size());
        const Mail next_one = mail[pick];
        if (!rng.chance(1, 20))
            mail.erase(mail.begin() + static_cast<std::ptrdiff_t>(pick));  // else: doubled
        if (dead.contains(next_one.to) || rng.chance(lost_of_100, 100)) return;
        voters[next_one.to]->receive(now, next_one.from, next_one.message, chooser(next_one.to));
        collect(next_one.to);
    }

    struct Mail {
        NodeId from, to;
        AgreementMessage message;
    };
    RingPtr ring;
    Rng rng;
    std::map<NodeId, std::unique_ptr<Agreement>> voters;
    std::map<NodeId, AgreementState> disk;
    std::deque<Mail> mail;
    std::set<NodeId> dead, voted, heard_by_chooser;
    std::vector<RingChange> decided;
    Time now = time_from_us(1'000'000);
};

}  // namespace

TEST_CASE("one proposer decides in two rounds", "[agreement]") {
    Parliament parliament(3, 1);
    parliament.propose(NodeId{1});
    for (int i = 0; i < 200 && parliament.decided.empty(); ++i) parliament.step(0);
    REQUIRE(parliament.decided.size() == 1);
    CHECK(parliament.decided[0].evicted == std::vector{NodeId{2}});
    CHECK(parliament.voted.size() >= 2);
}

TEST_CASE("however messages are lost, doubled and reordered, one value is decided", "[agreement]") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Parliament parliament(5, seed);
        INFO("seed " << seed);
        for (const std::uint64_t id : {1, 3, 5}) parliament.propose(NodeId{id});
        int steps = 0;
        while (parliament.decided.size() < 3 && steps < 4000) {
            parliament.step(seed % 30);
            ++steps;
            if (steps == 60) parliament.dead.insert(NodeId{parliament.rng.below(5) + 1});
        }
        REQUIRE_FALSE(parliament.decided.empty());
        for (const RingChange& change : parliament.decided) {
            REQUIRE(change == parliament.decided.front());
        }
    }
}

TEST_CASE("however voters restart with what they saved, one value is decided", "[agreement]") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Parliament parliament(3, seed);
        INFO("seed " << seed);
        for (int steps = 0; parliament.decided.size() < 4 && steps < 4000; ++steps) {
            const NodeId id{parliament.rng.below(3) + 1};
            if (parliament.rng.chance(1, 15)) parliament.restart(id);
            if (parliament.rng.chance(1, 15)) parliament.propose(id);
            parliament.step(seed % 20);
        }
        REQUIRE(parliament.decided.size() >= 2);
        for (const RingChange& change : parliament.decided) {
            REQUIRE(change == parliament.decided.front());
        }
    }
}

TEST_CASE("a voter that restarted keeps its promise, tells its vote, and goes on above",
          "[agreement]") {
    Parliament parliament(3, 7);
    const RingChange change{.epoch = next(parliament.ring->epoch), .evicted = {NodeId{2}}};
    const Ballot high{9, NodeId{2}};
    Agreement& first = *parliament.voters[NodeId{1}];
    first.receive(parliament.now, NodeId{2}, Accept{change.epoch, high, change}, {});
    parliament.collect(NodeId{1});
    parliament.mail.clear();

    parliament.restart(NodeId{1});
    Agreement& again = *parliament.voters[NodeId{1}];
    CHECK(again.has_voted());
    again.receive(parliament.now, NodeId{3}, Prepare{change.epoch, {8, NodeId{3}}}, {});
    again.receive(parliament.now, NodeId{3}, Prepare{change.epoch, {10, NodeId{3}}}, {});
    const AgreementEffects answers = again.take_effects();
    REQUIRE(answers.messages.size() == 2);
    CHECK(std::get<Rejected>(answers.messages[0].second).promised == high);
    const auto& promise = std::get<Promise>(answers.messages[1].second);
    REQUIRE(promise.accepted);
    CHECK(promise.accepted->ballot == high);
    CHECK(promise.accepted->change == change);
    // And proposes, with a ballot that it cannot have used before, where it hears no decision.
    CHECK(again.next_deadline() != never);
    again.propose(parliament.now, parliament.chooser(NodeId{1}));
    const AgreementEffects proposal = again.take_effects();
    REQUIRE_FALSE(proposal.messages.empty());
    CHECK(std::get<Prepare>(proposal.messages[0].second).ballot == Ballot{11, NodeId{1}});
}

TEST_CASE("a minority decides nothing", "[agreement]") {
    Parliament parliament(5, 7);
    parliament.dead = {NodeId{3}, NodeId{4}, NodeId{5}};
    parliament.propose(NodeId{1});
    for (int i = 0; i < 3000; ++i) parliament.step(0);
    CHECK(parliament.decided.empty());
    CHECK(parliament.voters[NodeId{1}]->proposing());  // and keeps trying
}

TEST_CASE("who accepted and hears no decision takes over", "[agreement]") {
    Parliament parliament(3, 11);
    parliament.propose(NodeId{1});
    while (parliament.voted.size() < 2) parliament.step(0);
    parliament.decided.clear();
    parliament.dead.insert(NodeId{1});
    parliament.mail.clear();
    for (int i = 0; i < 3000 && parliament.decided.empty(); ++i) parliament.step(0);
    REQUIRE_FALSE(parliament.decided.empty());
    CHECK(parliament.decided[0].evicted == std::vector{NodeId{2}});  // the value of the first
}

TEST_CASE("a proposer that is free heeds objections", "[agreement]") {
    Parliament parliament(3, 13);
    parliament.voters[NodeId{3}]->set_heard({NodeId{2}});
    parliament.dead.insert(NodeId{2});
    parliament.propose(NodeId{1});
    for (int i = 0; i < 100; ++i) parliament.step(0);
    CHECK(parliament.heard_by_chooser.contains(NodeId{2}));
    CHECK(parliament.decided.empty());
    CHECK_FALSE(parliament.voters[NodeId{1}]->proposing());
}

TEST_CASE("an accept is refused for not being a legal step, not for an objection", "[agreement]") {
    Parliament parliament(3, 17);
    Agreement& voter = *parliament.voters[NodeId{3}];
    voter.set_heard({NodeId{2}});
    const Ballot ballot{1, NodeId{1}};
    const Epoch epoch = next(parliament.ring->epoch);
    voter.receive(parliament.now, NodeId{1},
                  Accept{epoch, ballot, {.epoch = epoch, .evicted = {NodeId{77}}}},
                  parliament.chooser(NodeId{3}));
    CHECK_FALSE(voter.has_voted());
    voter.receive(parliament.now, NodeId{1},
                  Accept{epoch, ballot, {.epoch = epoch, .evicted = {NodeId{2}}}},
                  parliament.chooser(NodeId{3}));
    CHECK(voter.has_voted());
    CHECK(voter.take_effects().voted);
}

TEST_CASE("the ring that was voted for is made once", "[agreement]") {
    const RingPtr ring = ring_of(3);
    int made = 0;
    AgreementConfig config;
    config.make_ring = [&](const RingPtr& before, const RingChange& change) {
        ++made;
        return make_ring(*before, change);
    };
    Agreement voter(config, NodeId{3}, 1);
    voter.adopt(ring);
    const auto evicts = [&](std::uint64_t victim) {
        return RingChange{.epoch = next(ring->epoch), .evicted = {NodeId{victim}}};
    };
    const auto no_choice = [](const Promisers&) { return std::optional<RingChange>{}; };
    voter.receive(Time{}, NodeId{1}, Accept{next(ring->epoch), {1, NodeId{1}}, evicts(2)},
                  no_choice);
    const auto decided = voter.successor(evicts(2));
    CHECK(made == 1);
    REQUIRE(decided);
    CHECK(*decided->ring == *apply(*ring, evicts(2)));
    CHECK(decided->digest == digest(*decided->ring));
    CHECK(*decided->change == evicts(2));

    const auto other = voter.successor(evicts(1));
    CHECK(made == 2);
    REQUIRE(other);
    CHECK(*other->ring == *apply(*ring, evicts(1)));

    // Of another ring it is another step, here none.
    voter.adopt(other->ring);
    CHECK_FALSE(voter.successor(evicts(1)));
    CHECK(made == 3);
}

TEST_CASE("a promise binds: lower ballots are rejected", "[agreement]") {
    Parliament parliament(3, 19);
    Agreement& voter = *parliament.voters[NodeId{3}];
    const Epoch epoch = next(parliament.ring->epoch);
    const auto choose = parliament.chooser(NodeId{3});
    voter.receive(parliament.now, NodeId{2}, Prepare{epoch, {5, NodeId{2}}}, choose);
    CHECK(voter.take_effects().state_changed);
    CHECK(voter.state().promised == Ballot{5, NodeId{2}});
    voter.receive(parliament.now, NodeId{1}, Prepare{epoch, {4, NodeId{1}}}, choose);
    const AgreementEffects effects = voter.take_effects();
    REQUIRE(effects.messages.size() == 1);
    CHECK(std::holds_alternative<Rejected>(effects.messages[0].second));
    CHECK_FALSE(effects.state_changed);
    voter.receive(parliament.now, NodeId{1},
                  Accept{epoch, {4, NodeId{1}}, {.epoch = epoch, .evicted = {NodeId{2}}}}, choose);
    CHECK_FALSE(voter.has_voted());
}

TEST_CASE("strangers and other instances are not listened to", "[agreement]") {
    Parliament parliament(3, 23);
    Agreement& voter = *parliament.voters[NodeId{3}];
    const auto choose = parliament.chooser(NodeId{3});
    const Epoch epoch = next(parliament.ring->epoch);
    voter.receive(parliament.now, NodeId{44}, Prepare{epoch, {9, NodeId{44}}}, choose);
    voter.receive(parliament.now, NodeId{1}, Prepare{next(epoch), {9, NodeId{1}}}, choose);
    CHECK(voter.take_effects().messages.empty());
    CHECK_FALSE(voter.state().promised);
}

TEST_CASE("a forged promise with what cannot have been accepted is no promise", "[agreement]") {
    Parliament parliament(3, 29);
    Agreement& proposer = *parliament.voters[NodeId{1}];
    parliament.propose(NodeId{1});
    const auto& prepare = std::get<Prepare>(parliament.mail.front().message);
    const RingChange other_epoch{.epoch = Epoch{99}};
    const RingChange illegal{.epoch = next(parliament.ring->epoch), .evicted = {NodeId{77}}};
    for (const RingChange& change : {other_epoch, illegal}) {
        for (const NodeId from : {NodeId{2}, NodeId{3}}) {
            const Ballot high{1000, from};
            proposer.receive(
                parliament.now, from,
                Promise{prepare.epoch, prepare.ballot, AcceptedValue{high, change}, {}},
                parliament.chooser(NodeId{1}));
        }
    }
    CHECK(proposer.take_effects().messages.empty());
    CHECK(proposer.proposing());
}
