#pragma once
// Is there an order of the operations, each taking effect at one moment between its call and its
// return, that explains every answer? Keys are independent registers, so each is judged alone
// (Herlihy and Wing 1990: linearizability is local).
//
// Wing and Gong's search (1993) with Lowe's memoisation (2017) of (which operations have taken
// effect, state of the register). Instead of the set itself the memo keeps 128 bits of its Zobrist
// hash: one step costs the same however long the history is, and two sets out of a billion share a
// hash with a probability below 2^-60.
//
// Versions are judged too: what is read has the version that was told for its write, and versions
// grow along the order.
//
// The search is exponential in the worst case, so it has a budget; `undecided` is a result of its
// own, which callers treat as a failure.

#include <cstddef>
#include <cstdint>
#include <string>

#include "history/record.h"

namespace grapevine {

struct CheckBudget {
    // For each key. Right histories take a few steps for each operation; two million take some
    // seconds and 200 MB of memo.
    std::uint64_t steps_max = 2'000'000;
};

enum class Verdict : std::uint8_t { linearizable, violated, undecided };

struct HistoryVerdict {
    Verdict verdict = Verdict::linearizable;
    std::string key;          // the one that is violated or undecided
    std::string explanation;  // for a person; empty where linearizable
    std::uint64_t steps = 0;  // of all keys judged
};

// The first key (in byte order) that is not linearizable, or else the first undecided one.
HistoryVerdict check_linearizable(const History& history, const CheckBudget& budget = {});

}  // namespace grapevine
