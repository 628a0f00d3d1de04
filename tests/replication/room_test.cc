// A copy that has no memory left says so, and its primaries order nothing that adds.
#include <catch2/catch.hpp>
#include <string>

#include "base/limits.h"
#include "replication/lines.h"
#include "replication/replication.h"
#include "replication/trio.h"

using namespace grapevine;

namespace {

constexpr std::size_t memory_max = 100'000;
const Lines lines;

void bounded(ReplicationConfig& config) {
    config.memory_max = memory_max;
    config.interpreter = &lines;
}

// Of a partition that only this node holds.
constexpr PartitionId elsewhere{1};

void fill_up(Trio& trio, NodeId node) {
    const std::string value(memory_max, 'x');
    trio.peer(node).store.put(elsewhere, {"much", value, Version{Epoch{1}, 1}, 0});
}

void make_room(Trio& trio, NodeId node) {
    trio.peer(node).store.erase(elsewhere, "much");
}

Status told(Trio& trio, Request&& request) {
    const std::uint64_t sequence = request.sequence;
    trio.ask(a, std::move(request));
    trio.deliver();
    return trio.status(sequence);
}

Status put(Trio& trio, const std::string& key, std::size_t size) {
    return told(trio, trio.request(OperationKind::put, key, std::string(size, 'v')));
}

Status run(Trio& trio, const std::string& key, const std::string& text) {
    Request request = trio.request(OperationKind::run, key, text);
    return told(trio, std::move(request));
}

// Nobody knows of it before something is acknowledged.
void let_know(Trio& trio) {
    CHECK(put(trio, "first", 1) == Status::ok);
    CHECK(trio.peer(a).replication.taken_for_full() == std::set{c});
}

}  // namespace

TEST_CASE("where a copy is full, what adds is refused and nothing else", "[replication]") {
    Trio trio(3, 3, bounded);
    CHECK(put(trio, "key", 100) == Status::ok);
    fill_up(trio, c);
    let_know(trio);
    const Request refused = trio.request(OperationKind::put, "more", "v");
    CHECK(told(trio, Request(refused)) == Status::full);
    CHECK(put(trio, "key", 101) == Status::full);
    CHECK(run(trio, "more", "set more v") == Status::full);
    CHECK(put(trio, "key", 100) == Status::ok);
    CHECK(run(trio, "key", "set key w") == Status::ok);
    CHECK(trio.value(a, "key") == "w");
    CHECK(told(trio, trio.request(OperationKind::erase, "key")) == Status::ok);
    CHECK(trio.value(a, "more") == "(none)");

    make_room(trio, c);
    trio.run_for(200ms);
    CHECK(trio.peer(a).replication.taken_for_full().empty());
    CHECK(put(trio, "more", 100) == Status::ok);
    CHECK(run(trio, "other", "set other v") == Status::ok);
    // What was answered stays answered.
    CHECK(told(trio, Request(refused)) == Status::full);
}

TEST_CASE("what is ordered is held by a copy that is full", "[replication]") {
    Trio trio(3, 3, bounded);
    fill_up(trio, c);
    const auto early = trio.put(a, "early", std::string(1000, 'v'));
    const auto as_early = trio.put(a, "as early", std::string(1000, 'v'));
    trio.deliver();
    CHECK(trio.status(early) == Status::ok);
    CHECK(trio.status(as_early) == Status::ok);
    CHECK(put(trio, "late", 1000) == Status::full);
    trio.run_for(trio.config.watermark_delay * 2);
    CHECK(trio.peer(c).store.count(Trio::partition) == 2);
    CHECK(trio.same(a, c));
}

TEST_CASE("a primary without a bound refuses what a copy has no room for", "[replication]") {
    const auto only_c = [](NodeId node, ReplicationConfig& config) {
        if (node == c) bounded(config);
        config.interpreter = &lines;
    };
    Trio trio(3, 3, [](ReplicationConfig&) {}, only_c);
    CHECK(put(trio, "large", memory_max) == Status::ok);
    trio.run_for(trio.config.watermark_delay * 2);
    CHECK(put(trio, "more", 1) == Status::full);
    CHECK(run(trio, "more", "set more v") == Status::full);
    CHECK(told(trio, trio.request(OperationKind::erase, "large")) == Status::ok);
    trio.run_for(200ms);
    CHECK(put(trio, "more", 1) == Status::ok);
}

TEST_CASE("a fill that is full receives everything, and is a copy like others then",
          "[replication]") {
    Trio trio(4, 2, bounded);
    for (int i = 0; i < 20; ++i) CHECK(put(trio, "key" + std::to_string(i), 1000) == Status::ok);
    fill_up(trio, d);
    trio.change({.arrangements = {{Trio::partition, {a, b}, {d}}}});
    trio.deliver();
    trio.run_for(100ms);
    CHECK(put(trio, "key1", 1000) == Status::ok);
    CHECK(put(trio, "more", 1000) == Status::full);
    const auto reports = trio.peer(a).replication.complete_fills();
    REQUIRE(reports.size() == 1);
    trio.change({.completed = reports});
    trio.deliver();
    trio.run_for(100ms);
    CHECK(trio.peer(d).store.count(Trio::partition) == 20);
    CHECK(put(trio, "more", 1000) == Status::full);
    // Where it holds nothing more of this node's, it is none of its business.
    trio.change({.arrangements = {{Trio::partition, {a, b}, {}}}});
    trio.deliver();
    CHECK(trio.peer(a).replication.taken_for_full().empty());
    CHECK(put(trio, "more", 1000) == Status::ok);
}

TEST_CASE("that there is room again is said once more over a new link", "[replication]") {
    Trio trio(3, 3, bounded);
    fill_up(trio, c);
    let_know(trio);
    make_room(trio, c);
    const Time end = trio.now + 300ms;
    while (trio.now < end) {
        trio.now += 1ms;
        trio.peer(c).replication.tick(trio.now);
        trio.collect(c);
        trio.drop();
    }
    CHECK(trio.peer(a).replication.taken_for_full() == std::set{c});
    trio.peer(c).replication.link_reset(trio.now, a);
    trio.collect(c);
    trio.deliver();
    CHECK(trio.peer(a).replication.taken_for_full().empty());
}

TEST_CASE("who takes a copy for full by mistake is set right by what it refuses", "[replication]") {
    Trio trio(3, 3, bounded);
    fill_up(trio, c);
    let_know(trio);
    make_room(trio, c);
    CHECK(put(trio, "more", 100) == Status::full);
    CHECK(put(trio, "more", 100) == Status::ok);
}

TEST_CASE("a new primary hears that a copy is full when it takes over", "[replication]") {
    Trio trio(3, 3, bounded);
    fill_up(trio, c);
    let_know(trio);
    trio.kill(a);
    trio.change({.evicted = {a}});
    trio.deliver();
    trio.run_for(trio.config.lease_wait + 10ms);
    REQUIRE(trio.serves(b));
    CHECK(trio.peer(b).replication.taken_for_full() == std::set{c});
    const auto put_there = trio.put(b, "more", std::string(100, 'v'));
    trio.deliver();
    CHECK(trio.status(put_there) == Status::full);
}
