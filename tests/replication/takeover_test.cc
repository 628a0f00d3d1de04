// A primary takes over: what is left unfinished, and when it may begin.
#include "replication/replication.h"

#include <catch2/catch.hpp>

#include "replication/trio.h"

using namespace grapevine;

TEST_CASE("after the primary's death its unfinished writes are finished with their answers",
          "[replication]") {
    Trio trio;
    trio.put(a, "k", "v");
    trio.deliver();
    Request unfinished = trio.request(OperationKind::put, "k", "w");
    trio.ask(a, unfinished);
    trio.deliver([](const auto& queued) { return queued.to == b || is_ack(queued); });  // c alone
    trio.kill(a);
    trio.change({.evicted = {a}});
    REQUIRE(trio.entry().primary() == b);
    trio.deliver();
    const Time served_from = trio.now + trio.config.lease_wait;
    trio.run_for(trio.config.lease_wait - 1ms);
    CHECK_FALSE(trio.serves(b));  // the lease of the dead may still be in use
    trio.run_for(2ms);
    CHECK(trio.now >= served_from);
    CHECK(trio.serves(b));
    CHECK(trio.value(b, "k") == "w");
    trio.ask(b, unfinished);
    trio.deliver();
    CHECK(trio.reply(unfinished.sequence)->version.counter == 2);
    const auto next_put = trio.put(b, "k", "x");
    trio.deliver();
    CHECK(trio.reply(next_put)->version.counter == 3);
    trio.run_for(trio.config.watermark_delay + 2ms);
    CHECK(trio.same(b, c));
}

TEST_CASE("the new primary finishes its own unfinished writes too", "[replication]") {
    Trio trio;
    const auto put = trio.put(a, "k", "v");
    trio.deliver([](const auto& queued) { return queued.to == c || is_ack(queued); });  // b alone
    trio.kill(a);
    trio.change({.evicted = {a}});
    trio.deliver();
    trio.run_for(trio.config.lease_wait + 2ms);
    CHECK(trio.value(b, "k") == "v");
    CHECK(trio.reply(put) == nullptr);
    trio.run_for(trio.config.watermark_delay + 2ms);
    CHECK(trio.same(b, c));
    CHECK(trio.peer(c).store.count() == 1);
}

TEST_CASE("activation waits for every copy to be in the ring and to report", "[replication]") {
    Trio trio;
    trio.kill(a);
    trio.change({.evicted = {a}}, {b});
    trio.deliver();
    CHECK(trio.ahead.contains(b));  // c saw a later `since` than its ring has
    trio.run_for(trio.config.lease_wait * 2);
    CHECK_FALSE(trio.serves(b));
    trio.adopt(c);
    trio.deliver();
    trio.run_for(2ms);
    CHECK(trio.serves(b));
}

TEST_CASE("a copy that takes its time to report is not asked over and over", "[replication]") {
    Trio trio;
    trio.put(a, "k", "v");
    trio.deliver([](const auto& queued) { return is_ack(queued); });
    trio.kill(a);
    trio.change({.evicted = {a}});
    int asked = 0;
    const auto slow = [&](const Trio::Queued& queued) {
        asked += std::holds_alternative<Gather>(queued.message) ? 1 : 0;
        return std::holds_alternative<Gathered>(queued.message);
    };
    const auto run = [&](Duration span, const Trio::Filter& lost) {
        for (const Time end = trio.now + span; trio.now < end;) {
            trio.now += 1ms;
            if (trio.peer(b).replication.next_deadline() <= trio.now) {
                trio.peer(b).replication.tick(trio.now);
                trio.collect(b);
            }
            trio.deliver(lost);
        }
    };
    run(10s, slow);
    CHECK(asked <= 10);
    CHECK(asked >= 5);
    // A new link is asked at once.
    trio.peer(b).replication.link_reset(trio.now, c);
    trio.collect(b);
    run(5ms, [](const auto&) { return false; });
    CHECK(trio.value(b, "k") == "v");
}

TEST_CASE("a primary that steps down and says so saves its successor the wait", "[replication]") {
    Trio trio;
    trio.put(a, "k", "v");
    trio.deliver();
    trio.change({.arrangements = {{Trio::partition, {b, a, c}, {}}}});
    CHECK_FALSE(trio.serves(a));
    trio.deliver();
    CHECK(trio.serves(b));
    CHECK(trio.value(b, "k") == "v");
}

TEST_CASE("one that missed a ring, or never served, attests nothing", "[replication]") {
    Trio trio;
    trio.change({.arrangements = {{Trio::partition, {b, a, c}, {}}}}, {a, c});
    trio.adopt(b);
    trio.drop();  // b is never activated: its questions are lost
    trio.change({.arrangements = {{Trio::partition, {c, b, a}, {}}}});
    trio.deliver();
    CHECK_FALSE(trio.serves(c));
    trio.run_for(trio.config.lease_wait + 1ms);
    CHECK(trio.serves(c));
}
