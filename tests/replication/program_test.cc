// Programs: executed once, in order, and replicated as what they change.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "replication/lines.h"
#include "replication/replication.h"
#include "replication/trio.h"

using namespace grapevine;

namespace {

const Lines lines;

void with_lines(ReplicationConfig& config) {
    config.interpreter = &lines;
}

Request program(Trio& trio, const std::string& text, OperationKind kind = OperationKind::run) {
    return trio.request(kind, "", text);
}

// Delivered to the end: what it answers.
std::string run(Trio& trio, NodeId at, const std::string& text,
                OperationKind kind = OperationKind::run) {
    const auto sequence = trio.ask(at, program(trio, text, kind));
    trio.deliver();
    REQUIRE(trio.reply(sequence) != nullptr);
    REQUIRE(trio.status(sequence) == Status::ok);
    return trio.reply(sequence)->value;
}

std::string query(Trio& trio, NodeId at, const std::string& text) {
    return run(trio, at, text, OperationKind::query);
}

void fail_over(Trio& trio) {
    trio.kill(a);
    trio.change({.evicted = {a}});
    REQUIRE(trio.entry().primary() == b);
    trio.deliver();
    trio.run_for(trio.config.lease_wait + 2ms);
    REQUIRE(trio.serves(b));
}

std::set<std::string> split(std::string text) {
    std::set<std::string> keys;
    for (std::size_t at = text.find(','); at != std::string::npos; at = text.find(',')) {
        keys.insert(text.substr(0, at));
        text.erase(0, at + 1);
    }
    return keys;
}

}  // namespace

TEST_CASE("a program is ordered behind what is pending, and copies are told its results",
          "[replication]") {
    Trio trio(3, 3, with_lines);
    const auto first = trio.ask(a, program(trio, "add n"));
    const auto second = trio.ask(a, program(trio, "add n\nadd n\nget n"));
    CHECK(trio.reply(first) == nullptr);  // nobody else has it yet
    trio.deliver();
    CHECK(trio.reply(first)->value == "1;");
    CHECK(trio.reply(second)->value == "2;3;3;");
    CHECK(trio.reply(second)->version.counter == trio.reply(first)->version.counter + 1);
    CHECK(trio.value(a, "n") == "3");
    trio.run_for(trio.config.watermark_delay + 2ms);
    CHECK(trio.same(a, b));
    CHECK(trio.same(a, c));
}

TEST_CASE("a program that comes again is not executed again, and answered alike", "[replication]") {
    Trio trio(3, 3, with_lines);
    const Request add = program(trio, "add n");
    trio.ask(a, add);
    trio.ask(a, add);  // while it is pending
    trio.deliver();
    CHECK(trio.reply(add.sequence)->value == "1;");
    run(trio, a, "add n");
    trio.ask(a, add);
    CHECK(trio.reply(add.sequence)->value == "1;");
    CHECK(trio.value(a, "n") == "2");
    SECTION("at the next primary") {
        fail_over(trio);
        trio.ask(b, add);
        trio.deliver();
        CHECK(trio.reply(add.sequence)->value == "1;");
        CHECK(trio.value(b, "n") == "2");
    }
}

TEST_CASE("what a program answered goes with the operation when its primary dies",
          "[replication]") {
    Trio trio(3, 3, with_lines);
    run(trio, a, "add n");
    const Request add = program(trio, "add n\nset other x");
    trio.ask(a, add);
    trio.deliver([](const auto& queued) { return queued.to == b || is_ack(queued); });  // c alone
    fail_over(trio);
    trio.ask(b, add);
    trio.deliver();
    CHECK(trio.reply(add.sequence)->value == "2;ok;");
    CHECK(trio.value(b, "other") == "x");
}

TEST_CASE("a fill is told what programs answered", "[replication]") {
    Trio trio(4, 3, with_lines);
    const Request add = program(trio, "add n");
    trio.ask(a, add);
    trio.deliver();
    trio.change({.arrangements = {{Trio::partition, {a, b, c}, {NodeId{4}}}}});
    trio.deliver();
    REQUIRE(trio.peer(a).replication.complete_fills().size() == 1);
    trio.run_for(trio.config.watermark_delay + 2ms);
    CHECK(trio.same(a, NodeId{4}));
    const auto& memory = trio.peer(NodeId{4}).replication.replica(Trio::partition).memory;
    CHECK(memory.find(ClientId{9}, add.sequence).reply == "1;");
}

TEST_CASE("a program that changes nothing but was to be ordered is remembered", "[replication]") {
    Trio trio(3, 3, with_lines);
    const Request look = program(trio, "get n\ndel n");
    trio.ask(a, look);
    trio.deliver();
    CHECK(trio.reply(look.sequence)->value == "-;0;");
    run(trio, a, "set n 5");
    trio.ask(a, look);
    CHECK(trio.reply(look.sequence)->value == "-;0;");
}

TEST_CASE("a query sees what is committed, at once, and changes nothing", "[replication]") {
    Trio trio(3, 3, with_lines);
    run(trio, a, "set k old");
    trio.ask(a, program(trio, "set k new"));
    const auto asked = trio.ask(a, program(trio, "get k\ncount", OperationKind::query));
    REQUIRE(trio.reply(asked) != nullptr);  // without a message
    CHECK(trio.reply(asked)->value == "old;1;");
    trio.deliver();
    CHECK(query(trio, a, "get k") == "new;");
    for (const char* const text : {"set k x", "del k", "what is this"}) {
        const auto refused = trio.ask(a, program(trio, text, OperationKind::query));
        CHECK(trio.status(refused) == Status::malformed);
    }
    CHECK(query(trio, a, "get k") == "new;");
}

TEST_CASE("a query waits for a lease as a get does", "[replication]") {
    Trio trio(3, 3, with_lines);
    run(trio, a, "set k v");
    trio.peer(a).lease_until = trio.now;
    const auto asked = trio.ask(a, program(trio, "get k", OperationKind::query));
    CHECK(trio.reply(asked) == nullptr);
    trio.peer(a).lease_until = never;
    trio.peer(a).replication.lease_renewed(trio.now);
    trio.collect(a);
    CHECK(trio.reply(asked)->value == "v;");
}

TEST_CASE("programs that are none, or that nobody can execute, are refused", "[replication]") {
    Trio without;
    CHECK(without.status(without.ask(a, program(without, "get k"))) == Status::malformed);
    Trio trio(3, 3, with_lines);
    CHECK(trio.status(trio.ask(a, program(trio, "jump"))) == Status::malformed);
    trio.run_for(50ms);
    CHECK(trio.same(a, b));
}

TEST_CASE("a batch is one operation with one version for all its keys", "[replication]") {
    Trio trio(3, 3, with_lines);
    const auto both = trio.ask(a, program(trio, "set x 1\nset y 2\nset x 3\ndel z"));
    trio.deliver();
    const auto x = trio.get(a, "x");
    const auto y = trio.get(a, "y");
    CHECK(trio.reply(x)->value == "3");
    CHECK(trio.reply(y)->value == "2");
    CHECK(trio.reply(x)->version == trio.reply(both)->version);
    CHECK(trio.reply(y)->version == trio.reply(both)->version);
    // Conditions and later programs see what of it is pending.
    trio.ask(a, program(trio, "set x 7\ndel y"));
    Request absent = trio.request(OperationKind::put, "y", "again");
    absent.condition = Condition::absent;
    trio.ask(a, absent);
    const auto seen = trio.ask(a, program(trio, "get x\nget y"));
    trio.deliver();
    CHECK(trio.status(absent.sequence) == Status::ok);
    CHECK(trio.reply(seen)->value == "7;again;");
}

TEST_CASE("a copy has all of a batch or nothing, whenever its primary dies", "[replication]") {
    Trio trio(3, 3, with_lines);
    run(trio, a, "set x 0\nset y 0");
    trio.ask(a, program(trio, "set x 1\nset y 1"));
    const bool arrives = GENERATE(false, true);
    trio.deliver([&](const auto& queued) { return queued.to == b || is_ack(queued) || !arrives; });
    fail_over(trio);
    const std::string seen = query(trio, b, "get x\nget y");
    CHECK(seen == (arrives ? "1;1;" : "0;0;"));
}

TEST_CASE("live batches and chunks that are read before or after them make the same",
          "[replication]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        Trio trio(4, 2, [](ReplicationConfig& config) {
            with_lines(config);
            config.chunk_bytes = 50;
            config.chunks_in_flight = 2;
        });
        for (int i = 0; i < 40; ++i) run(trio, a, fmt::format("set k{} {}", i, i));
        trio.change({.arrangements = {{Trio::partition, {a, b}, {c}}}});
        for (int i = 0; i < 40; ++i) {
            std::string text;
            for (int change = 0; change < 3; ++change) {
                text +=
                    fmt::format("{} k{} {}\n", rng.chance(1, 4) ? "del" : "set", rng.below(50), i);
            }
            trio.ask(a, program(trio, text));
            trio.deliver([&](const auto& queued) {
                const bool of_fill = std::holds_alternative<FillChunk>(queued.message);
                return of_fill && rng.below(3) == 0;
            });
            if (rng.below(3) == 0) trio.run_for(trio.config.resend);
        }
        trio.run_for(trio.config.resend * 40);
        REQUIRE(trio.peer(a).replication.complete_fills().size() == 1);
        CHECK(trio.same(a, c));
        CHECK(trio.same(a, b));
    }
}

TEST_CASE("a scan shows every key once at least, pending changes included", "[replication]") {
    Trio trio(3, 3, with_lines);
    std::set<std::string> all;
    for (int i = 0; i < 100; ++i) {
        run(trio, a, fmt::format("set k{} v", i));
        all.insert(fmt::format("k{}", i));
    }
    trio.ask(a, program(trio, "set pending v\ndel k5"));
    all.insert("pending");
    all.erase("k5");
    const auto seen = trio.ask(a, program(trio, "set own v\ndel k6\nkeys\ncount"));
    all.insert("own");
    all.erase("k6");
    trio.deliver();
    const std::string answer = trio.reply(seen)->value.substr(5);  // after "ok;1;"
    CHECK(split(answer) == all);
    CHECK(answer.ends_with(";100;"));
    // In pieces, as queries.
    std::set<std::string> pieces;
    std::string cursor = "0";
    do {
        const std::string piece = query(trio, a, "keys " + cursor + " 7");
        const auto keys = split(piece);
        CHECK(keys.size() == std::min<std::size_t>(7, all.size() - pieces.size()));
        pieces.insert(keys.begin(), keys.end());
        cursor = piece.substr(piece.rfind(',') + 1);
        cursor.pop_back();
    } while (cursor != "0");
    CHECK(pieces == all);
}

TEST_CASE("programs that would be too large are refused and change nothing", "[replication]") {
    Trio trio(3, 3, with_lines);
    const std::string large(value_size_max, 'v');
    run(trio, a, "set large " + large);
    std::string text;
    for (int i = 0; i < 3; ++i) text += "get large\n";
    CHECK(trio.status(trio.ask(a, program(trio, text + "set k v"))) == Status::too_large);
    CHECK(trio.status(trio.ask(a, program(trio, text, OperationKind::query))) == Status::too_large);
    CHECK(run(trio, a, "get large\nset k v").size() == value_size_max + 4);
    CHECK(trio.status(trio.ask(a, program(trio, "set over " + large + "v"))) == Status::too_large);
    // Much work for a little program.
    for (int i = 0; i < 20; ++i) text += "get large\n";
    CHECK(trio.status(trio.ask(a, program(trio, text, OperationKind::query))) == Status::too_large);
    CHECK(trio.value(a, "k") == "v");
}

// Of k, which is long, by a client that has the answers to nothing below `floor`.
Request get_of(Trio& trio, std::uint64_t client, std::uint64_t sequence, std::uint64_t floor,
               const std::string& text = "get k") {
    Request request = program(trio, text);
    request.client = ClientId{client};
    request.sequence = sequence;
    request.floor = floor;
    return request;
}

Status told(Trio& trio, const Request& request) {
    trio.ask(a, request);
    trio.deliver();
    return trio.status(request.sequence);
}

void with_little_memory(ReplicationConfig& config) {
    with_lines(config);
    config.remembered_max = 100;
    config.long_client_max = 800;
    config.long_remembered_max = 1000;
}

TEST_CASE("long answers leave room to remember the others", "[replication]") {
    Trio trio(3, 3, with_little_memory);
    run(trio, a, "set k " + std::string(20'000, 'v'));  // some 313 to remember
    CHECK(told(trio, get_of(trio, 1, 101, 101)) == Status::ok);
    CHECK(told(trio, get_of(trio, 2, 201, 201)) == Status::ok);
    CHECK(told(trio, get_of(trio, 3, 301, 301)) == Status::ok);
    // No more, of anybody; what was refused was not executed.
    CHECK(told(trio, get_of(trio, 4, 401, 401, "add n\nget k")) == Status::busy);
    CHECK(query(trio, a, "get n") == "-;");
    // Short ones as ever.
    for (std::uint64_t i = 1; i <= 20; ++i) {
        CHECK(told(trio, get_of(trio, 5, 500 + i, 500, "add m")) == Status::ok);
    }
    CHECK(trio.peer(a).replication.replica(Trio::partition).memory.long_weight() == 3 * 313);
    // Who has its answer makes room with the next request already, be it short or long.
    CHECK(told(trio, get_of(trio, 2, 202, 202)) == Status::ok);
    CHECK(told(trio, get_of(trio, 4, 402, 402)) == Status::busy);
    CHECK(told(trio, get_of(trio, 2, 203, 203, "get m")) == Status::ok);
    CHECK(told(trio, get_of(trio, 4, 403, 403)) == Status::ok);
    CHECK(trio.peer(a).replication.replica(Trio::partition).memory.long_weight() == 3 * 313);
    // A duplicate has the same answer, however little room there is.
    CHECK(told(trio, get_of(trio, 1, 101, 101)) == Status::ok);
    CHECK(trio.reply(101)->value == std::string(20'000, 'v') + ";");
}

TEST_CASE("a client has no more than its share of long answers that it does not confirm",
          "[replication]") {
    Trio trio(3, 3, with_little_memory);
    run(trio, a, "set k " + std::string(20'000, 'v'));
    // Under way they count as well.
    const Request first = get_of(trio, 1, 101, 101);
    const Request second = get_of(trio, 1, 102, 101);
    const Request third = get_of(trio, 1, 103, 101);
    trio.ask(a, first);
    trio.ask(a, second);
    trio.ask(a, third);
    CHECK(trio.status(103) == Status::busy);
    trio.deliver();
    CHECK(trio.status(102) == Status::ok);
    CHECK(told(trio, get_of(trio, 1, 104, 101)) == Status::busy);
    CHECK(told(trio, get_of(trio, 2, 201, 201)) == Status::ok);
    CHECK(told(trio, get_of(trio, 1, 105, 102)) == Status::ok);
    CHECK(told(trio, get_of(trio, 1, 106, 103)) == Status::ok);
    // One alone may be longer than that.
    run(trio, a, "set l " + std::string(60'000, 'v'));
    CHECK(told(trio, get_of(trio, 3, 301, 301, "get l")) == Status::busy);
    CHECK(told(trio, get_of(trio, 1, 107, 107, "get n")) == Status::ok);
    CHECK(told(trio, get_of(trio, 2, 202, 202, "get n")) == Status::ok);
    CHECK(told(trio, get_of(trio, 3, 302, 302, "get l")) == Status::ok);
}

TEST_CASE("long answers have a bound in all partitions together", "[replication]") {
    Trio trio(3, 3, [](ReplicationConfig& config) {
        with_lines(config);
        config.all_long_remembered_max = 400;
    });
    run(trio, a, "set k " + std::string(20'000, 'v'));
    CHECK(told(trio, get_of(trio, 1, 101, 101)) == Status::ok);
    CHECK(told(trio, get_of(trio, 2, 201, 201)) == Status::busy);
    CHECK(told(trio, get_of(trio, 1, 102, 102)) == Status::ok);
}

TEST_CASE("a program that adds to a full store is refused, one that does not is executed",
          "[replication]") {
    Trio trio(3, 3, [](ReplicationConfig& config) {
        with_lines(config);
        config.memory_max = 100'000;
    });
    run(trio, a, "set k " + std::string(90'000, 'v'));
    const std::string more(20'000, 'w');
    const auto status_of = [&](const std::string& text) {
        const auto sequence = trio.ask(a, program(trio, text));
        trio.deliver();
        return trio.status(sequence);
    };
    CHECK(status_of("set other " + more) == Status::full);
    CHECK(status_of("set n 1\nset other " + more) == Status::full);
    CHECK(run(trio, a, "set k " + more) == "ok;");
    CHECK(run(trio, a, "set other " + more) == "ok;");
    CHECK(query(trio, a, "get n") == "-;");
}

TEST_CASE("a program names its partition by a slot or a key, and touches no other",
          "[replication]") {
    // Of one partition everything is in it; the check of keys is seen with more (sim, e2e).
    Trio trio(3, 3, with_lines);
    Request counted = program(trio, "count", OperationKind::query);
    counted.slot = 16383;
    CHECK(trio.reply(trio.ask(a, counted))->value == "0;");
}
