// Requests that come again, or late: once each, and what is remembered of them.
#include "replication/replication.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "replication/trio.h"

using namespace grapevine;

TEST_CASE("a retry is executed once and answered alike", "[replication]") {
    Trio trio;
    Request request = trio.request(OperationKind::put, "k", "v");
    trio.ask(a, request);
    trio.ask(a, request);  // while pending
    trio.deliver();
    const Version version = trio.reply(request.sequence)->version;
    trio.put(a, "k", "w");
    trio.deliver();
    trio.ask(a, request);  // after another write
    CHECK(trio.reply(request.sequence)->version == version);
    CHECK(trio.value(a, "k") == "w");
    // Once the client has said that it needs no answer any more, the request is refused.
    trio.floor = request.sequence + 1;
    trio.put(a, "other", "x");
    trio.deliver();
    trio.ask(a, request);
    CHECK(trio.status(request.sequence) == Status::below_floor);
    CHECK(trio.value(a, "k") == "w");
}

TEST_CASE("conditions are judged behind what is pending, and refusals are remembered",
          "[replication]") {
    Trio trio;
    Request absent = trio.request(OperationKind::put, "k", "first");
    absent.condition = Condition::absent;
    Request second = trio.request(OperationKind::put, "k", "second");
    second.condition = Condition::absent;
    trio.ask(a, absent);
    trio.ask(a, second);
    trio.deliver();
    CHECK(trio.status(absent.sequence) == Status::ok);
    REQUIRE(trio.status(second.sequence) == Status::condition_failed);
    const Version present = trio.reply(absent.sequence)->version;
    CHECK(trio.reply(second.sequence)->version == present);

    Request erase = trio.request(OperationKind::erase, "k");
    erase.condition = Condition::version;
    erase.expected = present;
    trio.ask(a, erase);
    trio.deliver();
    CHECK(trio.status(erase.sequence) == Status::ok);
    trio.ask(a, second);  // a duplicate of the refused one is refused again, though "k" is absent
    trio.deliver();
    CHECK(trio.status(second.sequence) == Status::condition_failed);
    CHECK(trio.value(a, "k") == "(none)");
    const auto again = trio.ask(a, trio.request(OperationKind::erase, "k"));
    trio.deliver();
    CHECK(trio.status(again) == Status::not_found);

    // A key that is absent has no version, not even a zero one.
    Request zero = trio.request(OperationKind::put, "k", "third");
    zero.condition = Condition::version;
    trio.ask(a, zero);
    trio.deliver();
    CHECK(trio.status(zero.sequence) == Status::condition_failed);
}

// The ids of a partition travel to a fill in one message, and memory is not for the taking.
TEST_CASE("more request ids than are remembered are refused as busy", "[replication]") {
    for (const bool in_all : {false, true}) {
        Trio trio(3, 3, [&](ReplicationConfig& config) {
            (in_all ? config.all_remembered_max : config.remembered_max) = 20;
        });
        const auto put_as = [&](std::uint64_t client) {
            Request request = trio.request(OperationKind::put, "k", "v");
            request.client = ClientId{client};
            const auto sequence = trio.ask(a, std::move(request));
            trio.deliver();
            return trio.status(sequence);
        };
        for (std::uint64_t client = 1; client <= 10; ++client) CHECK(put_as(client) == Status::ok);
        CHECK(put_as(11) == Status::busy);
        CHECK(trio.value(a, "k") == "v");
        // They are forgotten in time.
        trio.now += request_memory + 1s;
        trio.run_for(100ms);
        Request later = trio.request(OperationKind::put, "k", "w");
        later.client = ClientId{12};
        later.stamp_ms = to_ms(request_memory);
        const auto sequence = trio.ask(a, std::move(later));
        trio.deliver();
        CHECK(trio.status(sequence) == Status::ok);
    }
}

TEST_CASE("what was sent before a loss was accepted is not executed after it", "[replication]") {
    Trio trio(2, 1);
    Request write = trio.request(OperationKind::put, "k", "old");
    write.epoch = trio.ring().epoch;
    trio.ask(a, write);
    REQUIRE(trio.status(write.sequence) == Status::ok);  // the client knows it, and sends no more
    trio.kill(a);
    trio.change({.evicted = {a}});
    trio.change({.losses = {Trio::partition}, .arrangements = {{Trio::partition, {b}, {}}}});
    trio.run_for(trio.config.lease_wait + 2ms);

    // Another attempt of it arrives now, on a link that was slow.
    trio.ask(b, write);
    CHECK(trio.status(write.sequence) == Status::not_primary);
    CHECK(trio.reply(write.sequence)->epoch == trio.ring().epoch);
    CHECK(trio.value(b, "k") == "(none)");
    // Whoever knows the loss may send it again.
    write.epoch = trio.ring().epoch;
    trio.ask(b, write);
    CHECK(trio.status(write.sequence) == Status::ok);
    // What was executed since then is answered, also where it comes a second time and late.
    trio.change({});
    trio.ask(b, write);
    CHECK(trio.status(write.sequence) == Status::ok);
    CHECK(trio.value(b, "k") == "old");
}

TEST_CASE("stamps that are missing, far ahead or too old are refused with a fresh one",
          "[replication]") {
    Trio trio;
    const auto with_stamp = [&](std::int64_t stamp_ms) {
        Request request = trio.request(OperationKind::put, "k", "v");
        request.stamp_ms = stamp_ms;
        const auto sequence = trio.ask(a, std::move(request));
        trio.deliver();
        return sequence;
    };
    const auto missing = with_stamp(-1);
    REQUIRE(trio.status(missing) == Status::bad_stamp);
    CHECK(trio.status(with_stamp(trio.reply(missing)->stamp_ms)) == Status::ok);
    CHECK(trio.status(with_stamp(to_ms(request_memory) / 2)) == Status::bad_stamp);
    trio.now += request_memory / 2 + 1s;
    const auto old = with_stamp(0);
    REQUIRE(trio.status(old) == Status::bad_stamp);
    CHECK(trio.status(with_stamp(trio.reply(old)->stamp_ms)) == Status::ok);
}

TEST_CASE("idle clients are forgotten, everywhere at the same operation", "[replication]") {
    Trio trio;
    trio.put(a, "k", "v");
    trio.deliver();
    trio.run_for(trio.config.watermark_delay * 2);
    CHECK(trio.peer(b).replication.replica(Trio::partition).memory.size() == 1);
    trio.now += request_memory - 1s;
    trio.run_for(10ms);
    CHECK(trio.peer(a).replication.replica(Trio::partition).memory.size() == 1);
    trio.now += 2s;
    trio.run_for(100ms);
    CHECK(trio.peer(a).replication.replica(Trio::partition).memory.size() == 0);
    CHECK(trio.same(a, b));
}
