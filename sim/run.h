#pragma once
// One run: a cluster comes to life, keys are written, clients work while faults strike; then the
// faults end and the cluster has to become whole within a stated time; everything is read back, all
// copies are compared, and the whole history is judged. Oracles watch all the while (sim/checks.h,
// sim/commits.h, sim/availability.h, sim/convergence.h).

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "history/record.h"
#include "sim/cluster.h"
#include "sim/event_log.h"
#include "sim/outcome.h"
#include "sim/run_plan.h"

namespace grapevine::sim {

// From the end of the faults until the cluster is whole: failures are noticed in under a second,
// joins wait for a back-off of some seconds, copying 1,024 partitions takes some rings, and more of
// them as many more.
constexpr Duration convergence_max(std::uint32_t partitions) {
    return 30s * std::max<std::uint32_t>(1, partitions / 1024);
}

enum class Phase : std::uint8_t {
    begun,        // processes start
    ready,        // one ring, everything served
    written,      // the keys
    faults_over,  // healed and resumed, the dead replaced
    served,       // every partition again
    restored,     // every partition has its copies
    read_back,    // all keys
};

// Somebody who looks on: the story, the life of a key. Nothing that it does changes the run.
class RunWatcher {
public:
    virtual ~RunWatcher() = default;
    // False: message(), answer() and says() are not for it, which makes the run faster.
    [[nodiscard]] virtual bool wants_all() const { return true; }
    virtual void phase(Cluster&, Phase) {}
    virtual void fault(Cluster&, const Fault&) {}
    // Of the time of faults so much is over; some hundred times, in equal steps.
    virtual void passed(Duration /*over*/, Duration /*whole*/) {}
    // More die of the fault than the promise covers at that moment, which is so many.
    virtual void beyond(Cluster&, std::size_t /*covered*/) {}
    // The operator who founds clusters anew, in a sentence.
    virtual void operator_says(Cluster&, const std::string& /*sentence*/) {}
    // The first time that anybody adopts it.
    virtual void ring(Cluster&, const RingPtr&) {}
    virtual void message(Cluster&, const NodeHost&, const Envelope&) {}
    virtual void answer(Cluster&, const NodeHost&, const Request&, const Reply&) {}
    virtual void says(Cluster&, const NodeHost&, const LogLine&) {}
    virtual void ended(Cluster&, const History&, const RunOutcome&) {}
};

// `trace` hears every event.
RunOutcome run(const RunPlan& plan, const std::vector<RunWatcher*>& watchers = {},
               EventLog::Sink trace = {});

}  // namespace grapevine::sim
