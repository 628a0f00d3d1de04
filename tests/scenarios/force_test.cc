// A majority of the votes is gone for good: a new cluster is founded from what survives, by an
// operator, and nobody of the old one serves beside it.
#include <set>

#include "scenarios/forcing.h"
#include "scenarios/operator.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

constexpr std::uint64_t new_id = 0xf00d;
constexpr std::uint64_t other_id = 0xbeef;

// The keys of key1 ... keyN of which one of these holds a copy.
std::set<std::string> kept_by(const Cluster& cluster, const Names& names, int count) {
    std::set<std::string> kept;
    for (int i = 1; i <= count; ++i) {
        const std::string key = "key" + std::to_string(i);
        for (const std::string& copy : cluster.copies_of(key)) {
            if (std::ranges::find(names, copy) != names.end()) kept.insert(key);
        }
    }
    return kept;
}

Names after_the_death_of_most(Cluster& cluster, std::size_t survivors) {
    Names gone = cluster.members();
    Names living(gone.begin(), gone.begin() + static_cast<std::ptrdiff_t>(survivors));
    gone.erase(gone.begin(), gone.begin() + static_cast<std::ptrdiff_t>(survivors));
    if (cluster.world().config().coordinator) gone.push_back(sim::coordinator_name);
    cluster.kill(gone);
    cluster.run_for(1s);
    return living;
}

// Every one of them is cut off from every other, so nobody has a majority.
void scatter(Cluster& cluster, const Names& names) {
    for (const std::string& a : names) {
        for (const std::string& b : names) {
            if (a < b) cluster.cut({a}, {b});
        }
    }
}

}  // namespace

TEST_CASE("a cluster without a majority is founded anew from what survives", "[scenario]") {
    for (const bool has_coordinator : {true, false}) {
        Cluster cluster({.nodes = 5, .copies = 3, .coordinator = has_coordinator});
        REQUIRE(cluster.run_until_settled());
        cluster.put_keys(40, "v");
        const Names living = after_the_death_of_most(cluster, 2);
        const std::set<std::string> kept = kept_by(cluster, living, 40);
        const ClusterId old = cluster_of(cluster, living[0]);
        CHECK(cluster.get("key1") == "unavailable");

        const ForcePlan plan = plan_force_with(cluster, living);
        CHECK(plan.refusal == "");
        CHECK(plan.survival.restarted > 0);
        const auto reply = Operator(cluster).force(living[1], founding_of(cluster, living, new_id));
        REQUIRE(reply);
        CHECK(reply->founded);
        REQUIRE(cluster.run_until_restored());
        const RingPtr ring = cluster.world().newest_ring();
        CHECK(ring->cluster == ClusterId{new_id});
        CHECK(ring->parent() == old);
        CHECK(cluster.members() == living);

        CHECK(cluster.get("key1") == "ended");
        cluster.renew_client();
        std::size_t lost = 0;
        for (int i = 1; i <= 40; ++i) {
            const std::string key = "key" + std::to_string(i);
            INFO(key);
            const bool is_kept = kept.contains(key);
            CHECK(cluster.get(key) == (is_kept ? "v" + std::to_string(i) : "not found"));
            lost += is_kept ? 0 : 1;
        }
        CHECK(lost > 0);
        CHECK(lost < 40);
        cluster.put_keys(40, "w");
        cluster.check_keys(40, "w");
        // It is a cluster like any other: it grows, and survives a death.
        cluster.restart({"server4", "server5"});
        REQUIRE(cluster.run_until_restored());
        CHECK(cluster.members().size() == 4);
        cluster.kill({living[0]});
        REQUIRE(cluster.run_until_restored());
        cluster.check_keys(40, "w");
        CHECK(cluster.difference_between_copies() == "");
    }
}

TEST_CASE("a cluster that has its majority is not founded anew", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    const Names all = cluster.all_but({});
    CHECK(plan_force_with(cluster, all).refusal.find("majority") != std::string::npos);
    // The operator reaches two; these hear the others.
    const ForceRing request = founding_of(cluster, {"server1", "server2"}, new_id);
    Operator person(cluster);
    const std::string why = person.refused("server1", request);
    INFO(why);
    CHECK(why.find("majority") != std::string::npos);
    cluster.run_for(2s);
    CHECK(cluster.put("k", "v") == "OK");
    CHECK(cluster_of(cluster, "server1") != ClusterId{new_id});
}

TEST_CASE("nothing is founded without a survivor that was not named", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    const Names living = after_the_death_of_most(cluster, 3);
    Operator person(cluster);
    const std::string why =
        person.refused(living[0], founding_of(cluster, {living[0], living[1]}, new_id));
    INFO(why);
    CHECK(why.find("hears " + living[2]) != std::string::npos);
}

TEST_CASE("nothing is founded from a ring that a survivor knows to be old", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    const Names living = after_the_death_of_most(cluster, 2);
    ForceRing request = founding_of(cluster, living, new_id);
    request.founding.epoch = Epoch{request.founding.epoch.value - 1};
    Operator person(cluster);
    const std::string why = person.refused(living[0], request);
    INFO(why);
    CHECK(why.find("newer than") != std::string::npos);
    // And who knows an older one learns the newer first.
    CHECK(person.founds(living[1], founding_of(cluster, living, new_id)));
}

// The last ring before the deaths is known to one of two survivors alone.
TEST_CASE("a survivor that is behind learns the newest ring before it consents", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const std::uint64_t before = cluster.epoch();
    cluster.cut({"server2"}, {"server1", "server3", "server4", "server5", "server6"});
    cluster.kill({"server7"});
    REQUIRE(cluster.run_until([&] { return cluster.epoch() > before; }, 300ms));
    const auto epoch_of = [&](const char* name) {
        return cluster.world().node(name)->ring()->epoch;
    };
    REQUIRE(cluster.run_until([&] { return epoch_of("server1").value > before; }, 20ms));
    cluster.kill({"server3", "server4", "server5", "server6"});
    cluster.run_for(1s);
    const Names living = {"server1", "server2"};
    REQUIRE(epoch_of("server2") < epoch_of("server1"));
    REQUIRE(cluster.world().node("server1")->ring()->is_up(cluster.world().node("server2")->id()));

    const ForceRing request = founding_of(cluster, living, new_id);
    REQUIRE(request.founding.survivors.size() == 2);
    Operator first(cluster);
    Operator second(cluster, 1);
    first.ask("server2", request);
    second.ask("server1", request);
    cluster.run_for(200ms);
    CHECK_FALSE(first.answer());
    CHECK_FALSE(second.answer());
    cluster.heal();
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.members() == living);
    CHECK(cluster_of(cluster, "server1") == ClusterId{new_id});
    CHECK(std::get<ForceRingReply>(*second.answer()).founded);
    CHECK(cluster.difference_between_copies() == "");
}

TEST_CASE("two operators at once found one cluster", "[scenario]") {
    std::set<std::uint64_t> founded;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        Cluster cluster({.nodes = 7, .copies = 3, .seed = seed, .coordinator = false});
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(10, "v");
        const Names living = after_the_death_of_most(cluster, 3);
        // The later counts, unless the earlier is founded by then.
        const ForceRing one = founding_of(cluster, living, other_id);
        const ForceRing two = founding_of(cluster, living, new_id);
        Operator first(cluster);
        Operator second(cluster, 1);
        first.ask(living[seed % 3], one);
        cluster.run_for(std::chrono::microseconds(seed * 50));
        second.ask(living[(seed + 1) % 3], two);
        const auto is_one = [&] {
            return std::ranges::all_of(living, [&](const std::string& name) {
                const ClusterId id = cluster_of(cluster, name);
                return id != one.parent && id == cluster_of(cluster, living[0]);
            });
        };
        REQUIRE(cluster.run_until(is_one, 5s));
        REQUIRE(cluster.run_until_restored());
        founded.insert(cluster_of(cluster, living[0]).value);
        CHECK(cluster.defect() == "");
    }
    CHECK(founded == std::set{new_id, other_id});
}

TEST_CASE("the same request twice founds one cluster", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    const Names living = after_the_death_of_most(cluster, 2);
    const ForceRing request = founding_of(cluster, living, new_id);
    Operator person(cluster);
    CHECK(person.founds(living[0], request));
    CHECK(person.founds(living[1], request));
    // Another one, from the old cluster: there is nobody left in it.
    ForceRing late = request;
    late.founding.ballot = {9, ClusterId{other_id}};
    CHECK(person.refused(living[0], late) != "");
    cluster.run_for(2s);
    CHECK(cluster_of(cluster, living[0]) == ClusterId{new_id});
}

TEST_CASE("a survivor that dies in the middle is left out when it is asked again", "[scenario]") {
    for (const bool consents : {false, true}) {
        Cluster cluster({.nodes = 7, .copies = 3, .coordinator = false});
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(20, "v");
        const Names living = after_the_death_of_most(cluster, 3);
        const ForceRing request = founding_of(cluster, living, new_id);
        // It consents and nobody hears of it, or it never hears of the request.
        cluster.cut({living[2]}, {living[0], living[1]});
        Operator person(cluster);
        if (consents) {
            person.ask(living[2], request);
            cluster.run_for(100ms);
        }
        const auto reply = person.force(living[0], request);
        REQUIRE(reply);
        CHECK_FALSE(reply->founded);
        CHECK(reply->awaited == std::vector{cluster.world().node(living[2])->id()});
        CHECK_FALSE(cluster.serves(living[0], "key1"));
        cluster.kill({living[2]});
        const Names left = {living[0], living[1]};
        const auto again = person.force(left[0], founding_of(cluster, left, other_id));
        REQUIRE(again);
        CHECK(again->founded);
        REQUIRE(cluster.run_until_restored());
        CHECK(cluster.members() == left);
        CHECK(cluster_of(cluster, left[1]) == ClusterId{other_id});
    }
}

TEST_CASE("who founded it and dies takes nobody along", "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const Names living = after_the_death_of_most(cluster, 3);
    Operator person(cluster);
    person.ask(living[0], founding_of(cluster, living, new_id));
    const auto one_is_in = [&] {
        return std::ranges::any_of(living, [&](const std::string& name) {
            return cluster_of(cluster, name) == ClusterId{new_id};
        });
    };
    while (!one_is_in()) cluster.world().run_event();
    const auto in = std::ranges::find_if(living, [&](const std::string& name) {
        return cluster_of(cluster, name) == ClusterId{new_id};
    });
    const Names left = cluster.all_but({*in, "server4", "server5", "server6", "server7"});
    cluster.kill({*in});
    // What it alone held is down; the others go on.
    const auto is_out = [&] { return cluster.members() == left; };
    REQUIRE(cluster.run_until(is_out, 5s));
    const RingPtr ring = cluster.world().newest_ring();
    CHECK(ring->cluster == ClusterId{new_id});
    for (const std::string& name : left) {
        CHECK(cluster.run_until([&] { return cluster.world().node(name)->is_serving(); }, 5s));
    }
    CHECK(cluster_of(cluster, left[0]) == ClusterId{new_id});
}

TEST_CASE("those that were only cut off serve nothing when they are back", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const Names living = {"server1", "server2"};
    scatter(cluster, {"server1", "server3", "server4", "server5", sim::coordinator_name});
    cluster.cut({"server2"}, {"server3", "server4", "server5", sim::coordinator_name});
    cluster.run_for(1s);
    const std::set<std::string> kept = kept_by(cluster, living, 20);
    Operator person(cluster);
    REQUIRE(person.founds("server1", founding_of(cluster, living, new_id)));
    cluster.run_for(1s);
    cluster.heal();
    // Each hears of it, the coordinator goes over.
    const auto coordinator_is_in = [&] {
        const RingPtr ring = cluster.world().newest_ring();
        return ring->is_up(cluster.world().node(sim::coordinator_name)->id());
    };
    REQUIRE(cluster.run_until(coordinator_is_in, 5s));
    for (int i = 0; i < 50; ++i) {
        for (const char* name : {"server3", "server4", "server5"}) {
            for (int key = 1; key <= 20; ++key) {
                CHECK_FALSE(cluster.serves(name, "key" + std::to_string(key)));
            }
        }
        cluster.run_for(100ms);
    }
    CHECK(cluster.members() == living);
    CHECK(cluster_of(cluster, "server3") != ClusterId{new_id});
    cluster.renew_client();
    for (int i = 1; i <= 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        CHECK(cluster.get(key) == (kept.contains(key) ? "v" + std::to_string(i) : "not found"));
    }
    // Started again they are new members.
    cluster.kill({"server3", "server4", "server5"});
    cluster.restart({"server3", "server4", "server5"});
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.members().size() == 5);
}

// It was asked by a client that learned the new ring elsewhere, stood still, and answers late.
TEST_CASE("a late ring of the old cluster ends no handle of the new", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    cluster.kill({"server4", "server5"});
    cluster.pause({"server3"});
    cluster.run_for(1s);
    const Names living = {"server1", "server2"};
    const ClusterId old = cluster_of(cluster, "server1");
    Operator person(cluster);
    REQUIRE(person.founds("server1", founding_of(cluster, living, new_id)));
    const auto serve = [&] {
        return std::ranges::all_of(
            living, [&](const auto& name) { return cluster.world().node(name)->is_serving(); });
    };
    REQUIRE(cluster.run_until(serve, 5s));
    cluster.renew_client();
    CHECK(cluster.put("key1", "w") == "OK");
    cluster.resume({"server3"});
    REQUIRE(cluster_of(cluster, "server3") == old);
    cluster.run_for(1s);
    CHECK(cluster.get("key1") == "w");
}

// One of two survivors has consented, once or to two requests, and the other was not heard, when
// the rest goes on.
TEST_CASE("a consent ends when a majority is there again", "[scenario]") {
    for (const std::uint64_t times : {1, 2}) {
        INFO("given " << times);
        Cluster cluster({.nodes = 5, .copies = 3, .coordinator = false});
        REQUIRE(cluster.run_until_restored());
        cluster.put_keys(10, "v");
        const Names living = {"server1", "server2"};
        const Names others = {"server3", "server4", "server5"};
        cluster.pause(others);
        cluster.run_for(1s);
        cluster.cut({"server1"}, {"server2"});
        Operator person(cluster);
        ForceRing request = founding_of(cluster, living, new_id);
        for (std::uint64_t i = 1; i <= times; ++i) {
            request.founding.ballot.round = i;
            person.ask("server1", request);
            cluster.run_for(300ms);
        }
        const auto withdrawn = cluster.count_warnings("no more: a majority", "server1");
        cluster.resume(others);
        cluster.run_for(2s);
        CHECK(*withdrawn == 0);  // the other may have founded it
        cluster.heal();
        REQUIRE(cluster.run_until([&] { return *withdrawn > 0; }, 2s));
        REQUIRE(cluster.run_until_restored());
        CHECK(cluster.members().size() == 5);
        CHECK(cluster_of(cluster, "server1") == request.parent);
        cluster.check_keys(10, "v");
        // What was withdrawn is not given again, even where nobody else is left.
        cluster.kill(others);
        cluster.run_for(1s);
        request.founding.epoch = cluster.world().node("server1")->ring()->epoch;
        const std::string refused = person.refused("server1", request);
        CHECK(refused.find("was asked for later") != std::string::npos);
    }
}

// Two survivors, cut off from each other too, are asked for different clusters, and the rest goes
// on.
TEST_CASE("consents to different clusters end when a majority is there again", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 2, .coordinator = false});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const Names living = {"server1", "server2"};
    const Names others = {"server3", "server4", "server5"};
    cluster.cut(living, others);
    cluster.cut({"server1"}, {"server2"});
    cluster.run_for(1s);
    Operator first(cluster);
    Operator second(cluster, 1);
    ForceRing request = founding_of(cluster, living, new_id);
    first.ask("server1", request);
    request.founding.ballot = {request.founding.ballot.round + 1, ClusterId{other_id}};
    second.ask("server2", request);
    cluster.run_for(300ms);
    std::set<std::string> withdrawn;
    cluster.world().on_log([&](const sim::NodeHost& host, const LogLine& line) {
        if (line.text.find("no more: a majority") != std::string::npos)
            withdrawn.insert(host.name());
    });
    // They hear the rest before they hear each other.
    const auto heal = sim::parse_fault("0s:heal=server1+server2/server3+server4+server5");
    REQUIRE(heal);
    cluster.world().apply(*heal);
    cluster.run_for(2s);
    CHECK(withdrawn.empty());  // each may have heard from the other
    cluster.heal();
    REQUIRE(cluster.run_until([&] { return withdrawn.size() == 2; }, 5s));
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.members().size() == 5);
    CHECK(cluster_of(cluster, "server1") == request.parent);
    cluster.check_keys(20, "v");
}

TEST_CASE("a coordinator that survives goes on in the new cluster", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    cluster.kill({"server2", "server3", "server4", "server5"});
    cluster.run_for(1s);
    const Names living = {"server1", sim::coordinator_name};
    REQUIRE(plan_force_with(cluster, living).refusal == "");
    Operator person(cluster);
    REQUIRE(person.founds(sim::coordinator_name, founding_of(cluster, living, new_id)));
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster_of(cluster, sim::coordinator_name) == ClusterId{new_id});
    cluster.restart({"server2", "server3"});
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.members().size() == 3);
}

TEST_CASE("a coordinator that returns with its state goes over to the new cluster", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    const Names living = after_the_death_of_most(cluster, 2);
    Operator person(cluster);
    REQUIRE(person.founds(living[0], founding_of(cluster, living, new_id)));
    REQUIRE(cluster.run_until_restored());
    cluster.world().resume_coordinator();
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster_of(cluster, sim::coordinator_name) == ClusterId{new_id});
    CHECK(cluster.world().newest_ring()->coordinator() != nullptr);
}

TEST_CASE("who holds what was down before is a survivor like others", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 1, .coordinator = false});
    REQUIRE(cluster.run_until_settled());
    cluster.put_keys(20, "v");
    const std::set<std::string> first = kept_by(cluster, {"server1", "server2"}, 20);
    cluster.pause({"server2"});
    const auto is_down = [&] {
        return !cluster.world().newest_ring()->is_up(cluster.world().node("server2")->id());
    };
    REQUIRE(cluster.run_until(is_down, 5s));
    cluster.kill({"server3", "server4", "server5"});
    cluster.resume({"server2"});
    cluster.run_for(1s);
    const Names living = {"server1", "server2"};
    const ForceRing request = founding_of(cluster, living, new_id);
    CHECK(request.founding.survivors.size() == 2);
    Operator person(cluster);
    REQUIRE(person.founds("server1", request));
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster.members() == living);
    cluster.renew_client();
    for (const std::string& key : first) CHECK(cluster.get(key) == "v" + key.substr(3));
}

// The consent that it gave before counts when it arrives late: it goes over, as all coordinators
// do.
TEST_CASE("a coordinator that consented and returns with its state consents still", "[scenario]") {
    Cluster cluster({.nodes = 5, .copies = 3});
    REQUIRE(cluster.run_until_restored());
    cluster.kill({"server2", "server3", "server4", "server5"});
    cluster.run_for(1s);
    const Names living = {"server1", sim::coordinator_name};
    cluster.cut({living[0]}, {living[1]});
    Operator person(cluster);
    const ForceRing request = founding_of(cluster, living, new_id);
    person.ask(sim::coordinator_name, request);
    cluster.run_for(100ms);
    cluster.kill({sim::coordinator_name});
    cluster.world().resume_coordinator();
    cluster.run_for(100ms);
    CHECK(founding_of(cluster, living, other_id).founding.ballot.round == 2);
    cluster.heal();
    REQUIRE(cluster.run_until_restored());
    CHECK(cluster_of(cluster, "server1") == ClusterId{new_id});
    CHECK(cluster_of(cluster, sim::coordinator_name) == ClusterId{new_id});
}
