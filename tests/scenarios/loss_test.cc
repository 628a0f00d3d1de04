// What is gone for good is given up, by an operator: it restarts empty, and does not come back.
#include "scenarios/operator.h"
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

std::size_t count_down(Cluster& cluster) {
    const RingPtr ring = cluster.world().newest_ring();
    return down_since(*ring, ring->epoch).size();
}

}  // namespace

TEST_CASE("what a dead node alone held restarts empty when the loss is accepted", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(20, "v");
    const std::string holder = cluster.primary_of("key1");
    const Names others = cluster.all_but({holder});
    std::vector<std::string> kept;
    for (int i = 1; i <= 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        if (cluster.primary_of(key) != holder) kept.push_back(key);
    }
    cluster.kill({holder});
    REQUIRE(cluster.run_until([&] { return count_down(cluster) > 0; }, 2s));
    cluster.run_for(1s);
    CHECK(cluster.get("key1") == "unavailable");
    const std::size_t down = count_down(cluster);

    Operator person(cluster);
    const AcceptLossReply reply = person.accept_loss(others[0]);
    CHECK(reply.restarted == down);
    CHECK(reply.left == 0);
    REQUIRE(cluster.run_until_restored(5s));
    CHECK(cluster.get("key1") == "not found");
    CHECK(cluster.put("key1", "new") == "OK");
    for (const std::string& key : kept) CHECK(cluster.get(key) == "v" + key.substr(3));
    // There is nothing more to give up.
    const std::uint64_t epoch = cluster.epoch();
    CHECK(person.accept_loss(others[1]).restarted == 0);
    cluster.run_for(2s);
    CHECK(cluster.epoch() == epoch);
    CHECK(cluster.get("key1") == "new");
}

TEST_CASE("an old holder that returns after its loss was accepted discards what it held",
          "[scenario]") {
    for (const bool paused : {false, true}) {
        Cluster cluster({.nodes = 3, .copies = 1});
        REQUIRE(cluster.run_until_restored());
        REQUIRE(cluster.put("k", "old") == "OK");
        REQUIRE(cluster.put("k2", "old") == "OK");
        const std::string holder = cluster.primary_of("k");
        Names others = cluster.all_but({holder});
        if (paused) {
            cluster.pause({holder});
        } else {
            Names apart = others;
            apart.push_back(sim::coordinator_name);
            cluster.cut({holder}, apart);
        }
        REQUIRE(cluster.run_until([&] { return count_down(cluster) > 0; }, 3s));
        Operator person(cluster);
        CHECK(person.accept_loss(sim::coordinator_name).restarted > 0);
        CHECK(cluster.get("k") == "not found");
        REQUIRE(cluster.put("k", "new") == "OK");
        if (paused) {
            cluster.resume({holder});
        } else {
            cluster.heal();
        }
        for (int i = 0; i < 50; ++i) {
            CHECK(cluster.get("k") == "new");
            cluster.run_for(20ms);
        }
        REQUIRE(cluster.run_until_restored());
        CHECK(cluster.members().size() == 3);
        CHECK(cluster.get("k") == "new");
        CHECK(cluster.difference_between_copies() == "");
    }
}

TEST_CASE("what goes down after the loss was accepted is not meant", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    const std::uint64_t seen = cluster.epoch();  // nothing is down in this ring
    cluster.kill({"server3"});
    REQUIRE(cluster.run_until([&] { return count_down(cluster) > 0; }, 2s));
    Operator person(cluster);
    person.ask("server1", AcceptLoss{Epoch{seen}});
    cluster.run_for(3s);
    REQUIRE(person.answer());
    CHECK(std::get<AcceptLossReply>(*person.answer()).restarted == 0);
    CHECK(count_down(cluster) > 0);
}

TEST_CASE("a ring that nobody has seen gives up nothing", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(10, "v");
    Operator person(cluster);
    person.ask("server1", AcceptLoss{Epoch{~std::uint64_t{0}}});
    cluster.run_for(100ms);
    cluster.kill({"server3"});
    REQUIRE(cluster.run_until([&] { return count_down(cluster) > 0; }, 2s));
    const std::size_t down = count_down(cluster);
    REQUIRE(cluster.run_until([&] { return person.answer().has_value(); }, 10s));
    const auto reply = std::get<AcceptLossReply>(*person.answer());
    CHECK(reply.restarted == 0);
    CHECK(reply.left == down);
    CHECK(count_down(cluster) == down);
}

TEST_CASE("a write that was acknowledged before the loss is not executed after it", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    const std::string holder = cluster.primary_of("k");
    const Request write = put_of(cluster, "old");
    Operator person(cluster);
    const auto first = person.request(holder, write);
    REQUIRE(first);
    REQUIRE(first->status == Status::ok);
    cluster.kill({holder});
    REQUIRE(cluster.run_until([&] { return count_down(cluster) > 0; }, 2s));
    CHECK(person.accept_loss(cluster.all_but({holder})[0]).left == 0);
    REQUIRE(cluster.put("k", "new") == "OK");
    // Another attempt of it, on a link that was slow.
    const auto again = person.request(cluster.primary_of("k"), write);
    REQUIRE(again);
    CHECK(again->status == Status::not_primary);
    CHECK(cluster.get("k") == "new");
}

// The first attempt was refused, "no copy is up", and its client knows that nothing was changed.
TEST_CASE("a write that was refused while no copy was up is not executed later", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    REQUIRE(cluster.put("k", "old") == "OK");
    const std::string holder = cluster.primary_of("k");
    cluster.pause({holder});
    REQUIRE(cluster.run_until([&] { return count_down(cluster) > 0; }, 3s));
    const Request write = put_of(cluster, "refused");
    Operator person(cluster);
    const auto first = person.request(cluster.all_but({holder})[0], write);
    REQUIRE(first);
    REQUIRE(first->status == Status::unavailable);
    cluster.resume({holder});
    REQUIRE(cluster.run_until_restored());
    // The same bytes again, on a link that was slow.
    const auto again = person.request(cluster.primary_of("k"), write);
    REQUIRE(again);
    CHECK(again->status == Status::not_primary);
    CHECK(cluster.get("k") == "old");
}

TEST_CASE("without a quorum no loss is accepted, and that is said", "[scenario]") {
    Cluster cluster({.nodes = 3, .copies = 1});
    REQUIRE(cluster.run_until_restored());
    cluster.kill({"server3"});
    REQUIRE(cluster.run_until([&] { return count_down(cluster) > 0; }, 2s));
    cluster.kill({sim::coordinator_name, "server2"});
    const std::size_t down = count_down(cluster);
    Operator person(cluster);
    const AcceptLossReply reply = person.accept_loss("server1");
    CHECK(reply.restarted == 0);
    CHECK(reply.left == down);
    CHECK(count_down(cluster) == down);
}
