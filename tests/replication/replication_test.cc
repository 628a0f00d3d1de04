#include "replication/replication.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "replication/trio.h"

using namespace grapevine;

namespace {

constexpr NodeId a{1};
constexpr NodeId b{2};
constexpr NodeId c{3};
constexpr NodeId d{4};

bool is_ack(const Trio::Queued& queued) {
    return std::holds_alternative<ReplicateAck>(queued.message);
}

}  // namespace

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

TEST_CASE("only the primary answers", "[replication]") {
    Trio trio;
    CHECK(trio.status(trio.get(b, "k")) == Status::not_primary);
    CHECK(trio.reply(1)->epoch == trio.ring().epoch);
}

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

TEST_CASE("a fill receives what is committed, live writes and remembered ids", "[replication]") {
    Trio trio(4, 3);
    std::vector<Request> requests;
    for (int i = 0; i < 200; ++i) {
        requests.push_back(
            trio.request(OperationKind::put, "key" + std::to_string(i), std::string(2000, 'x')));
        trio.ask(a, requests.back());
    }
    trio.deliver();
    trio.kill(c);
    trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
    // While chunks are under way: overwrite, delete, add.
    trio.put(a, "key3", "new");
    trio.ask(a, trio.request(OperationKind::erase, "key4"));
    trio.put(a, "more", "m");
    trio.deliver();
    trio.run_for(trio.config.watermark_delay * 2);
    const auto reports = trio.peer(a).replication.complete_fills();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].member == d);
    CHECK(trio.same(a, d));
    trio.change({.completed = reports});
    CHECK(trio.entry().copies.size() == 3);
    trio.deliver();

    // The filled copy alone knows everything.
    trio.kill(a);
    trio.kill(b);
    trio.change({.evicted = {a, b}});
    trio.run_for(trio.config.lease_wait + 2ms);
    REQUIRE(trio.serves(d));
    CHECK(trio.value(d, "key3") == "new");
    CHECK(trio.value(d, "key4") == "(none)");
    CHECK(trio.value(d, "more") == "m");
    trio.ask(d, requests[3]);
    trio.deliver();
    CHECK(trio.value(d, "key3") == "new");  // its old write was not executed again
}

TEST_CASE("a new primary begins a new fill session", "[replication]") {
    Trio trio(4, 3);
    for (int i = 0; i < 50; ++i) trio.put(a, "key" + std::to_string(i), std::string(5000, 'x'));
    trio.deliver();
    trio.kill(c);
    trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
    // a's last write reaches the fill alone; then a dies.
    trio.deliver([](const auto& queued) {
        return std::holds_alternative<FillChunk>(queued.message) &&
               std::get<FillChunk>(queued.message).from > fill_items;
    });
    const auto orphan = trio.put(a, "orphan", "o");
    trio.deliver([](const auto& queued) { return queued.to == b; });
    trio.kill(a);
    trio.change({.evicted = {a}});
    trio.run_for(trio.config.lease_wait + 50ms);
    CHECK(trio.reply(orphan) == nullptr);
    CHECK(trio.value(b, "orphan") == "(none)");
    REQUIRE(trio.peer(b).replication.complete_fills().size() == 1);
    CHECK(trio.same(b, d));
    CHECK(trio.peer(d).store.count() == 50);
}

// A chunk was once known by its number, and what was read again under an old number reached further
// than what the fill had: the keys between were skipped.
TEST_CASE("a chunk that is read again after deletions leaves no key out", "[replication]") {
    const auto is_fill_word = [](const auto& queued) {
        return std::holds_alternative<FillChunk>(queued.message) ||
               std::holds_alternative<FillAck>(queued.message);
    };
    for (int seen = 2; seen < 6; ++seen) {
        Trio trio(4, 3);
        for (int i = 0; i < 60; ++i) {
            trio.put(a, "key" + std::to_string(i), std::string(10'000, 'x'));
        }
        trio.deliver();
        trio.kill(c);
        trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
        // The fill gets a few chunks; of its answers a hears the first alone, to the base.
        int chunks = 0;
        int answers = 0;
        trio.deliver([&](const auto& queued) {
            if (std::holds_alternative<FillAck>(queued.message)) return ++answers > 1;
            return std::holds_alternative<FillChunk>(queued.message) && ++chunks > seen;
        });
        REQUIRE(chunks == 5);  // the base and a window
        for (int i = 0; i < 60; i += 2) {
            trio.ask(a, trio.request(OperationKind::erase, "key" + std::to_string(i)));
            trio.deliver(is_fill_word);
        }
        trio.run_for(trio.config.resend * 4);
        INFO("the fill has seen " << seen << " chunks");
        REQUIRE(trio.peer(a).replication.complete_fills().size() == 1);
        CHECK(trio.peer(d).store.count() == 30);
        CHECK(trio.same(a, d));
    }
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

// The base carries all remembered ids: what is under way is not helped by copies of it.
TEST_CASE("a base that takes its time to arrive is not sent over and over", "[replication]") {
    Trio trio(4, 3);
    for (std::uint64_t client = 100; client < 600; ++client) {
        Request request = trio.request(OperationKind::put, "k", "v");
        request.client = ClientId{client};
        trio.ask(a, std::move(request));
        trio.deliver();
    }
    trio.kill(c);
    trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
    int bases = 0;
    const auto slow = [&](const Trio::Queued& queued) {
        const auto* const chunk = std::get_if<FillChunk>(&queued.message);
        bases += chunk != nullptr && chunk->from == fill_base ? 1 : 0;
        return chunk != nullptr;
    };
    const auto run = [&](Duration span, const Trio::Filter& lost) {
        for (const Time end = trio.now + span; trio.now < end;) {
            trio.now += 1ms;
            if (trio.peer(a).replication.next_deadline() <= trio.now) {
                trio.peer(a).replication.tick(trio.now);
                trio.collect(a);
            }
            trio.deliver(lost);
        }
    };
    run(10s, slow);
    CHECK(bases <= 12);
    CHECK(bases >= 5);
    // A new link gets it at once.
    trio.peer(a).replication.link_reset(trio.now, d);
    trio.collect(a);
    run(5ms, [](const auto&) { return false; });
    CHECK(trio.peer(a).replication.complete_fills().size() == 1);
}

TEST_CASE("chunks that are lost are sent again", "[replication]") {
    Trio trio(4, 3);
    for (int i = 0; i < 300; ++i) trio.put(a, "key" + std::to_string(i), std::string(3000, 'x'));
    trio.deliver();
    trio.kill(c);
    trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
    int chunks = 0;
    for (int round = 0; round < 40; ++round) {
        trio.deliver([&](const auto& queued) {
            return std::holds_alternative<FillChunk>(queued.message) && ++chunks % 3 == 0;
        });
        trio.run_for(trio.config.resend / 4);
    }
    CHECK(trio.peer(a).replication.complete_fills().size() == 1);
    CHECK(trio.same(a, d));
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
