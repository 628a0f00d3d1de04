#pragma once
// The life of one key: every operation on it with client, begin, end and outcome; every message
// that carries it or the replication of its partition, with sender, receiver, version and epoch;
// every change of its entry in the ring. Collected during a run, told in the order of time.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/run.h"
#include "sim/story.h"

namespace grapevine::sim {

class Explain final : public RunWatcher {
public:
    Explain(std::string key, Tell tell) : key_(std::move(key)), tell_(std::move(tell)) {}

    void operator_says(Cluster& cluster, const std::string& sentence) override;
    void fault(Cluster& cluster, const Fault& fault) override;
    void ring(Cluster& cluster, const RingPtr& ring) override;
    void message(Cluster& cluster, const NodeHost& host, const Envelope& envelope) override;
    void answer(Cluster& cluster, const NodeHost& host, const Request& request,
                const Reply& reply) override;
    // Why nothing was told; empty: it was.
    [[nodiscard]] const std::string& complaint() const { return complaint_; }
    void ended(Cluster& cluster, const History& history, const RunOutcome& outcome) override;

private:
    void note(Time time, std::string line) { lines_.emplace_back(time, std::move(line)); }
    void add_operation(const OperationRecord& record);

    std::string key_;
    Tell tell_;
    std::string complaint_;
    RingPtr last_ring_;  // null: no ring yet
    std::vector<std::pair<Time, std::string>> lines_;
};

}  // namespace grapevine::sim
