#pragma once
// A run told to a person as it happens: in plain words, with virtual time stamps, how the cluster
// noticed, agreed, served and copied.

#include <functional>
#include <optional>
#include <string>

#include "sim/run.h"
#include "sim/timeline.h"

namespace grapevine::sim {

using Tell = std::function<void(const std::string& line)>;

class Story final : public RunWatcher {
public:
    // verbose: what each process says, too.
    Story(const RunPlan& plan, Tell tell, bool verbose);

    void phase(Cluster& cluster, Phase phase) override;
    void operator_says(Cluster& cluster, const std::string& sentence) override;
    void fault(Cluster& cluster, const Fault& fault) override;
    void beyond(Cluster& cluster, std::size_t covered) override;
    void ring(Cluster& cluster, const RingPtr& ring) override;
    void message(Cluster& cluster, const NodeHost& host, const Envelope& envelope) override;
    void says(Cluster& cluster, const NodeHost& host, const LogLine& line) override;
    void ended(Cluster& cluster, const History& history, const RunOutcome& outcome) override;

private:
    void say(const Cluster& cluster, const std::string& line);
    void begun(const Cluster& cluster);
    void ready(const Cluster& cluster);
    void written(const Cluster& cluster);
    void restored(const Cluster& cluster);
    void founded(const Cluster& cluster, const Ring& ring);
    void killed(Cluster& cluster, const Names& names);
    void restarted(const Cluster& cluster, Names names);
    void look(Cluster& cluster);

    RunPlan plan_;
    Tell tell_;
    bool verbose_;
    std::optional<Timeline> timeline_;
    bool is_timed_ = false;     // somebody died
    bool is_restored_ = false;  // and every partition has its copies again
    Time looked_at_;
    Names keys_;
    RingPtr last_ring_;
};

}  // namespace grapevine::sim
