#pragma once
// One suspicion of one member in one incarnation: who holds it, and when it turns into a verdict
// (Lifeguard, LHA-Suspicion). Bounded: only the first `confirmations` observers after the first are
// remembered of each kind of evidence.

#include <cstddef>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "swim/messages.h"

namespace grapevine {

struct SuspicionLimits {
    Duration min;
    Duration max;
    std::size_t confirmations;  // independent ones that shrink max to min
};

// max - (max - min) * log(confirmations + 1) / log(limits.confirmations + 1), in integers.
Duration suspicion_time(const SuspicionLimits& limits, std::size_t confirmations);

class Suspicion {
public:
    Suspicion(const SuspicionLimits& limits, Time started) : limits_(limits), started_(started) {}

    // True where this is news that is worth spreading: an observer or a kind of evidence not yet
    // known, and not too many known already.
    bool confirm(NodeId observer, Evidence evidence);

    void restart(Time now) { started_ = now; }
    [[nodiscard]] Time started() const { return started_; }

    // When the verdict is due, for an observer that has counted silence since `silent_from`.
    [[nodiscard]] Time expiry(Time silent_from) const;

    [[nodiscard]] bool gone_for_other_than(NodeId self) const;
    [[nodiscard]] std::size_t observers() const;

private:
    SuspicionLimits limits_;
    Time started_;
    std::vector<NodeId> silent_for_;
    std::vector<NodeId> gone_for_;
};

}  // namespace grapevine
