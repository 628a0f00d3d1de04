// What becomes of a member whose consent to a new cluster comes to nothing.
#include <algorithm>
#include <deque>
#include <memory>
#include <string>

#include "node/messages.h"
#include "scenarios/forcing.h"
#include "scenarios/operator.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

constexpr std::uint64_t heir_id = 0xf00d;

bool is_heir(const Cluster& cluster, const std::string& name) {
    const RingPtr ring = cluster.world().node(name)->ring();
    return ring != nullptr && ring->cluster == ClusterId{heir_id};
}

void between(Cluster& cluster, sim::FaultKind kind, const Names& a, const Names& b) {
    sim::Fault fault;
    fault.kind = kind;
    for (const std::string& from : a) {
        for (const std::string& to : b) fault.pairs.emplace_back(from, to);
    }
    cluster.world().apply(fault);
}

// Server2 and server3 found a cluster by the consent of server1, which does not hear of it, and is
// cut off from them then.
void found_unheard(Cluster& cluster, const Names& named) {
    between(cluster, sim::FaultKind::cut_one_way, {"server2", "server3"}, {"server1"});
    Operator person(cluster);
    person.ask("server1", founding_of(cluster, named, heir_id));
    const auto is_founded = [&] {
        return is_heir(cluster, "server2") && is_heir(cluster, "server3");
    };
    REQUIRE(cluster.run_until(is_founded, 1s));
    REQUIRE_FALSE(is_heir(cluster, "server1"));
    cluster.cut({"server1"}, {"server2", "server3"});
}

// Whether it has said that it is in no cluster any more.
std::shared_ptr<const bool> watch_for_superseded(Cluster& cluster, const std::string& name) {
    const auto said = std::make_shared<bool>(false);
    cluster.world().on_log([said, name](const sim::NodeHost& host, const LogLine& line) {
        const bool says = line.text.find("without this node") != std::string::npos;
        *said = *said || (says && host.name() == name);
    });
    return said;
}

}  // namespace

// It voted for a ring of which it does not hear, consented, and hears two others that have not
// voted: with its own vote they would be a majority for the ring that is over.
TEST_CASE("who voted for the next ring holds no lease when its consent ends", "[scenario]") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed " << seed);
        Cluster cluster({.nodes = 5, .copies = 3, .seed = seed, .coordinator = false});
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(10, "v");
        const Names three = {"server1", "server2", "server3"};
        const Names others = {"server4", "server5"};
        cluster.run_for(1s);
        std::string voted;  // the first that votes for what another proposes
        cluster.world().on_message([&](const sim::NodeHost& host, const Envelope& envelope) {
            if (!voted.empty() || !std::holds_alternative<Accepted>(envelope.body)) return;
            voted = host.name();
            for (const std::string& name : three) {
                if (name == voted) continue;
                between(cluster, sim::FaultKind::cut_one_way, {name}, {voted});
            }
        });
        cluster.cut(three, others);
        cluster.run_for(3s);
        REQUIRE(std::ranges::find(three, voted) != three.end());
        REQUIRE(cluster.members().size() == 2);
        cluster.cut({voted}, cluster.all_but({voted, "server4", "server5"}));
        const auto withdrawn = cluster.count_warnings("no more: a majority", voted);
        Operator person(cluster);
        person.ask(voted, founding_of(cluster, {voted, "server4"}, heir_id));
        cluster.run_for(50ms);
        between(cluster, sim::FaultKind::heal, {voted}, others);
        cluster.run_for(3s);
        CHECK(*withdrawn > 0);
        CHECK(cluster.defect() == "");
    }
}

// Two people asked. It consented to the second, of which nothing comes, while the others founded
// what the first had asked for and went on without it.
TEST_CASE("who consented again hears that the others went on without it", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 7, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    const Names named = {"server1", "server2", "server3"};
    cluster.kill({"server4", "server5", "server6", "server7"});
    cluster.run_for(1s);
    found_unheard(cluster, named);
    ForceRing again{.parent = cluster.world().node("server1")->ring()->cluster,
                    .founding = {.epoch = cluster.world().node("server1")->ring()->epoch,
                                 .ballot = {9, ClusterId{0xbeef}},
                                 .survivors = {}}};
    for (const std::string& name : named) {
        again.founding.survivors.push_back(cluster.world().node(name)->id());
    }
    std::ranges::sort(again.founding.survivors);
    Operator second(cluster, 1);
    second.ask("server1", again);
    cluster.run_for(5s);
    CHECK(cluster.world().newest_ring()->member(cluster.world().node("server1")->id()) == nullptr);
    const auto is_superseded = watch_for_superseded(cluster, "server1");
    cluster.heal();
    CHECK(cluster.run_until([&] { return *is_superseded; }, 10s));
}

// Three of seven found a cluster. One of them does not hear that they have: it hears the three that
// were only cut off, who are no majority without it.
TEST_CASE("a consent by which others have founded a cluster is not withdrawn", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const Names named = {"server1", "server2", "server3"};
    const Names others = {"server4", "server5", "server6"};
    cluster.kill({"server7"});
    cluster.cut(named, others);
    cluster.run_for(1s);
    found_unheard(cluster, named);
    between(cluster, sim::FaultKind::heal, {"server1"}, others);
    cluster.run_for(5s);
}

// The same, where the consent is lost with the coordinator's process.
TEST_CASE("a coordinator that returns is bound by its consent", "[scenario]") {
    Cluster cluster({.nodes = 4, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const Names named = {"server1", sim::coordinator_name};
    const Names others = {"server2", "server3"};
    cluster.kill({"server4"});
    cluster.cut(named, others);
    cluster.run_for(1s);
    between(cluster, sim::FaultKind::cut_one_way, {"server1"}, {sim::coordinator_name});
    Operator person(cluster);
    person.ask(sim::coordinator_name, founding_of(cluster, named, heir_id));
    REQUIRE(cluster.run_until([&] { return is_heir(cluster, "server1"); }, 1s));
    REQUIRE_FALSE(is_heir(cluster, sim::coordinator_name));
    cluster.kill({sim::coordinator_name});
    cluster.cut({sim::coordinator_name}, {"server1"});
    between(cluster, sim::FaultKind::heal, {sim::coordinator_name}, others);
    cluster.world().resume_coordinator();
    cluster.run_for(5s);
}

TEST_CASE("who slept through two foundings hears of the second", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    cluster.pause({"server7", sim::coordinator_name});
    cluster.kill({"server4", "server5", "server6"});
    cluster.run_for(1s);
    Operator person(cluster);
    REQUIRE(
        person.founds("server1", founding_of(cluster, {"server1", "server2", "server3"}, heir_id)));
    const auto all_are_in = [&] {
        return std::ranges::all_of(Names{"server1", "server2", "server3"},
                                   [&](const auto& name) { return is_heir(cluster, name); });
    };
    REQUIRE(cluster.run_until(all_are_in, 5s));
    cluster.kill({"server2", "server3"});
    cluster.run_for(1s);
    REQUIRE(person.founds("server1", founding_of(cluster, {"server1"}, heir_id + 1)));
    cluster.run_for(1s);
    const auto is_superseded = watch_for_superseded(cluster, "server7");
    cluster.resume({"server7", sim::coordinator_name});
    // One holds copies that cannot come back. The other holds nothing, and goes over.
    const auto coordinator_is_in = [&] {
        const RingPtr ring = cluster.world().newest_ring();
        return ring->cluster == ClusterId{heir_id + 1} &&
               ring->is_up(cluster.world().node(sim::coordinator_name)->id());
    };
    CHECK(cluster.run_until(coordinator_is_in, 5s));
    CHECK(*is_superseded);
    CHECK(cluster_of(cluster, "server7") != ClusterId{heir_id + 1});
}

// It was of the majority that went on without those who found anew, so it speaks to none of them.
TEST_CASE("who had gone on without the founders is called by the last cluster", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    const Names founders = {"server1", "server2", "server3"};
    const Names majority = cluster.all_but(founders);
    cluster.cut(founders, majority);
    REQUIRE(cluster.run_until([&] { return cluster.members() == majority; }, 5s));
    cluster.kill({"server5", "server6", "server7"});
    cluster.run_for(1s);
    Operator person(cluster);
    REQUIRE(person.founds("server1", founding_of(cluster, founders, heir_id)));
    REQUIRE(cluster.run_until(
        [&] { return is_heir(cluster, "server2") && is_heir(cluster, "server3"); }, 5s));
    cluster.kill({"server2", "server3"});
    cluster.run_for(1s);
    REQUIRE(person.founds("server1", founding_of(cluster, {"server1"}, heir_id + 1)));
    const auto is_superseded = watch_for_superseded(cluster, "server4");
    cluster.run_for(2s);
    CHECK_FALSE(*is_superseded);
    cluster.heal();
    CHECK(cluster.run_until([&] { return *is_superseded; }, 10s));
}

// Of those that it consented with nobody lives. A new process at the place of one of them was let
// in by the others, and is the last.
TEST_CASE("who consented hears of a cluster that was founded from that one", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 7, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    cluster.kill({"server4", "server5", "server6", "server7"});
    cluster.run_for(1s);
    found_unheard(cluster, {"server1", "server2", "server3"});
    cluster.cut({"server1"}, cluster.all_but({"server1"}));
    const auto joins = [&](const std::string& name) {
        cluster.restart({name});
        return cluster.run_until(
            [&] {
                const RingPtr ring = cluster.world().node(name)->ring();
                return is_heir(cluster, name) && ring->is_up(cluster.world().node(name)->id());
            },
            10s);
    };
    // What was on its way to server1 does not come any more.
    const auto kill_unheard = [&](const Names& names) {
        between(cluster, sim::FaultKind::break_links, {"server1"}, names);
        cluster.kill(names);
    };
    REQUIRE(joins("server4"));
    kill_unheard({"server3"});
    REQUIRE(joins("server3"));
    kill_unheard({"server2", "server4"});
    cluster.run_for(1s);
    Operator person(cluster);
    REQUIRE(person.founds("server3", founding_of(cluster, {"server3"}, heir_id + 1)));
    const auto is_superseded = watch_for_superseded(cluster, "server1");
    cluster.heal();
    CHECK(cluster.run_until([&] { return *is_superseded; }, 10s));
}

// The others went on without it, and founded anew from a later ring. Whether those it consented
// with founded what it consented to it cannot know.
TEST_CASE("who consented says of which cluster it cannot judge", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    const ForceRing early = founding_of(cluster, {"server1", "server2"}, heir_id);
    cluster.cut({"server1"}, cluster.all_but({"server1"}));
    cluster.run_for(1s);
    Operator person(cluster);
    person.ask("server1", early);
    const Names others = {"server2", "server3", "server4", "server5"};
    REQUIRE(cluster.run_until([&] { return cluster.members() == others; }, 5s));
    cluster.kill({"server3", "server4", "server5"});
    cluster.run_for(1s);
    Operator second(cluster, 1);
    REQUIRE(second.founds("server2", founding_of(cluster, {"server2"}, heir_id + 1)));
    const auto warned = cluster.count_warnings("nobody has said", "server1");
    cluster.heal();
    cluster.run_for(10s);
    CHECK(*warned == 1);
    CHECK_FALSE(cluster.world().node("server1")->is_serving());
}

// It stores nothing. The one with which it consented gave way to another founding, and has left.
TEST_CASE("a coordinator does not wait for ever for those it consented with", "[scenario]") {
    Cluster cluster({.nodes = 4, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    cluster.kill({"server2", "server3", "server4"});
    cluster.run_for(1s);
    const ForceRing both = founding_of(cluster, {"server1", sim::coordinator_name}, heir_id);
    cluster.cut({"server1", "server2", "server3"}, {sim::coordinator_name});
    Operator person(cluster);
    person.ask(sim::coordinator_name, both);
    cluster.run_for(2s);
    Operator second(cluster, 1);
    REQUIRE(second.founds("server1", founding_of(cluster, {"server1"}, heir_id + 1)));
    cluster.world().start("server2");
    cluster.world().start("server3");
    REQUIRE(cluster.run_until([&] { return cluster.world().newest_ring()->storage_count() == 3; },
                              10s));
    cluster.run_for(5s);
    cluster.kill({"server1"});
    cluster.run_for(2s);
    const auto warned = cluster.count_warnings("as long as they are heard", sim::coordinator_name);
    cluster.heal();
    const auto is_in = [&] {
        return cluster.world().newest_ring()->is_up(
            cluster.world().node(sim::coordinator_name)->id());
    };
    CHECK_FALSE(cluster.run_until(is_in, 9s));
    CHECK(*warned == 1);
    CHECK(cluster.run_until(is_in, 5s));
}

// It is named by a founding that nobody heard of, and has consented to a later one, which may have
// been founded by then. With it the first would have a majority too.
TEST_CASE("a coordinator votes in no other cluster than that of its consent", "[scenario]") {
    Cluster cluster({.nodes = 6, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    cluster.kill({"server3", "server4", "server5", "server6"});
    cluster.run_for(1s);
    const Names three = {"server1", "server2", sim::coordinator_name};
    const ForceRing first = founding_of(cluster, three, heir_id);
    between(cluster, sim::FaultKind::cut_one_way, {"server1"}, {"server2", sim::coordinator_name});
    std::deque<Operator> people;
    for (std::size_t i = 0; i < three.size(); ++i) {
        people.emplace_back(cluster, static_cast<std::uint16_t>(i));
        people.back().ask(three[i], first);
    }
    REQUIRE(cluster.run_until([&] { return is_heir(cluster, "server1"); }, 2s));
    cluster.cut({"server1"}, {"server2", sim::coordinator_name});
    cluster.run_for(1s);
    const ForceRing second = founding_of(cluster, {"server2", sim::coordinator_name}, heir_id + 1);
    cluster.cut({"server2"}, {sim::coordinator_name});
    Operator later(cluster, 3);
    later.ask(sim::coordinator_name, second);
    cluster.run_for(1s);
    between(cluster, sim::FaultKind::heal, {"server1"}, {sim::coordinator_name});
    const auto warned = cluster.count_warnings("as long as they are heard", sim::coordinator_name);
    cluster.run_for(30s);
    CHECK(*warned == 1);
    CHECK_FALSE(is_heir(cluster, sim::coordinator_name));
    CHECK_FALSE(cluster.world().node("server1")->is_serving());
}
