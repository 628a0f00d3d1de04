// Histories of programs: what they did to a group of keys is judged by their answers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "command/program.h"
#include "effort.h"
#include "history/builders.h"
#include "history/linearizability.h"
#include "history/program_model.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

using Words = std::vector<std::string>;

std::string program(const std::vector<Words>& commands, bool atomic = false) {
    command::Program program;
    program.atomic = atomic;
    for (const Words& words : commands) {
        program.commands.push_back({.args = {words.begin(), words.end()}});
    }
    return command::encode(program);
}

Op run(const std::vector<Words>& commands, std::string reply, Span span,
       RecordKind kind = RecordKind::run) {
    Op op = operation(kind, std::move(reply), span, RecordOutcome::done);
    op.program = program(commands);
    return op;
}

Op incr(int answer, Span span) {
    return run({{"INCR", "n"}}, ":" + std::to_string(answer) + "\r\n", span);
}
Op lost_incr(std::int64_t called_s) {
    return static_cast<const Op&>(run({{"INCR", "n"}}, "", {called_s, never})).unknown();
}
Op count(const std::string& number, Span span) {
    return run({{"GET", "n"}}, "$" + std::to_string(number.size()) + "\r\n" + number + "\r\n", span,
               RecordKind::query);
}

Verdict judge(const History& history) {
    return check_linearizable(history).verdict;
}

constexpr auto good = Verdict::linearizable;
constexpr auto bad = Verdict::violated;

// One of few programs; values that are written are unique.
std::pair<std::string, bool> draw(Rng& rng, int i) {
    const std::string token = "v" + std::to_string(i);
    switch (rng.below(8)) {
        case 0:
            return {program({{"INCR", "n"}}), false};
        case 1:
            return {program({{"INCR", "n"}, {"INCRBY", "m", "2"}}, true), false};
        case 2:
            return {program({{"APPEND", "log", token + std::string(rng.below(60), '.')}}), false};
        case 3:
            return {program({{"MSET", "x", token, "y", token}}), false};
        case 4:
            return {program({{"SET", "x", token, "NX", "GET"}}), false};
        case 5:
            return {program({{"GETDEL", "x"}}), false};
        case 6:
            return {program({{"MGET", "n", "m", "x", "y"}}), true};
        default:
            return {program({{"GET", "log"}}), true};
    }
}

struct Planned {
    Op op;
    Time effect;
};

// The answers of a group that is right.
History good_history(Rng& rng, std::size_t clients, int operations, std::uint64_t unknown_percent) {
    std::vector<Planned> plans;
    std::vector<Time> free(clients);
    for (int i = 0; i < operations; ++i) {
        const std::size_t client = rng.below(clients);
        auto [bytes, reads] = draw(rng, i);
        Planned planned;
        planned.op =
            operation(reads ? RecordKind::query : RecordKind::run, "", {0, 1}, RecordOutcome::done);
        planned.op.program = bytes;
        planned.op.client = client;
        planned.op.called = free[client] + rng.between(1us, 50us);
        planned.effect = planned.op.called + rng.between(1us, 100us);
        planned.op.returned = planned.effect + rng.between(1us, 100us);
        free[client] = planned.op.returned;
        if (rng.chance(unknown_percent, 100)) {
            planned.op.outcome = RecordOutcome::unknown;
            planned.effect = rng.chance(1, 2) ? planned.effect + rng.between(0us, 2ms) : never;
        }
        plans.push_back(planned);
    }
    std::ranges::stable_sort(plans, {}, &Planned::effect);
    ModelContents contents;
    History history;
    std::uint64_t counter = 0;
    for (Planned& planned : plans) {
        if (planned.effect != never) {
            const std::string reply = execute_on_model(contents, planned.op.program);
            const bool is_query = planned.op.kind == RecordKind::query;
            if (!is_query) ++counter;
            if (planned.op.outcome == RecordOutcome::done) {
                planned.op.value = reply;
                planned.op.version = {Epoch{1}, counter};
            }
        }
        history.push_back(planned.op);
    }
    return history;
}

bool explains(const std::vector<const OperationRecord*>& order) {
    ModelContents contents;
    return std::ranges::all_of(order, [&](const OperationRecord* record) {
        const std::string reply = execute_on_model(contents, record->program);
        return record->outcome == RecordOutcome::unknown || reply == record->value;
    });
}

bool in_time(const std::vector<const OperationRecord*>& order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t later = i + 1; later < order.size(); ++later) {
            const OperationRecord& other = *order[later];
            if (other.outcome == RecordOutcome::done && other.returned < order[i]->called) {
                return false;
            }
        }
    }
    return true;
}

// Every order of every subset of the unknown ones.
bool dumb_verdict(const History& history) {
    std::vector<const OperationRecord*> unknown;
    std::vector<const OperationRecord*> known;
    for (const auto& op : history) {
        (op.outcome == RecordOutcome::unknown ? unknown : known).push_back(&op);
    }
    for (std::size_t subset = 0; subset < (1U << unknown.size()); ++subset) {
        auto order = known;
        for (std::size_t i = 0; i < unknown.size(); ++i) {
            if ((subset >> i & 1) != 0) order.push_back(unknown[i]);
        }
        std::ranges::sort(order);
        do {
            if (in_time(order) && explains(order)) return true;
        } while (std::next_permutation(order.begin(), order.end()));
    }
    return false;
}

// Gives one answer to another operation of the same kind.
void swap_answers(History& history, Rng& rng) {
    const std::size_t first = rng.below(history.size());
    for (OperationRecord& other : history) {
        if (other.outcome != RecordOutcome::done || other.value.empty()) continue;
        if (other.program.substr(0, 12) != history[first].program.substr(0, 12)) continue;
        std::swap(other.value, history[first].value);
        if (rng.chance(1, 2)) return;
    }
}

}  // namespace

TEST_CASE("a counter ends at what was acknowledged, and at most what is unknown", "[history]") {
    CHECK(judge({incr(1, {1, 2}), incr(2, {3, 4}), count("2", {5, 6})}) == good);
    CHECK(judge({incr(1, {1, 2}), incr(2, {3, 4}), count("1", {5, 6})}) == bad);
    CHECK(judge({incr(1, {1, 2}), incr(2, {3, 4}), count("3", {5, 6})}) == bad);
    CHECK(judge({incr(1, {1, 2}), incr(1, {3, 4})}) == bad);  // done twice, once lost
    CHECK(judge({incr(2, {1, 9}), incr(1, {1, 9})}) == good);
    // Two of unknown fate: none, one or both, and no more.
    for (const char* const number : {"1", "2", "3"}) {
        CHECK(judge({incr(1, {1, 2}), lost_incr(1), lost_incr(1), count(number, {5, 6})}) == good);
    }
    CHECK(judge({incr(1, {1, 2}), lost_incr(1), lost_incr(1), count("4", {5, 6})}) == bad);
    // Not before it was asked, and not undone.
    CHECK(judge({count("1", {1, 2}), lost_incr(3)}) == bad);
    CHECK(judge({lost_incr(1), count("1", {2, 3}),
                 run({{"GET", "n"}}, "_\r\n", {4, 5}, RecordKind::query)}) == bad);
}

TEST_CASE("a program that failed without effect is never seen", "[history]") {
    Op failed = lost_incr(1);
    failed.outcome = RecordOutcome::no_effect;
    CHECK(judge({failed, incr(1, {2, 3})}) == good);
    CHECK(judge({failed, incr(2, {2, 3})}) == bad);
}

TEST_CASE("all of a batch takes effect at one moment", "[history]") {
    const auto both = [](const std::string& x, const std::string& y, Span span) {
        const auto bulk = [](const std::string& value) {
            return value.empty() ? std::string("_\r\n")
                                 : "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
        };
        return run({{"MGET", "x", "y"}}, "*2\r\n" + bulk(x) + bulk(y), span, RecordKind::query);
    };
    const auto mset = [](const std::string& value, Span span) {
        return run({{"MSET", "x", value, "y", value}}, "+OK\r\n", span);
    };
    CHECK(judge({mset("a", {1, 9}), both("", "", {2, 3}), both("a", "a", {4, 5})}) == good);
    CHECK(judge({mset("a", {1, 9}), both("a", "", {2, 3})}) == bad);
    const Op lost = static_cast<const Op&>(mset("b", {1, never})).unknown();
    CHECK(judge({mset("a", {1, 2}), lost, both("b", "b", {3, 4})}) == good);
    CHECK(judge({mset("a", {1, 2}), lost, both("a", "b", {3, 4})}) == bad);
}

TEST_CASE("versions of programs and queries go forwards", "[history]") {
    CHECK(judge({incr(1, {1, 9}).with_version(5), incr(2, {1, 9}).with_version(6),
                 count("2", {1, 9}).with_version(6)}) == good);
    CHECK(judge({incr(1, {1, 9}).with_version(6), incr(2, {1, 9}).with_version(5)}) == bad);
    CHECK(judge({incr(1, {1, 2}).with_version(6), count("1", {3, 4}).with_version(5)}) == bad);
}

TEST_CASE("the search agrees with the dumb model on small histories of programs", "[history]") {
    std::size_t violated = 0;
    const std::uint64_t seeds = effort(1500, 300);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Rng rng(seed);
        History history = good_history(rng, 3, 6, 35);
        if (seed % 2 == 0) {
            for (OperationRecord& record : history) record.version = {};
        }
        REQUIRE(check_linearizable(history).verdict == good);
        if (seed % 3 != 0) {
            for (OperationRecord& record : history) record.version = {};
            swap_answers(history, rng);
        }
        const bool expected = dumb_verdict(history);
        const HistoryVerdict verdict = check_linearizable(history);
        INFO("seed " << seed << ": " << verdict.explanation);
        REQUIRE((verdict.verdict == good) == expected);
        violated += expected ? 0 : 1;
    }
    CHECK(violated > seeds / 20);
}

TEST_CASE("long histories of programs are judged in a few steps each", "[history]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng(seed);
        const History history = good_history(rng, 6, 600, seed % 4);
        const HistoryVerdict verdict = check_linearizable(history);
        INFO("seed " << seed << ": " << verdict.explanation);
        REQUIRE(verdict.verdict == good);
        CHECK(verdict.steps < 100 * history.size());
    }
}

TEST_CASE("a key that may expire is there or gone, and gone for good", "[history]") {
    const auto brief = [](std::string value, Span span) {
        Op op = put(std::move(value), span);
        op.expires_after = 2s;
        return op;
    };
    CHECK(judge({brief("a", {1, 2}), get("a", {3, 4}), get_absent({5, 6})}) == good);
    CHECK(judge({brief("a", {1, 2}), get("a", {3, 9})}) == good);
    CHECK(judge({brief("a", {1, 2}), get_absent({5, 6}), get("a", {7, 8})}) == bad);
    // Not before its time.
    Op longer = put("a", {1, 2});
    longer.expires_after = 20s;
    CHECK(judge({longer, get_absent({3, 4})}) == bad);
    CHECK(judge({longer, get_absent({22, 23})}) == good);
    // What was written over it stays.
    CHECK(judge({brief("a", {1, 2}).with_version(1), put("b", {3, 4}).with_version(2),
                 get_absent({9, 10})}) == bad);
}

TEST_CASE("programs and what they answer are told in words", "[history]") {
    CHECK(program_text(program({{"INCR", "n"}, {"APPEND", "log", "x"}}, true)) ==
          "atomic: INCR n; APPEND log x");
    CHECK(program_text("\x02") == "no program");
    CHECK(reply_text("*2\r\n:1\r\n$3\r\nabc\r\n_\r\n+OK\r\n") == "[:1 $abc] _ +OK");
    CHECK(reply_text("$3\r\na") == "$a");
    CHECK(to_string(incr(2, {1, 2})) ==
          "run [INCR n] = :2 (0.0) by client 0, 1.000000 s to 2.000000 s: done");
}
