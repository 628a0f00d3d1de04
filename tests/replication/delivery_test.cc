// What is lost on the way, with its link or with a ring, is sent again.
#include "replication/replication.h"

#include <catch2/catch.hpp>

#include "replication/trio.h"

using namespace grapevine;

TEST_CASE("the watermark follows alone when no write carries it", "[replication]") {
    Trio trio;
    trio.put(a, "k", "v");
    trio.deliver();
    CHECK(trio.peer(b).replication.replica(Trio::partition).log.watermark() == 0);
    trio.run_for(trio.config.watermark_delay + 2ms);
    CHECK(trio.same(a, b));
    CHECK(trio.same(a, c));
    CHECK(trio.peer(b).store.count() == 1);
}

TEST_CASE("a gap is noticed and closed", "[replication]") {
    Trio trio;
    const auto first = trio.put(a, "k", "1");
    trio.deliver([](const auto& queued) { return queued.to == c; });
    const auto second = trio.put(a, "k", "2");
    trio.deliver();
    CHECK(trio.status(first) == Status::ok);
    CHECK(trio.status(second) == Status::ok);
}

TEST_CASE("what was sent on a lost link is sent again", "[replication]") {
    Trio trio;
    const auto put = trio.put(a, "k", "1");
    trio.drop();
    for (const NodeId peer : {b, c}) trio.peer(a).replication.link_reset(trio.now, peer);
    trio.collect(a);
    trio.deliver();
    CHECK(trio.status(put) == Status::ok);
}

TEST_CASE("a watermark that was lost with its link is told again", "[replication]") {
    Trio trio;
    trio.put(a, "k", "v");
    trio.deliver();
    while (trio.queue().empty()) {  // until the watermark goes alone
        trio.now += 1ms;
        trio.peer(a).replication.tick(trio.now);
        trio.collect(a);
    }
    trio.drop();
    for (const NodeId peer : {b, c}) trio.peer(a).replication.link_reset(trio.now, peer);
    trio.collect(a);
    trio.run_for(1s);
    CHECK(trio.same(a, b));
    CHECK(trio.same(a, c));
}

TEST_CASE("a watermark that was refused for a ring change is told again", "[replication]") {
    Trio trio(3, 2);
    trio.put(a, "k", "v");
    trio.deliver();
    trio.change({.arrangements = {{Trio::partition, {a, b}, {c}}}}, {b, c});
    trio.run_for(trio.config.watermark_delay + 2ms);  // told for the old ring: refused
    trio.adopt(a);
    trio.run_for(1s);
    CHECK(trio.peer(b).store.count() == 1);
    CHECK(trio.same(a, b));
}

TEST_CASE("a watermark that came before its ring is told again", "[replication]") {
    Trio trio(3, 2);
    trio.put(a, "k", "v");
    trio.deliver();
    trio.change({.arrangements = {{Trio::partition, {a, b}, {c}}}}, {a, c});
    trio.run_for(trio.config.watermark_delay + 2ms);
    CHECK(trio.ahead.contains(a));  // b has to fetch the ring first
    trio.adopt(b);
    trio.run_for(1s);
    CHECK(trio.peer(b).store.count() == 1);
    CHECK(trio.same(a, b));
}

TEST_CASE("a member that does not answer holds a write until the ring changes", "[replication]") {
    Trio trio;
    trio.kill(c);
    const auto put = trio.put(a, "k", "v");
    trio.deliver();
    trio.run_for(1s);
    CHECK(trio.reply(put) == nullptr);
    trio.change({.evicted = {c}});
    trio.deliver();
    CHECK(trio.status(put) == Status::ok);
}
