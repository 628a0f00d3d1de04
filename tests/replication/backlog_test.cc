// Requests that had to wait: executed in order, and so much in a turn.
#include <catch2/catch.hpp>

#include <algorithm>

#include "replication/lines.h"
#include "replication/replication.h"
#include "replication/trio.h"

using namespace grapevine;

namespace {

const Lines lines;

struct Counted final : Interpreter {
    std::optional<std::string> execute(std::string_view program,
                                       command::Keys& keys) const override {
        ++programs;
        return lines.execute(program, keys);
    }
    void execute(std::span<const std::string_view> command, command::Keys& keys,
                 command::Reply& reply) const override {
        lines.execute(command, keys, reply);
    }
    mutable int programs = 0;
};

void with_lines(ReplicationConfig& config) {
    config.interpreter = &lines;
}

Request program(Trio& trio, const std::string& text, OperationKind kind = OperationKind::run) {
    return trio.request(kind, "", text);
}

// At its primary, by all copies.
void set(Trio& trio, const std::string& what) {
    const auto sequence = trio.ask(a, program(trio, "set " + what));
    trio.deliver();
    REQUIRE(trio.status(sequence) == Status::ok);
}

}  // namespace

// As many as wait for a primary that took over would keep its node from all else.
TEST_CASE("what waited is executed in order, and so much in a turn", "[replication]") {
    Trio trio(3, 3, [](ReplicationConfig& config) {
        with_lines(config);
        config.waiting_steps_turn = 5000;
    });
    set(trio, "k v");
    trio.kill(a);
    trio.change({.evicted = {a}});
    std::vector<std::uint64_t> asked;
    for (const char digit : std::string("12345678")) {
        asked.push_back(trio.ask(b, program(trio, std::string("set last ") + digit)));
    }
    const auto later = trio.ask(b, program(trio, "get k", OperationKind::query));
    const auto answered = [&] {
        return std::ranges::count_if(asked, [&](auto each) { return trio.reply(each) != nullptr; });
    };
    trio.deliver();
    while (!trio.serves(b)) trio.run_for(1ms);
    // What it could not do yet, it looks at again at once.
    CHECK(answered() > 0);
    CHECK(answered() < 8);
    CHECK(trio.reply(later) == nullptr);
    CHECK(trio.peer(b).replication.next_deadline() <= trio.now);
    // Who comes meanwhile comes after them.
    const auto last = trio.ask(b, program(trio, "get last"));
    const auto put = trio.put(b, "k", "w");
    CHECK(trio.reply(last) == nullptr);
    trio.run_for(10ms);
    CHECK(answered() == 8);
    CHECK(trio.reply(later)->value == "v;");
    CHECK(trio.reply(last)->value == "8;");
    CHECK(trio.status(put) == Status::ok);
    CHECK(trio.peer(b).replication.next_deadline() > trio.now);
}

// Three requests of a turn's work each.
TEST_CASE("what waits for an erasure is not executed meanwhile", "[replication]") {
    const Counted counting;
    Trio trio(3, 3, [&](ReplicationConfig& config) {
        config.interpreter = &counting;
        config.waiting_steps_turn = 1;
        config.sweep_delay = 10s;
    });
    constexpr std::int64_t unix_ms = 1'800'000'000'000;
    for (const std::uint64_t id : {1, 2, 3}) trio.set_wall(NodeId{id}, unix_ms);
    set(trio, "k v " + std::to_string(unix_ms + 10));
    trio.run_for(20ms);
    std::vector<std::uint64_t> asked;
    for (int i = 0; i < 3; ++i) {
        asked.push_back(trio.ask(a, program(trio, "get k", OperationKind::query)));
    }
    counting.programs = 0;
    // The copies say nothing.
    for (int i = 0; i < 20; ++i) {
        trio.now += 1ms;
        if (trio.peer(a).replication.next_deadline() <= trio.now) {
            trio.peer(a).replication.tick(trio.now);
        }
        trio.collect(a);
    }
    CHECK(counting.programs == 0);
    trio.run_for(5ms);
    for (const auto each : asked) CHECK(trio.reply(each)->value == "-;");
}

TEST_CASE("who waits in a backlog when the lease ends is told so after the usual time",
          "[replication]") {
    Trio trio(3, 3, [](ReplicationConfig& config) {
        with_lines(config);
        config.waiting_steps_turn = 1;
    });
    set(trio, "k v");
    trio.peer(a).lease_until = trio.now;
    std::vector<std::uint64_t> asked;
    for (int i = 0; i < 5; ++i) asked.push_back(trio.ask(a, program(trio, "get k")));
    trio.peer(a).lease_until = trio.now + 3ms;
    trio.peer(a).replication.lease_renewed(trio.now);
    trio.collect(a);
    CHECK(trio.peer(a).replication.next_deadline() <= trio.now);
    // One of them is executed in each turn.
    trio.run_for(2ms);
    const auto last = trio.ask(a, program(trio, "get k"));
    CHECK(trio.reply(asked[0]) != nullptr);
    CHECK(trio.reply(asked[4]) == nullptr);
    trio.run_for(3ms);
    CHECK(trio.peer(a).replication.next_deadline() > trio.now);
    CHECK(trio.reply(last) == nullptr);
    trio.run_for(trio.config.patience);
    CHECK(trio.status(last) == Status::no_lease);
    CHECK(trio.status(asked[4]) == Status::no_lease);
    CHECK_FALSE(trio.peer(a).replication.overloaded());
}
