// Random histories: made from a register that is right, then broken; and small ones judged by a
// dumb model as well, which tries every order.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "effort.h"
#include "history/builders.h"
#include "history/linearizability.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

struct Shape {
    std::size_t clients = 4;
    std::size_t operations = 50;
    std::uint64_t unknown_percent = 5;
    bool with_versions = true;
};

// Each client has one operation after the other; each takes effect at a random moment inside.
struct Plan {
    Op op;
    Time effect;
};

std::vector<Plan> draw_plan(Rng& rng, const Shape& shape) {
    std::vector<Plan> plans;
    std::vector<Time> free(shape.clients, Time{});
    for (std::size_t i = 0; i < shape.operations; ++i) {
        const std::size_t client = rng.below(shape.clients);
        Plan plan;
        plan.op = rng.chance(1, 2) ? get("", {0, 1}) : put(std::to_string(i), {0, 1});
        if (rng.chance(1, 8)) plan.op = erase({0, 1});
        plan.op.client = client;
        plan.op.called = free[client] + rng.between(1us, 50us);
        plan.effect = plan.op.called + rng.between(1us, 100us);
        plan.op.returned = plan.effect + rng.between(1us, 100us);
        free[client] = plan.op.returned;
        if (rng.chance(shape.unknown_percent, 100)) {
            plan.op.outcome = RecordOutcome::unknown;
            plan.effect = rng.chance(1, 2) ? plan.effect + rng.between(0us, 2ms) : never;
        }
        plans.push_back(plan);
    }
    std::stable_sort(plans.begin(), plans.end(),
                     [](const Plan& a, const Plan& b) { return a.effect < b.effect; });
    return plans;
}

// The answers of a register that is right.
History good_history(std::uint64_t seed, const Shape& shape) {
    Rng rng(seed);
    std::optional<Op> there;
    std::uint64_t counter = 0;
    History history;
    for (Plan& plan : draw_plan(rng, shape)) {
        Op& op = plan.op;
        const bool answered = op.outcome != RecordOutcome::unknown;
        if (plan.effect != never && op.kind == RecordKind::get && answered) {
            op.outcome = there ? RecordOutcome::done : RecordOutcome::absent;
            if (there) op.value = there->value;
            if (there && shape.with_versions) op.version = there->version;
        } else if (plan.effect != never && op.kind != RecordKind::get) {
            Op written = op.with_version(++counter);
            if (answered && shape.with_versions) op = written;
            if (answered && op.kind == RecordKind::erase && !there) {
                op.outcome = RecordOutcome::absent;
            }
            there = op.kind == RecordKind::put ? std::optional(written) : std::nullopt;
        }
        history.push_back(op);
    }
    return history;
}

// The dumb model: every order of every subset of the unknown operations.
bool explains(const std::vector<const OperationRecord*>& order) {
    std::string value;
    bool there = false;
    for (const OperationRecord* op : order) {
        const bool answered = op->outcome != RecordOutcome::unknown;
        if (op->kind == RecordKind::get && answered) {
            if (there != (op->outcome == RecordOutcome::done)) return false;
            if (there && value != op->value) return false;
        }
        if (op->kind == RecordKind::erase && answered) {
            if (there != (op->outcome == RecordOutcome::done)) return false;
        }
        if (op->kind == RecordKind::get) continue;
        there = op->kind == RecordKind::put;
        value = op->value;
    }
    return true;
}

bool in_time(const std::vector<const OperationRecord*>& order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t later = i + 1; later < order.size(); ++later) {
            if (order[later]->outcome != RecordOutcome::unknown &&
                order[later]->returned < order[i]->called) {
                return false;
            }
        }
    }
    return true;
}

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
        std::sort(order.begin(), order.end());
        do {
            if (in_time(order) && explains(order)) return true;
        } while (std::next_permutation(order.begin(), order.end()));
    }
    return false;
}

// Replaces the answer of one read by another value that some put wrote.
bool break_one_read(History& history, Rng& rng) {
    std::vector<std::size_t> reads;
    std::vector<std::string> written;
    for (std::size_t i = 0; i < history.size(); ++i) {
        if (history[i].outcome != RecordOutcome::done) continue;
        if (history[i].kind == RecordKind::get) reads.push_back(i);
        if (history[i].kind == RecordKind::put) written.push_back(history[i].value);
    }
    if (reads.empty() || written.empty()) return false;
    history[reads[rng.below(reads.size())]].value = written[rng.below(written.size())];
    return true;
}

}  // namespace

TEST_CASE("what a right register answers is linearizable", "[history]") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const Shape shape{.clients = 1 + seed % 8,
                          .operations = 60,
                          .unknown_percent = seed % 4 * 5,
                          .with_versions = seed % 3 != 0};
        const HistoryVerdict verdict = check_linearizable(good_history(seed, shape));
        INFO("seed " << seed << ": " << verdict.explanation);
        REQUIRE(verdict.verdict == Verdict::linearizable);
    }
}

TEST_CASE("the search agrees with the dumb model on small histories", "[history]") {
    std::size_t violated = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        Rng rng(seed);
        History history = good_history(
            seed, {.clients = 3, .operations = 6, .unknown_percent = 20, .with_versions = false});
        if (seed % 4 != 0) break_one_read(history, rng);
        const bool expected = dumb_verdict(history);
        const HistoryVerdict verdict = check_linearizable(history);
        INFO("seed " << seed << ": " << verdict.explanation);
        REQUIRE((verdict.verdict == Verdict::linearizable) == expected);
        violated += expected ? 0 : 1;
    }
    CHECK(violated > 60);  // both verdicts were exercised
}

TEST_CASE("long histories are judged, and one stale read in them is found", "[history]") {
    const Shape shape{.clients = 16, .operations = 20'000, .unknown_percent = 1};
    History history = good_history(5, shape);
    const HistoryVerdict fine = check_linearizable(history);
    INFO(fine.explanation);
    REQUIRE(fine.verdict == Verdict::linearizable);
    CHECK(fine.steps < 10 * history.size());

    // The last read that saw a value sees the first put instead.
    const auto first = std::find_if(history.begin(), history.end(), [](const auto& op) {
        return op.kind == RecordKind::put && op.outcome == RecordOutcome::done;
    });
    const auto last = std::find_if(history.rbegin(), history.rend(), [](const auto& op) {
        return op.kind == RecordKind::get && op.outcome == RecordOutcome::done;
    });
    last->value = first->value;
    last->version = Version{};
    // Its write was told a version, so that of the read is known.
    CHECK(check_linearizable(history, {.steps_max = 100'000}).verdict == Verdict::violated);
    last->version = first->version;
    const HistoryVerdict stale = check_linearizable(history);
    CHECK(stale.verdict == Verdict::violated);
    CHECK(stale.explanation.find(first->value) != std::string::npos);
}

namespace {

// Alternates between keys, so that each has its share.
History many_keys(std::uint64_t seed, std::size_t keys, const Shape& shape) {
    History all;
    for (std::size_t i = 0; i < keys; ++i) {
        History one = good_history(seed + i, shape);
        for (OperationRecord& record : one) {
            record.key = "key" + std::to_string(i);
            record.client += i * shape.clients;
        }
        all.insert(all.end(), one.begin(), one.end());
    }
    return all;
}

// Every way to break one answered operation that a replicated store has been seen to do.
enum class Fault { lost_write, stale_read, doubled_erase, old_version, phantom };

// False: the history has no place for it.
bool break_it(History& history, Fault fault) {
    std::vector<std::size_t> puts;
    std::vector<std::size_t> reads;
    for (std::size_t i = history.size() / 2; i < history.size(); ++i) {
        if (history[i].outcome != RecordOutcome::done) continue;
        if (history[i].kind == RecordKind::put) puts.push_back(i);
        if (history[i].kind == RecordKind::get) reads.push_back(i);
    }
    if (puts.empty() || reads.empty()) return false;
    OperationRecord& read = history[reads.back()];
    switch (fault) {
        case Fault::lost_write: {  // the last read finds nothing, though nothing was deleted since
            OperationRecord last = history[puts.back()];
            last.value = "the last";
            last.called = history.back().returned + 1s;
            last.returned = last.called + 1s;
            last.version = Version{Epoch{9}, 1};
            OperationRecord absent = last;
            absent.kind = RecordKind::get;
            absent.outcome = RecordOutcome::absent;
            absent.version = {};
            absent.called = last.returned + 1s;
            absent.returned = absent.called + 1s;
            history.push_back(last);
            history.push_back(absent);
            return true;
        }
        case Fault::stale_read:
            read.value = history[puts.front()].value;
            read.version = history[puts.front()].version;
            return history[puts.front()].returned < read.called &&
                   history[puts.front()].value != history[puts.back()].value && puts.size() > 40;
        case Fault::doubled_erase: {  // one put, two deletions that both found it
            OperationRecord put = history[puts.back()];
            put.called = history.back().returned + 10s;
            put.returned = put.called + 1s;
            put.value = "once";
            put.version = Version{Epoch{9}, 1};
            history.push_back(put);
            for (std::uint64_t counter : {2U, 3U}) {
                OperationRecord erase = put;
                erase.kind = RecordKind::erase;
                erase.called = put.returned + 1s;
                erase.returned = erase.called + 1s;
                erase.version = Version{Epoch{9}, counter};
                history.push_back(erase);
            }
            return true;
        }
        case Fault::old_version:  // what was read was told another version than its write
            read.version.counter += 100'000'000;
            return true;
        case Fault::phantom:  // nobody wrote it
            read.value = "nobody's";
            return true;
    }
    return false;
}

}  // namespace

TEST_CASE("a hundred thousand operations on one key are judged in a few steps each", "[history]") {
    for (const std::uint64_t unknown : {0U, 2U}) {
        const Shape shape{.clients = 8,
                          .operations = testing::effort(100'000, 10'000),
                          .unknown_percent = unknown};
        const History history = good_history(77 + unknown, shape);
        const HistoryVerdict verdict = check_linearizable(history);
        INFO(verdict.explanation);
        REQUIRE(verdict.verdict == Verdict::linearizable);
        CHECK(verdict.steps < 20 * history.size());
    }
}

TEST_CASE("without versions a long history with a stale read is undecided, not fine", "[history]") {
    History history = good_history(
        5, {.clients = 16, .operations = 20'000, .unknown_percent = 1, .with_versions = false});
    REQUIRE(break_it(history, Fault::stale_read));
    CHECK(check_linearizable(history, {.steps_max = 100'000}).verdict == Verdict::undecided);
}

TEST_CASE("a hundred thousand operations on many keys, and one fault in them", "[history]") {
    const Shape shape{
        .clients = 8, .operations = testing::effort(10'000, 1'000), .unknown_percent = 2};
    History history = many_keys(300, 10, shape);
    REQUIRE(check_linearizable(history).verdict == Verdict::linearizable);
    History broken = good_history(300 + 10, shape);
    REQUIRE(break_it(broken, Fault::old_version));
    for (OperationRecord& record : broken) record.key = "key7";
    std::erase_if(history, [](const auto& record) { return record.key == "key7"; });
    history.insert(history.end(), broken.begin(), broken.end());
    const HistoryVerdict verdict = check_linearizable(history);
    CHECK(verdict.verdict == Verdict::violated);
    CHECK(verdict.key == "key7");
}

TEST_CASE("each kind of fault is found in long histories, with versions", "[history]") {
    for (const Fault fault : {Fault::lost_write, Fault::stale_read, Fault::doubled_erase,
                              Fault::old_version, Fault::phantom}) {
        std::size_t broken = 0;
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            // A deletion of unknown fate would explain a lost write, a put a second deletion.
            const bool all_known = fault == Fault::lost_write || fault == Fault::doubled_erase;
            const Shape shape{
                .clients = 6, .operations = 2000, .unknown_percent = all_known ? 0 : seed % 3};
            History history = good_history(seed, shape);
            if (!break_it(history, fault)) continue;
            ++broken;
            INFO("fault " << static_cast<int>(fault) << ", seed " << seed);
            CHECK(check_linearizable(history).verdict == Verdict::violated);
        }
        CHECK(broken >= 5);
    }
}

TEST_CASE("without versions no fault passes either: it is violated or undecided", "[history]") {
    for (const Fault fault :
         {Fault::lost_write, Fault::stale_read, Fault::doubled_erase, Fault::phantom}) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const Shape shape{
                .clients = 3, .operations = 400, .unknown_percent = 0, .with_versions = false};
            History history = good_history(seed, shape);
            if (!break_it(history, fault)) continue;
            for (OperationRecord& record : history) record.version = {};
            INFO("fault " << static_cast<int>(fault) << ", seed " << seed);
            CHECK(check_linearizable(history, {.steps_max = 200'000}).verdict !=
                  Verdict::linearizable);
        }
    }
}
