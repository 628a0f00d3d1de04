// Random histories: made from a register that is right, then broken; and small ones judged by a
// dumb model as well, which tries every order.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
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

    // The last read that saw a value sees the first put instead. Without a version the search would
    // have to try every order of all that went before.
    const auto first = std::find_if(history.begin(), history.end(), [](const auto& op) {
        return op.kind == RecordKind::put && op.outcome == RecordOutcome::done;
    });
    const auto last = std::find_if(history.rbegin(), history.rend(), [](const auto& op) {
        return op.kind == RecordKind::get && op.outcome == RecordOutcome::done;
    });
    last->value = first->value;
    last->version = Version{};
    CHECK(check_linearizable(history, {.steps_max = 100'000}).verdict == Verdict::undecided);
    last->version = first->version;
    const HistoryVerdict stale = check_linearizable(history);
    CHECK(stale.verdict == Verdict::violated);
    CHECK(stale.explanation.find(first->value) != std::string::npos);
}
