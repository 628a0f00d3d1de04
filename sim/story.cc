#include "sim/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "sim/ring_words.h"

namespace grapevine::sim {

Story::Story(const RunPlan& plan, Tell tell, bool verbose)
    : plan_(plan), tell_(std::move(tell)), verbose_(verbose) {}

void Story::say(const Cluster& cluster, const std::string& line) {
    tell_(fmt::format("{:>12}  {}", seconds(cluster.world().now()), line));
}

void Story::phase(Cluster& cluster, Phase phase) {
    switch (phase) {
        case Phase::begun:
            timeline_.emplace(cluster);
            return begun(cluster);
        case Phase::ready:
            return ready(cluster);
        case Phase::written:
            return written(cluster);
        case Phase::faults_over:
            return say(cluster, "the faults are over: what was cut heals, what stopped goes on");
        case Phase::served:
            if (is_timed_ && timeline_->is_served()) return;
            timeline_->saw_ready();
            return say(cluster, "every partition is served");
        case Phase::restored:
            if (!is_restored_) restored(cluster);
            return;
        case Phase::read_back:
            return;
    }
}

void Story::begun(const Cluster& cluster) {
    Names names;
    for (const NodeHost* host : cluster.world().alive()) names.push_back(host->name());
    say(cluster, fmt::format("{} with {} partitions, {} copies of each, come to life",
                             join_names(names), plan_.world.partitions, plan_.world.copies));
}

void Story::ready(const Cluster& cluster) {
    survives_ = deaths_survived(*cluster.world().newest_ring());
    say(cluster, fmt::format("ready: survives {} simultaneous death{}", survives_,
                             survives_ == 1 ? "" : "s"));
}

void Story::written(const Cluster& cluster) {
    std::map<std::string, std::size_t> primaries;
    for (std::size_t i = 1; i <= plan_.keys; ++i) {
        keys_.push_back(fmt::format("key{}", i));
        ++primaries[cluster.primary_of(keys_.back())];
    }
    std::vector<std::string> parts;
    for (const auto& [name, count] : primaries) parts.push_back(fmt::format("{} {}", name, count));
    say(cluster, fmt::format("{} keys inserted, {} of them overwritten; primaries: {}", plan_.keys,
                             (plan_.keys + 3) / 4, fmt::join(parts, ", ")));
}

void Story::restored(const Cluster& cluster) {
    is_restored_ = true;
    timeline_->saw_restored();
    const std::size_t copies = std::min<std::size_t>(plan_.world.copies, cluster.running().size());
    say(cluster, fmt::format("every partition has its {} {} again", copies,
                             copies == 1 ? "copy" : "copies"));
    if (is_timed_) say(cluster, "since the death: " + timeline_->summary());
}

void Story::fault(Cluster& cluster, const Fault& fault) {
    if (fault.kind != FaultKind::kill) return say(cluster, "fault: " + to_string(fault));
    say(cluster, fmt::format("{} {} killed{}", join_names(fault.names),
                             fault.names.size() == 1 ? "is" : "are",
                             fault.names.size() == 1 ? "" : " at the same instant"));
    const std::size_t survived = deaths_survived(*cluster.world().newest_ring());
    if (fault.names.size() > survived) {
        say(cluster, fmt::format("   that is beyond the promise, which covers {} now", survived));
    }
    timeline_->begin(fault.names);
    is_timed_ = true;
    is_restored_ = false;
}

void Story::ring(Cluster& cluster, const RingPtr& ring) {
    timeline_->saw_ring(*ring);
    if (last_ring_ != nullptr) {
        for (const auto& line : describe_change(cluster.world(), *last_ring_, *ring, keys_)) {
            say(cluster, line);
        }
    }
    last_ring_ = ring;
}

void Story::message(Cluster& cluster, const NodeHost&, const Envelope& envelope) {
    look(cluster);
    const bool was = timeline_->is_detected();
    timeline_->saw_message(envelope);
    if (!was && timeline_->is_detected()) {
        say(cluster, cluster.world().name_of(envelope.from) + " tells the others who is gone");
    }
}

// After a death, how far it is, to the millisecond.
void Story::look(Cluster& cluster) {
    const Time now = cluster.world().now();
    if (!is_timed_ || is_restored_ || now < looked_at_ + 1ms) return;
    looked_at_ = now;
    if (!timeline_->is_agreed() || !cluster.is_ready()) return;
    if (!timeline_->is_served()) {
        timeline_->saw_ready();
        say(cluster, "every partition is served");
    }
    if (cluster.is_restored()) restored(cluster);
}

void Story::says(Cluster& cluster, const NodeHost& host, const LogLine& line) {
    if (verbose_) say(cluster, fmt::format("   {}: {}", host.name(), line.text));
}

void Story::ended(Cluster& cluster, const History& history, const RunOutcome& outcome) {
    say(cluster,
        fmt::format("{} of {} keys read their latest value", outcome.keys_right, plan_.keys));
    if (outcome.beyond != 0) {
        say(cluster, "more died than the promise covers: only false answers count");
    }
    if (outcome.rule == to_string(Rule::linearizable) || outcome.rule == to_string(Rule::decided)) {
        return;
    }
    say(cluster, fmt::format("{} clients had {} operations in all, {} of the load answered: their "
                             "history is linearizable",
                             plan_.load.clients + 1, history.size(), outcome.answered));
}

}  // namespace grapevine::sim
