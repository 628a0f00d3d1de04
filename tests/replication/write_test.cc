// Reads and writes: who answers, when, and under which lease.
#include "replication/replication.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "replication/trio.h"

using namespace grapevine;

TEST_CASE("a write is answered when every copy holds it, not before", "[replication]") {
    Trio trio;
    const auto put = trio.put(a, "k", "v");
    trio.deliver([](const auto& queued) { return is_ack(queued) && queued.from == c; });
    CHECK(trio.reply(put) == nullptr);
    CHECK(trio.value(a, "k") == "(none)");  // what is not committed is not read
    trio.run_for(trio.config.resend + 2ms);
    REQUIRE(trio.status(put) == Status::ok);
    CHECK(trio.reply(put)->version.counter == 1);
    CHECK(trio.value(a, "k") == "v");
}

TEST_CASE("only the primary answers", "[replication]") {
    Trio trio;
    CHECK(trio.status(trio.get(b, "k")) == Status::not_primary);
    CHECK(trio.reply(1)->epoch == trio.ring().epoch);
}

TEST_CASE("without a lease nobody is answered, and requests wait for one", "[replication]") {
    Trio trio;
    trio.peer(a).lease_until = trio.now;
    const auto get = trio.get(a, "k");
    CHECK(trio.reply(get) == nullptr);
    trio.run_for(trio.config.patience - 1ms);
    CHECK(trio.reply(get) == nullptr);
    trio.run_for(3ms);
    CHECK(trio.status(get) == Status::no_lease);

    const auto later = trio.get(a, "k");
    trio.peer(a).lease_until = never;
    trio.peer(a).replication.lease_renewed(trio.now);
    trio.collect(a);
    CHECK(trio.status(later) == Status::not_found);
}

TEST_CASE("a write that commits without a lease is not vouched for", "[replication]") {
    Trio trio;
    const auto put = trio.put(a, "k", "v");
    trio.peer(a).lease_until = trio.now;
    trio.deliver();
    CHECK(trio.status(put) == Status::lapsed);
}

TEST_CASE("alone in the write set, a write still needs the lease", "[replication]") {
    Trio trio(1, 1);
    CHECK(trio.status(trio.put(a, "k", "v")) == Status::ok);
    trio.peer(a).lease_until = trio.now;
    const auto put = trio.put(a, "k", "w");
    trio.deliver();
    CHECK(trio.reply(put) == nullptr);
    trio.run_for(trio.config.patience + 2ms);
    CHECK(trio.status(put) == Status::no_lease);
    trio.peer(a).lease_until = never;
    CHECK(trio.value(a, "k") == "v");
}

TEST_CASE("who knows a request does not say that it was not executed", "[replication]") {
    Trio trio;
    const Request write = trio.request(OperationKind::put, "k", "v");
    const Request other = trio.request(OperationKind::put, "k", "w");
    trio.ask(a, write);
    trio.deliver([](const auto& queued) { return queued.to == a; });  // all have it ordered
    SECTION("a copy") {
        CHECK(trio.status(trio.ask(b, write)) == Status::lapsed);
        CHECK(trio.status(trio.ask(b, other)) == Status::not_primary);
    }
    SECTION("a primary without a lease") {
        trio.peer(a).lease_until = trio.now;
        trio.ask(a, write);
        trio.ask(a, other);
        trio.run_for(trio.config.patience + 10ms);
        CHECK(trio.status(write.sequence) == Status::lapsed);
        CHECK(trio.status(other.sequence) == Status::no_lease);
    }
    SECTION("a holder that is down") {
        trio.change({.evicted = {a, b, c}});
        CHECK(trio.status(trio.ask(a, write)) == Status::lapsed);
        CHECK(trio.status(trio.ask(a, other)) == Status::unavailable);
    }
}

TEST_CASE("a partition without any copy says unavailable, and comes back with its holder",
          "[replication]") {
    Trio trio(3, 1);
    trio.put(a, "k", "v");
    trio.change({.evicted = {a}});
    CHECK(trio.status(trio.get(b, "k")) == Status::unavailable);
    CHECK_FALSE(trio.serves(a));
    trio.change({.joined = {Trio::member(a)}});
    trio.run_for(trio.config.lease_wait + 2ms);
    REQUIRE(trio.serves(a));
    CHECK(trio.value(a, "k") == "v");
}

TEST_CASE("too much pending is refused rather than kept", "[replication]") {
    Trio trio;
    trio.kill(b);
    Status last = Status::ok;
    int accepted = 0;
    for (int i = 0; i < 10 && last == Status::ok; ++i) {
        const auto put = trio.put(a, "k" + std::to_string(i), std::string(value_size_max, 'x'));
        if (trio.reply(put) != nullptr) last = trio.reply(put)->status;
        accepted += last == Status::ok ? 1 : 0;
        trio.drop();
    }
    CHECK(last == Status::busy);
    CHECK(accepted == 2);  // what one message to a new primary can carry
    CHECK_FALSE(trio.peer(a).replication.overloaded());  // other partitions go on
}

TEST_CASE("what was refused for want of memory is not executed when it comes again",
          "[replication]") {
    Trio trio(3, 3, [](ReplicationConfig& config) { config.memory_max = 20'000; });
    trio.put(a, "large", std::string(18'000, 'x'));
    trio.deliver();
    const Request refused = trio.request(OperationKind::put, "another", std::string(5'000, 'y'));
    trio.ask(a, refused);
    CHECK(trio.reply(refused.sequence) == nullptr);  // as long as nobody else knows of it
    trio.deliver();
    CHECK(trio.status(refused.sequence) == Status::full);
    trio.ask(a, trio.request(OperationKind::erase, "large"));
    trio.deliver();
    trio.ask(a, refused);
    trio.deliver();
    CHECK(trio.status(refused.sequence) == Status::full);
    CHECK(trio.value(a, "another") == "(none)");
}

TEST_CASE("a primary that is full refuses what adds to it, and nothing else", "[replication]") {
    Trio trio(3, 3, [](ReplicationConfig& config) { config.memory_max = 20'000; });
    const auto put = [&](const std::string& key, std::size_t size) {
        const auto sequence = trio.put(a, key, std::string(size, 'x'));
        trio.deliver();
        return trio.status(sequence);
    };
    int stored = 0;
    while (stored < 100 && put("key" + std::to_string(stored), 1000) == Status::ok) ++stored;
    CHECK(stored > 10);
    CHECK(stored < 20);
    CHECK(put("another", 1000) == Status::full);
    CHECK(put("key3", 2000) == Status::full);
    CHECK(put("key3", 1000) == Status::ok);
    CHECK(trio.value(a, "key4") == std::string(1000, 'x'));
    CHECK(trio.peer(b).store.count() == static_cast<std::size_t>(stored));
    // Who asks anew is served when there is room.
    for (const char* key : {"key5", "key6"}) {
        const auto erased = trio.ask(a, trio.request(OperationKind::erase, key));
        trio.deliver();
        CHECK(trio.status(erased) == Status::ok);
    }
    CHECK(put("another", 1000) == Status::ok);
}
