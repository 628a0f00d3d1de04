// The oracle of what is committed: each rule kept, and broken.
#include "sim/commits.h"

#include <catch2/catch.hpp>

using namespace grapevine;
using namespace grapevine::sim;

namespace {

const PartitionId partition{3};

Op put(std::uint64_t counter, const std::string& key, const std::string& value,
       std::uint64_t sequence = 0) {
    Op op;
    op.version = {Epoch{2}, counter};
    op.kind = OpKind::put;
    op.client = sequence != 0 ? ClientId{7} : ClientId{};
    op.sequence = sequence;
    op.answer = {Status::ok, op.version};
    op.key = key;
    op.value = value;
    return op;
}

Op erase(std::uint64_t counter, const std::string& key, std::uint64_t sequence = 0) {
    Op op = put(counter, key, "", sequence);
    op.kind = OpKind::erase;
    return op;
}

Request request(std::uint64_t sequence) {
    Request request;
    request.client = ClientId{7};
    request.sequence = sequence;
    request.kind = OperationKind::put;
    return request;
}

struct Bench {
    EventQueue queue;
    Defect defect{queue};
    Commits commits{defect};
};

}  // namespace

TEST_CASE("the same operations at all holders are fine, and make the contents", "[sim]") {
    Bench bench;
    for (const char* holder : {"server1", "server2"}) {
        bench.commits.committed({holder}, partition, put(1, "a", "x", 1));
        bench.commits.committed({holder}, partition, put(2, "b", "y", 2));
        bench.commits.committed({holder}, partition, erase(3, "a", 3));
    }
    CHECK(bench.defect.sentence() == "");
    CHECK(bench.commits.count(partition) == 3);
    CHECK(bench.commits.contents(partition).size() == 1);
    CHECK(bench.commits.contents(partition).at("b").version == Version{Epoch{2}, 2});
    CHECK(bench.commits.contents(PartitionId{9}).empty());
}

TEST_CASE("another operation under the same counter is found", "[sim]") {
    Bench bench;
    bench.commits.committed({"server1"}, partition, put(1, "a", "x", 1));
    SECTION("another value") {
        bench.commits.committed({"server2"}, partition, put(1, "a", "z", 1));
    }
    SECTION("another request") {
        bench.commits.committed({"server2"}, partition, put(1, "a", "x", 2));
    }
    SECTION("another epoch") {
        Op op = put(1, "a", "x", 1);
        op.version.epoch = Epoch{3};
        bench.commits.committed({"server2"}, partition, op);
    }
    CHECK(bench.defect.rule() == Rule::order);
    CHECK(bench.defect.is_found());
}

TEST_CASE("a commit before the one in front is found", "[sim]") {
    Bench bench;
    bench.commits.committed({"server1"}, partition, put(2, "a", "x"));
    CHECK(bench.defect.is_found());
    CHECK(bench.defect.rule() == Rule::order);
}

TEST_CASE("a request that takes effect twice is found", "[sim]") {
    Bench bench;
    bench.commits.committed({"server1"}, partition, put(1, "a", "x", 1));
    bench.commits.committed({"server1"}, partition, put(2, "a", "x", 1));
    CHECK(bench.defect.is_found());
    CHECK(bench.defect.rule() == Rule::at_most_once);
}

TEST_CASE("an acknowledgement of what nobody committed is found", "[sim]") {
    Bench bench;
    Reply refusal;
    refusal.status = Status::not_primary;
    bench.commits.answers({"server1"}, partition, request(1), refusal);
    CHECK_FALSE(bench.defect.is_found());
    bench.commits.committed({"server1"}, partition, put(1, "a", "x", 1));
    bench.commits.answers({"server1"}, partition, request(1), Reply{});
    CHECK_FALSE(bench.defect.is_found());
    CHECK(bench.commits.acknowledged(partition) == 1);
    bench.commits.answers({"server1"}, partition, request(2), Reply{});
    CHECK(bench.defect.rule() == Rule::acknowledged);
}

TEST_CASE("where a loss was accepted the order begins anew", "[sim]") {
    Bench bench;
    bench.commits.committed({"server1"}, partition, put(1, "a", "x", 1));
    bench.commits.answers({"server1"}, partition, request(1), Reply{});
    bench.commits.restarted(partition, Epoch{3});
    CHECK(bench.commits.count(partition) == 0);
    CHECK(bench.commits.acknowledged(partition) == 0);
    CHECK(bench.commits.contents(partition).empty());
    // The old holder has not heard of it yet.
    bench.commits.committed({"server1"}, partition, put(2, "b", "y", 2));
    bench.commits.answers({"server1"}, partition, request(2), Reply{});
    CHECK(bench.commits.acknowledged(partition) == 0);
    // What was given up is asked for again, and that is no second effect.
    Op again = put(1, "b", "y", 2);
    again.version.epoch = Epoch{3};
    bench.commits.committed({"server2"}, partition, again);
    bench.commits.answers({"server2"}, partition, request(2), Reply{});
    CHECK(bench.defect.sentence() == "");
    CHECK(bench.commits.count(partition) == 1);
    CHECK(bench.commits.acknowledged(partition) == 1);
    // A second one is.
    again.version.counter = 2;
    bench.commits.committed({"server2"}, partition, again);
    CHECK(bench.defect.rule() == Rule::at_most_once);
}

TEST_CASE("a batch makes all its changes, and other changes are another operation", "[sim]") {
    Bench bench;
    Op batch = put(1, "", "");
    batch.kind = OpKind::batch;
    batch.more.edit().changes = {{OpKind::put, "a", "x", 0}, {OpKind::put, "b", "y", 900}};
    bench.commits.committed({"server1"}, partition, batch);
    bench.commits.committed({"server2"}, partition, batch);
    CHECK(bench.defect.sentence() == "");
    CHECK(bench.commits.contents(partition).at("b").expires_ms == 900);
    CHECK(bench.commits.contents(partition).at("b").version == batch.version);
    batch.more.edit().changes[1].expires_ms = 901;
    bench.commits.committed({"server3"}, partition, batch);
    CHECK(bench.defect.rule() == Rule::order);
}

TEST_CASE("nobody's operation erases only what expires", "[sim]") {
    const bool expires = GENERATE(true, false);
    Bench bench;
    Op written = put(1, "a", "x");
    if (expires) written.more.edit().expires_ms = 500;
    bench.commits.committed({"server1"}, partition, written);
    bench.commits.committed({"server1"}, partition, erase(2, "a"));
    CHECK(bench.defect.is_found() == !expires);
    if (!expires) CHECK(bench.defect.rule() == Rule::expiry);
}

TEST_CASE("what is read after its time is found", "[sim]") {
    Bench bench;
    Op written = put(1, "a", "x");
    written.more.edit().expires_ms = 500;
    bench.commits.committed({"server1"}, partition, written);
    Request get;
    get.kind = OperationKind::get;
    get.key = "a";
    Reply reply;
    reply.version = written.version;
    bench.commits.reads("server1", partition, get, reply, 499);
    CHECK_FALSE(bench.defect.is_found());
    get.key = "other";
    bench.commits.reads("server1", partition, get, reply, 600);
    CHECK_FALSE(bench.defect.is_found());
    get.key = "a";
    bench.commits.reads("server1", partition, get, reply, 500);
    CHECK(bench.defect.rule() == Rule::expiry);
}

namespace {

const ClusterId old_cluster{0xa};
const ClusterId new_cluster{0xb};

Commits::Holder in(const char* name, ClusterId cluster, std::uint64_t since) {
    return {name, cluster, Epoch{since}};
}

}  // namespace

// Three operations, the last under an entry of ring 6, which no survivor of the founding from ring
// 5 has heard of.
TEST_CASE("a founding anew keeps what was committed under entries that it was made from", "[sim]") {
    Bench bench;
    const auto dead = [&](std::uint64_t since) { return in("server1", old_cluster, since); };
    bench.commits.committed(dead(3), partition, put(1, "a", "x", 1));
    bench.commits.committed(dead(5), partition, put(2, "b", "y", 2));
    bench.commits.committed(dead(6), partition, erase(3, "a", 3));
    for (const std::uint64_t sequence : {1, 2, 3}) {
        bench.commits.answers(dead(6), partition, request(sequence), Reply{});
    }
    CHECK(bench.commits.acknowledged(partition) == 3);
    bench.commits.founded(partition, old_cluster, Epoch{5});
    CHECK(bench.commits.count(partition) == 2);
    CHECK(bench.commits.acknowledged(partition) == 2);
    CHECK(bench.commits.contents(partition).at("a").version == Version{Epoch{2}, 1});
    CHECK(bench.commits.contents(partition).contains("b"));

    // Who was left behind may learn what it missed, and it counts for nothing.
    bench.commits.committed(in("server3", old_cluster, 6), partition, erase(3, "a", 3));
    bench.commits.answers(in("server3", old_cluster, 6), partition, request(9), Reply{});
    CHECK(bench.commits.count(partition) == 2);
    // The same request again, elsewhere, is no second effect, nor is another operation in its
    // place.
    Op again = put(3, "c", "z", 3);
    again.version.epoch = Epoch{9};
    bench.commits.committed(in("server2", new_cluster, 9), partition, again);
    CHECK(bench.defect.sentence() == "");
    CHECK(bench.commits.count(partition) == 3);
    // What the founding keeps has to stay as it is.
    bench.commits.committed(in("server2", new_cluster, 9), partition, put(2, "b", "other", 4));
    CHECK(bench.defect.rule() == Rule::order);
}

// Given up in ring 6; the founding is made from ring 5.
TEST_CASE("a founding anew brings back what was given up in a ring that it has not heard of",
          "[sim]") {
    Bench bench;
    const auto old = [&](std::uint64_t since) { return in("server1", old_cluster, since); };
    bench.commits.committed(old(3), partition, put(1, "a", "x", 1));
    bench.commits.committed(old(5), partition, put(2, "b", "y", 2));
    bench.commits.answers(old(5), partition, request(2), Reply{});
    bench.commits.restarted(partition, Epoch{6});
    CHECK(bench.commits.count(partition) == 0);
    Op later = put(1, "a", "other", 3);
    later.version.epoch = Epoch{6};
    bench.commits.committed(old(6), partition, later);
    bench.commits.founded(partition, old_cluster, Epoch{5});
    CHECK(bench.commits.count(partition) == 2);
    CHECK(bench.commits.acknowledged(partition) == 2);
    CHECK(bench.commits.contents(partition).at("a").version == Version{Epoch{2}, 1});
    // The request that took effect in what was given up may take effect again.
    Op again = put(3, "c", "z", 3);
    again.version.epoch = Epoch{9};
    bench.commits.committed(in("server2", new_cluster, 9), partition, again);
    CHECK(bench.commits.count(partition) == 3);
    CHECK(bench.defect.sentence() == "");
}

TEST_CASE("a founding anew may lose a batch, and all of it", "[sim]") {
    Bench bench;
    bench.commits.committed(in("server1", old_cluster, 2), partition, put(1, "a", "old", 1));
    Op batch = put(2, "", "");
    batch.kind = OpKind::batch;
    batch.more.edit().changes = {
        {OpKind::put, "a", "x", 0}, {OpKind::put, "b", "y", 0}, {OpKind::erase, "a", "", 0}};
    batch.client = ClientId{7};
    batch.sequence = 2;
    bench.commits.committed(in("server1", old_cluster, 4), partition, batch);
    CHECK_FALSE(bench.commits.contents(partition).contains("a"));
    bench.commits.founded(partition, old_cluster, Epoch{3});
    CHECK(bench.commits.contents(partition).size() == 1);
    CHECK(bench.commits.contents(partition).at("a").version == Version{Epoch{2}, 1});
    CHECK(bench.defect.sentence() == "");
}

TEST_CASE("what a node executes for its own process may erase, and is told only when committed",
          "[sim]") {
    Bench bench;
    bench.commits.committed({"server1"}, partition, put(1, "a", "x", 1));
    Op own = erase(2, "a", 0);
    own.client = {};
    bench.commits.committed({.name = "server1", .executes_own = true}, partition, own);
    bench.commits.tells({"server1"}, partition, own.version);
    CHECK(bench.defect.sentence() == "");
    CHECK(bench.commits.acknowledged(partition) == 2);
    bench.commits.tells({"server1"}, partition, {own.version.epoch, 3});
    CHECK(bench.defect.sentence().find("nobody committed") != std::string::npos);
}
