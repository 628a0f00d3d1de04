// A member that lacks a partition is filled.
#include "replication/replication.h"

#include <catch2/catch.hpp>
#include <deque>
#include <utility>

#include "base/rng.h"
#include "replication/trio.h"

using namespace grapevine;

namespace {

std::string key(int number) {
    return "key" + std::to_string(number);
}

constexpr std::size_t value_size = 2000;
const std::string value(value_size, 'x');

// c was a copy of 200 keys and was replaced by d without having heard of it; meanwhile one key was
// written anew, one deleted and one added. Then d dies, and c is to be filled.
void go_and_return(Trio& trio) {
    for (int i = 0; i < 200; ++i) trio.put(a, key(i), value);
    trio.deliver();
    trio.change({.arrangements = {{Trio::partition, {a, b, c}, {d}}}});
    trio.deliver();
    trio.run_for(trio.config.watermark_delay * 2);
    trio.change({.completed = trio.peer(a).replication.complete_fills(),
                 .arrangements = {{Trio::partition, {a, b, d}, {}}}},
                {a, b, d});
    trio.put(a, key(3), value + "new");
    trio.ask(a, trio.request(OperationKind::erase, key(4)));
    trio.put(a, "more", value);
    trio.deliver();
    trio.kill(d);
    trio.change({.evicted = {d}, .arrangements = {{Trio::partition, {a, b}, {c}}}});
    CHECK(trio.peer(c).store.count() == 0);
    CHECK(trio.peer(c).store.count_aside(Trio::partition) == 200);
}

// Of values that chunks bring.
std::size_t bytes_in(const Trio::Queued& queued) {
    const auto* const chunk = std::get_if<FillChunk>(&queued.message);
    std::size_t bytes = 0;
    if (chunk == nullptr) return 0;
    for (const FillItem& item : chunk->items) bytes += item.value.size();
    return bytes;
}

// A line to d that can stand still.
class SlowLine {
public:
    explicit SlowLine(Trio& trio) : trio_(trio) {}

    void run_for(Duration span) {
        for (const Time end = trio_.now + span; trio_.now < end;) step();
    }
    // Nothing arrives until a chunk was sent again; 2 ms later all of it does.
    void stand_still_until_resent() {
        stands_still_ = true;
        const Time end = trio_.now + 1s;
        while (!is_resent_ && trio_.now < end) step();
        REQUIRE(is_resent_);
        run_for(1ms);
        stands_still_ = false;
        is_resent_ = false;
        run_for(1ms);
    }
    [[nodiscard]] std::size_t chunks() const { return chunks_; }

private:
    void step() {
        trio_.now += 1ms;
        for (const NodeId id : {a, b, c, d}) {
            if (trio_.peer(id).replication.next_deadline() > trio_.now) continue;
            trio_.peer(id).replication.tick(trio_.now);
            trio_.collect(id);
        }
        const auto hold = [this](const Trio::Queued& queued) { return holds(queued); };
        trio_.deliver(hold);
        while (!stands_still_ && !waiting_.empty()) {
            const Trio::Queued queued = std::move(waiting_.front());
            waiting_.pop_front();
            Replication& receiver = trio_.peer(queued.to).replication;
            std::visit([&](const auto& body) { receiver.receive(trio_.now, queued.from, body); },
                       queued.message);
            trio_.collect(queued.to);
            trio_.deliver(hold);
        }
    }

    bool holds(const Trio::Queued& queued) {
        if (const auto* chunk = std::get_if<FillChunk>(&queued.message)) {
            ++chunks_;
            is_resent_ = is_resent_ || (stands_still_ && chunk->from <= furthest_);
            furthest_ = std::max(furthest_, chunk->from);
        }
        const bool is_of_line = queued.to == d || queued.from == d;
        if (is_of_line) waiting_.push_back(queued);
        return is_of_line;
    }

    Trio& trio_;
    std::deque<Trio::Queued> waiting_;
    bool stands_still_ = false;
    bool is_resent_ = false;
    FillPosition furthest_ = fill_base;  // the beginning of a chunk that was sent
    std::size_t chunks_ = 0;
};

}  // namespace

TEST_CASE("who comes back with its records is sent what they lack", "[replication]") {
    Trio trio(4, 3);
    go_and_return(trio);
    std::size_t bytes = 0;
    trio.deliver([&](const auto& queued) {
        bytes += bytes_in(queued);
        return false;
    });
    REQUIRE(trio.peer(a).replication.complete_fills().size() == 1);
    trio.run_for(trio.config.watermark_delay * 2);
    CHECK(trio.same(a, c));
    CHECK(trio.peer(c).store.count_aside(Trio::partition) == 0);
    CHECK(bytes == 2 * value_size + 3);
}

TEST_CASE("who comes back with its records is filled whatever is lost and changes",
          "[replication]") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        Trio trio(4, 3, [](ReplicationConfig& config) { config.chunk_bytes = 10'000; });
        go_and_return(trio);
        int step = 0;
        for (int i = 0; i < 40; ++i) {
            trio.put(a, key(static_cast<int>(rng.below(250))), "live" + std::to_string(i));
            trio.ask(a, trio.request(OperationKind::erase, key(static_cast<int>(rng.below(250)))));
            // Fills alone: what is lost of the rest is lost with its link.
            trio.deliver([&](const auto& queued) {
                const bool of_fill = std::holds_alternative<FillChunk>(queued.message) ||
                                     std::holds_alternative<FillAck>(queued.message);
                return of_fill && rng.below(3) == 0;
            });
            if (rng.below(4) == 0) trio.run_for(trio.config.resend);
            if (rng.below(8) == 0) trio.peer(c).store.drop_aside(Trio::partition);
            if (rng.below(8) == 0 && ++step < 3) {
                trio.change({.arrangements = {{Trio::partition, {a, b}, {}}}}, {a, b});
                trio.change({.arrangements = {{Trio::partition, {a, b}, {c}}}});
            }
        }
        trio.run_for(trio.config.resend * 40);
        REQUIRE(trio.peer(a).replication.complete_fills().size() == 1);
        CHECK(trio.same(a, c));
        CHECK(trio.peer(c).store.count_aside(Trio::partition) == 0);
    }
}

TEST_CASE("what is kept for a return is given up when nobody is filled, or memory is short",
          "[replication]") {
    Trio trio(4, 3, [](ReplicationConfig& config) { config.memory_max = 1 << 20; });
    go_and_return(trio);
    SECTION("nobody is filled") {
        trio.change({.arrangements = {{Trio::partition, {a, b}, {}}}});
        trio.run_for(10ms);
        CHECK(trio.peer(c).store.count_aside(Trio::partition) == 0);
    }
    SECTION("memory is short") {
        // As if it were the primary of something else: half of the memory is free, or will be.
        trio.peer(a).store.put(Trio::partition, "aside", std::string(600'000, 'z'), {});
        trio.peer(a).store.set_aside(Trio::partition);
        const auto larger = trio.put(a, "larger", std::string(1'100'000, 'y'));
        const auto fits = trio.put(a, "fits", std::string(600'000, 'y'));
        trio.run_for(10ms);
        CHECK(trio.status(larger) == Status::full);
        CHECK(trio.status(fits) == Status::ok);
        CHECK(trio.peer(a).store.count_aside() == 0);
    }
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

TEST_CASE("a beginning that comes before its ring is asked for when the ring is known",
          "[replication]") {
    const bool goes_on = GENERATE(false, true);  // the session, from the ring before
    CAPTURE(goes_on);
    Trio trio(4, 3);
    trio.put(a, "k", "v");
    trio.deliver();
    if (goes_on) {
        trio.change({.arrangements = {{Trio::partition, {a, b, c}, {d}}}});
        trio.drop();
    }
    trio.kill(c);
    const Arrangement filled{Trio::partition, {a, b}, {d}};
    trio.change({.evicted = {c}, .arrangements = {filled}}, {a, b});
    trio.deliver();
    trio.adopt(d);
    const auto put = trio.put(a, "k", "w");
    trio.deliver();
    CHECK(trio.status(put) == Status::ok);
    CHECK(trio.peer(a).replication.complete_fills().size() == 1);
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

TEST_CASE("fills keep to their rate, and say how much is left", "[replication]") {
    Trio trio(4, 3, [](ReplicationConfig& config) {
        config.fill_bytes_per_second = 100'000;
        config.chunk_bytes = 1000;
    });
    for (int i = 0; i < 50; ++i) trio.put(a, "key" + std::to_string(i), std::string(1000, 'x'));
    trio.deliver();
    trio.kill(c);
    trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
    trio.deliver();
    const auto backfill = [&](NodeId id) { return trio.peer(id).replication.backfill(trio.now); };
    CHECK(backfill(a).to_send.at(d) > 40);

    // 50 kB take half of a second.
    trio.run_for(250ms);
    CHECK(trio.peer(a).replication.complete_fills().empty());
    CHECK(backfill(a).to_send.at(d) > 15);
    CHECK(backfill(a).to_send.at(d) < 35);
    CHECK(backfill(d).keys_per_second > 10);
    trio.run_for(400ms);
    CHECK(trio.peer(a).replication.complete_fills().size() == 1);
    CHECK(backfill(a).to_send.at(d) == 0);
    CHECK(trio.same(a, d));
}

TEST_CASE("a copy that only moves leaves time to others, one that is missing does not",
          "[replication]") {
    const bool missing = GENERATE(true, false);
    Trio trio(4, 3, [](ReplicationConfig& config) { config.chunk_bytes = 1000; });
    for (int i = 0; i < 50; ++i) trio.put(a, "key" + std::to_string(i), std::string(1000, 'x'));
    trio.deliver();
    if (missing) {
        trio.kill(c);
        trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
    } else {
        trio.change({.arrangements = {{Trio::partition, {a, b, c}, {d}}}});
    }
    trio.deliver();
    CHECK(trio.peer(a).replication.complete_fills().size() == (missing ? 1 : 0));
    trio.run_for(1s);
    CHECK(trio.peer(a).replication.complete_fills().size() == 1);
    CHECK(trio.same(a, d));
}

// What was sent in haste was charged to those that rest: a move waited for half a minute.
TEST_CASE("a move does not rest for copies that were missing before", "[replication]") {
    Trio trio(5, 3, [](ReplicationConfig& config) {
        config.chunk_bytes = 1000;
        config.chunks_in_flight = 1000;
    });
    for (int i = 0; i < 500; ++i) trio.put(a, "key" + std::to_string(i), std::string(1000, 'x'));
    trio.deliver();
    trio.kill(c);
    trio.change({.evicted = {c}, .arrangements = {{Trio::partition, {a, b}, {d}}}});
    trio.deliver();
    const auto reports = trio.peer(a).replication.complete_fills();
    REQUIRE(reports.size() == 1);
    trio.change({.completed = reports});
    trio.deliver();
    trio.change({.arrangements = {{Trio::partition, {a, b, d}, {NodeId{5}}}}});
    trio.deliver();
    trio.run_for(500ms);
    CHECK(trio.peer(a).replication.complete_fills().size() == 1);
}

// What is acknowledged so late that it has been sent again looked like what is acknowledged at
// once.
TEST_CASE("a member that is so busy that chunks are sent again is left alone", "[replication]") {
    Trio trio(4, 3, [](ReplicationConfig& config) { config.chunk_bytes = 1000; });
    for (int i = 0; i < 1000; ++i) trio.put(a, key(i), std::string(1000, 'x'));
    trio.deliver();
    SlowLine line(trio);
    trio.change({.arrangements = {{Trio::partition, {a, b, c}, {d}}}});
    line.run_for(10ms);
    for (int i = 0; i < 20; ++i) line.stand_still_until_resent();
    const std::size_t sent = line.chunks();
    line.run_for(200ms);
    CHECK(line.chunks() - sent <= 4);
    line.run_for(20s);
    CHECK(trio.peer(a).replication.complete_fills().size() == 1);
    CHECK(trio.same(a, d));
}
