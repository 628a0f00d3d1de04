// Keys that expire: decided by the primary's wall clock, done by the order.
#include <catch2/catch.hpp>

#include "replication/lines.h"
#include "replication/replication.h"
#include "replication/trio.h"

using namespace grapevine;

namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;

const Lines language;

// Three copies whose clocks agree, and a key that expires in `ttl_ms`.
struct Brief {
    explicit Brief(
        std::int64_t ttl_ms, std::uint32_t copies = 3,
        const Trio::Configure& more = [](ReplicationConfig&) {})
        : trio(4, copies, [&](ReplicationConfig& config) {
              config.interpreter = &language;
              more(config);
          }) {
        for (const std::uint64_t id : {1, 2, 3, 4}) trio.set_wall(NodeId{id}, start_ms);
        CHECK(run("set k v " + std::to_string(start_ms + ttl_ms)) == "ok;");
    }

    std::string run(const std::string& text, NodeId at = a,
                    OperationKind kind = OperationKind::run) {
        const auto sequence = trio.ask(at, trio.request(kind, "", text));
        trio.deliver();
        REQUIRE(trio.reply(sequence) != nullptr);
        REQUIRE(trio.status(sequence) == Status::ok);
        return trio.reply(sequence)->value;
    }
    [[nodiscard]] bool is_stored(NodeId at) {
        return trio.peer(at).store.find(Trio::partition, "k").has_value();
    }
    void fail_over() {
        trio.kill(a);
        trio.change({.evicted = {a}});
        trio.deliver();
        trio.run_for(trio.config.lease_wait + 2ms);
        REQUIRE(trio.serves(b));
    }

    Trio trio;
};

}  // namespace

TEST_CASE("a key is read until its time has come, and never after", "[replication]") {
    Brief brief(50);
    brief.trio.run_for(49ms);
    CHECK(brief.trio.value(a, "k") == "v");
    brief.trio.run_for(1ms);
    // A copy may not know yet: the answer waits until it has the erasure.
    const auto late = brief.trio.get(a, "k");
    CHECK(brief.trio.reply(late) == nullptr);
    brief.trio.deliver();
    CHECK(brief.trio.status(late) == Status::not_found);
    CHECK_FALSE(brief.is_stored(a));
    brief.trio.run_for(brief.trio.config.watermark_delay + 2ms);
    CHECK(brief.trio.same(a, b));
}

TEST_CASE("who holds the only copy answers that it is gone at once", "[replication]") {
    Brief brief(50, 1);
    brief.trio.run_for(50ms);
    CHECK(brief.trio.status(brief.trio.get(a, "k")) == Status::not_found);
    CHECK(brief.run("get k", a, OperationKind::query) == "-;");
}

TEST_CASE("queries and programs find what has expired gone", "[replication]") {
    Brief brief(50);
    brief.trio.run_for(50ms);
    SECTION("a query") {
        CHECK(brief.run("get k\nkeys", a, OperationKind::query) == "-;0;");
    }
    SECTION("a program that does nothing else") {
        CHECK(brief.run("get k") == "-;");
    }
    SECTION("a program that writes it anew") {
        CHECK(brief.run("add k") == "1;");
        CHECK(brief.trio.value(a, "k") == "1");
        return;
    }
    SECTION("a program that meets it in a scan") {
        CHECK(brief.run("keys\nset other x") == "0;ok;");
    }
    CHECK_FALSE(brief.is_stored(a));
    // It stays gone, whatever a later clock says.
    brief.trio.set_wall(a, start_ms - 10'000);
    CHECK(brief.trio.value(a, "k") == "(none)");
}

TEST_CASE("conditions and deletions find what has expired gone", "[replication]") {
    Brief brief(50);
    const Version version = brief.trio.reply(brief.trio.get(a, "k"))->version;
    brief.trio.run_for(50ms);
    Request request = brief.trio.request(OperationKind::put, "k", "w");
    std::string left = "(none)";
    Status expected = Status::condition_failed;
    SECTION("a put on its version") {
        request.condition = Condition::version;
        request.expected = version;
    }
    SECTION("a put on its absence") {
        request.condition = Condition::absent;
        expected = Status::ok;
        left = "w";
    }
    SECTION("a deletion") {
        request = brief.trio.request(OperationKind::erase, "k");
        expected = Status::not_found;
    }
    brief.trio.ask(a, request);
    brief.trio.deliver();
    CHECK(brief.trio.status(request.sequence) == expected);
    if (expected != Status::ok) CHECK(brief.trio.reply(request.sequence)->version == Version{});
    CHECK_FALSE((left == "(none)" && brief.is_stored(a)));
    brief.trio.set_wall(a, start_ms);
    CHECK(brief.trio.value(a, "k") == left);
    brief.trio.ask(a, request);  // once more
    brief.trio.deliver();
    CHECK(brief.trio.status(request.sequence) == expected);
}

TEST_CASE("a put takes the expiry away", "[replication]") {
    Brief brief(50);
    brief.trio.put(a, "k", "w");
    brief.trio.run_for(1s);
    CHECK(brief.trio.value(a, "k") == "w");
}

TEST_CASE("what was answered as gone stays gone under a primary whose clock is behind",
          "[replication]") {
    Brief brief(50);
    brief.trio.set_wall(b, start_ms - 3'600'000);
    brief.trio.run_for(50ms);
    CHECK(brief.trio.value(a, "k") == "(none)");
    brief.fail_over();
    CHECK(brief.trio.value(b, "k") == "(none)");
}

TEST_CASE("a read that met an expired key is not answered when its primary dies before",
          "[replication]") {
    Brief brief(50);
    brief.trio.set_wall(b, start_ms - 3'600'000);
    brief.trio.run_for(50ms);
    const auto asked = brief.trio.get(a, "k");
    brief.trio.drop();  // the erasure reaches nobody
    CHECK(brief.trio.reply(asked) == nullptr);
    brief.fail_over();
    CHECK(brief.trio.value(b, "k") == "v");  // by its clock there is time
}

TEST_CASE("a read of an expired key that is being written waits for that", "[replication]") {
    Brief brief(50);
    brief.trio.run_for(50ms);
    brief.trio.put(a, "k", "w");
    const auto asked = brief.trio.get(a, "k");
    CHECK(brief.trio.reply(asked) == nullptr);
    brief.trio.deliver();
    CHECK(brief.trio.reply(asked)->value == "w");
}

TEST_CASE("a read that waits for an erasure ends with its deadline", "[replication]") {
    Brief brief(50);
    brief.trio.run_for(50ms);
    Request request = brief.trio.request(OperationKind::get, "k");
    request.deadline_ms = 100;
    brief.trio.ask(a, request);
    for (int i = 0; i < 10; ++i) {
        brief.trio.drop();
        brief.trio.now += 11ms;
        brief.trio.peer(a).replication.tick(brief.trio.now);
        brief.trio.collect(a);
    }
    CHECK(brief.trio.status(request.sequence) == Status::no_lease);
}

TEST_CASE("a read that meets more expired keys than there is room for erases some at a time",
          "[replication]") {
    const auto with_little_room = [](ReplicationConfig& config) {
        config.partition_bytes_max = 20'000;
        config.sweep_delay = 10s;
    };
    Brief brief(1000, 3, with_little_room);
    Trio& trio = brief.trio;
    std::string all;
    for (const char name : std::string("abcdefgh")) {
        const std::string key(4000, name);
        brief.run("set " + key + " v " + std::to_string(start_ms + 1000));
        all += "get " + key + "\n";
    }
    trio.run_for(1s);
    const auto asked = trio.ask(a, trio.request(OperationKind::query, "", all));
    CHECK(trio.peer(a).replication.replica(Trio::partition).log.bytes() > 10'000);
    CHECK(trio.peer(a).replication.replica(Trio::partition).log.bytes() <= 20'000);
    CHECK(trio.reply(asked) == nullptr);
    trio.deliver();
    REQUIRE(trio.reply(asked) != nullptr);
    CHECK(trio.reply(asked)->value == "-;-;-;-;-;-;-;-;");
    trio.run_for(trio.config.watermark_delay + 2ms);
    CHECK(trio.peer(c).store.count(Trio::partition) == 1);  // which nobody asked for
}

TEST_CASE("memory of expired keys comes back without anybody asking", "[replication]") {
    Brief brief(50);
    for (int i = 0; i < 3000; ++i) {
        brief.trio.ask(
            a, brief.trio.request(OperationKind::run, "",
                                  fmt::format("set {} v {}", i == 0 ? "k" : fmt::format("k{}", i),
                                              start_ms + 100 + i % 7)));
    }
    brief.trio.deliver();
    CHECK(brief.trio.peer(a).store.count() == 3000);
    brief.trio.run_for(110ms + brief.trio.config.sweep_delay);
    // Some at a time, without a pause.
    const std::size_t left = brief.trio.peer(a).store.count();
    CHECK(left > 0);
    CHECK(left < 3000);
    brief.trio.run_for(100ms);
    for (const NodeId id : {a, b, c}) CHECK(brief.trio.peer(id).store.count() == 0);
    CHECK(brief.trio.same(a, c));
}

TEST_CASE("a backup sweeps nothing, nor does a primary without a lease", "[replication]") {
    Brief brief(50);
    brief.trio.peer(a).lease_until = brief.trio.now;
    brief.trio.set_wall(b, start_ms + 100'000);
    brief.trio.run_for(1s);
    CHECK(brief.is_stored(a));
    CHECK(brief.is_stored(b));
    brief.trio.peer(a).lease_until = never;
    brief.trio.run_for(200ms);
    CHECK_FALSE(brief.is_stored(a));
}

TEST_CASE("a clock that jumps forwards expires keys at once, one that jumps back later",
          "[replication]") {
    Brief brief(3'600'000);
    SECTION("forwards") {
        brief.trio.set_wall(a, start_ms + 3'600'000);
        CHECK(brief.trio.value(a, "k") == "(none)");
    }
    SECTION("forwards, and nobody reads") {
        brief.trio.set_wall(a, start_ms + 3'600'000);
        brief.trio.run_for(brief.trio.config.sweep_delay + 50ms);
        CHECK_FALSE(brief.is_stored(a));
    }
    SECTION("back") {
        brief.trio.set_wall(a, start_ms - 3'600'000);
        brief.trio.run_for(10s);
        CHECK(brief.trio.value(a, "k") == "v");
    }
}

TEST_CASE("a sweep leaves alone what is being written", "[replication]") {
    Brief brief(50);
    brief.trio.run_for(40ms + brief.trio.config.sweep_delay);
    brief.trio.put(a, "k", "w");
    for (int i = 0; i < 20; ++i) {
        brief.trio.now += 1ms;  // nothing is delivered meanwhile
        brief.trio.peer(a).replication.tick(brief.trio.now);
        brief.trio.collect(a);
    }
    brief.trio.deliver();
    brief.trio.run_for(brief.trio.config.resend * 2);
    CHECK(brief.trio.value(a, "k") == "w");
    CHECK(brief.trio.same(a, b));
}

TEST_CASE("a fill and who comes back know when keys expire", "[replication]") {
    const NodeId d{4};
    Brief brief(5'000);
    Trio& trio = brief.trio;
    brief.run("set stays v " + std::to_string(start_ms + 7'000));
    trio.change({.arrangements = {{Trio::partition, {a, b, c}, {d}}}});
    trio.deliver();
    trio.run_for(trio.config.watermark_delay * 2);
    CHECK(trio.same(a, d));
    CHECK(trio.peer(d).store.expires_next_ms(Trio::partition) == start_ms + 5'000);
    // c is replaced without having heard of it. Meanwhile one key is to expire at another time,
    // which is another version of it.
    trio.change({.completed = trio.peer(a).replication.complete_fills(),
                 .arrangements = {{Trio::partition, {a, b, d}, {}}}},
                {a, b, d});
    brief.run("set k v " + std::to_string(start_ms + 9'000));
    trio.kill(d);
    trio.change({.evicted = {d}, .arrangements = {{Trio::partition, {a, b}, {c}}}});
    REQUIRE(trio.peer(c).store.count_aside(Trio::partition) == 2);
    trio.deliver();
    trio.run_for(trio.config.watermark_delay * 2);
    REQUIRE(trio.peer(a).replication.complete_fills().size() == 1);
    CHECK(trio.same(a, c));
    CHECK(trio.peer(c).store.find(Trio::partition, "k")->expires_ms == start_ms + 9'000);
    CHECK(trio.peer(c).store.find(Trio::partition, "stays")->expires_ms == start_ms + 7'000);
}

TEST_CASE("a new primary sweeps what its predecessor did not", "[replication]") {
    Brief brief(50);
    brief.trio.run_for(20ms);
    brief.fail_over();
    brief.trio.run_for(brief.trio.config.sweep_delay + 100ms);
    CHECK_FALSE(brief.is_stored(b));
    CHECK_FALSE(brief.is_stored(c));
}
