#pragma once
// The sentences that a client gives with its outcomes: what happened and what to do. Part of the
// client core.

#include <string>
#include <vector>

#include "base/address.h"
#include "client/client.h"
#include "client/pending.h"
#include "ring/ring.h"

namespace grapevine {

// What is wrong with the operation; empty: nothing.
std::string operation_defect(const Operation& operation);

// An outcome that no server gave.
Outcome without_answer(OutcomeKind kind, std::string detail);

struct Circumstances {
    std::vector<Address> seeds;
    std::string primary;     // "server3 (127.0.0.1:7003)"; empty: not known
    std::string last_error;  // what a server said about our bytes; empty: nothing
};

// The operation ends without an answer, `unavailable` or `unknown`.
std::string explain_no_answer(const Pending& pending, const Circumstances& circumstances);
// No copy of its partition is up in the ring of that epoch, of which `ring` may be a predecessor.
std::string explain_down(const Pending& pending, const Entry& entry, const Ring& ring, Epoch epoch);
// Unavailable: the primary has no memory for what the write would add.
Outcome full(const std::string& primary);
// Its write may have been executed, and a refusal cannot tell.
std::string explain_unknown_refusal(const Pending& pending, Status refusal);

}  // namespace grapevine
