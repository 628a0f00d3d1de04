#include "sim/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/hash.h"
#include "sim/ring_words.h"

namespace grapevine::sim {

namespace {

const char* are(const Names& names) {
    return names.size() == 1 ? "is" : "are";
}

}  // namespace

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
    say(cluster, fmt::format("{} with {}, {} of each, come to life", join_names(names),
                             counted(plan_.world.partitions, "partition"),
                             counted(plan_.world.copies, "copy", "copies")));
}

void Story::ready(const Cluster& cluster) {
    const std::size_t survives = deaths_survived(*cluster.world().newest_ring());
    say(cluster,
        fmt::format("ready: survives {} simultaneous death{}", survives, survives == 1 ? "" : "s"));
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
    const std::size_t wanted = plan_.world.copies;
    const std::size_t nodes = cluster.running().size();
    const std::size_t copies = std::min(wanted, nodes);
    std::string text = fmt::format("every partition has its {}", counted(copies, "copy", "copies"));
    if (copies < wanted) {
        text += fmt::format(" of {}: more cannot be on {}", wanted, counted(nodes, "node"));
    } else {
        text += " again";
    }
    say(cluster, text);
    if (is_timed_) say(cluster, "since the death: " + timeline_->summary());
}

void Story::fault(Cluster& cluster, const Fault& fault) {
    if (fault.kind == FaultKind::kill) return killed(cluster, fault.names);
    say(cluster, "fault: " + to_string(fault));
    if (fault.kind == FaultKind::restart || fault.kind == FaultKind::back)
        restarted(cluster, fault.names);
}

void Story::killed(Cluster& cluster, const Names& names) {
    const World& world = cluster.world();
    Names dying;
    Names absent;
    for (const std::string& name : names) {
        Names& those = world.is_alive(name) ? dying : absent;
        if (std::ranges::count(those, name) == 0) those.push_back(name);
    }
    if (!dying.empty()) {
        say(cluster, fmt::format("{} {} killed{}", join_names(dying), are(dying),
                                 dying.size() == 1 ? "" : " at the same instant"));
    }
    if (!absent.empty()) {
        say(cluster,
            fmt::format("   {} {} not there to be killed", join_names(absent), are(absent)));
    }
    // What a client leaves behind is nothing that the cluster has to mend.
    std::erase_if(dying, [&](const std::string& name) { return world.node(name) == nullptr; });
    if (dying.empty()) return;
    timeline_->begin(dying);
    is_timed_ = true;
    is_restored_ = false;
}

void Story::restarted(const Cluster& cluster, Names names) {
    std::erase_if(names, [&](const std::string& name) { return !cluster.world().is_alive(name); });
    if (names.empty()) return;
    say(cluster, fmt::format("   {} {} alive, and not restarted", join_names(names), are(names)));
}

void Story::beyond(Cluster& cluster, std::size_t covered) {
    say(cluster, fmt::format("   that is beyond the promise, which covers {} now", covered));
}

void Story::operator_says(Cluster& cluster, const std::string& sentence) {
    say(cluster, "the operator " + sentence);
}

// What the first of the survivors that goes over makes of the old ring.
void Story::founded(const Cluster& cluster, const Ring& ring) {
    const Founded& founded = cluster.world().checks().foundings().back();
    const auto restarted = static_cast<std::size_t>(std::ranges::count(founded.restarted, true));
    say(cluster,
        fmt::format("cluster {:016x} is founded anew as {:016x} from ring {}: {} restarted "
                    "empty",
                    founded.parent.value, founded.cluster.value, founded.from,
                    counted(restarted, "partition")));
    for (const std::string& key : keys_) {
        const PartitionId partition = partition_of_key(key, ring.partitions());
        if (founded.restarted[partition.value]) say(cluster, fmt::format("   {}: lost", key));
    }
}

void Story::ring(Cluster& cluster, const RingPtr& ring) {
    timeline_->saw_ring(*ring);
    if (last_ring_ != nullptr) {
        if (ring->cluster != last_ring_->cluster) founded(cluster, *ring);
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
    if (outcome.foundings > 0) {
        say(cluster,
            "where the cluster was founded anew, a key whose copies were all gone reads as "
            "not found, and each cluster has a history of its own");
    }
    if (outcome.given_up > 0) {
        say(cluster,
            "what was given up reads as not found, and has a history of its own from then on");
    }
    // A rule that broke before hides what the history was found to be.
    if (outcome.result == RunResult::broken) return;
    say(cluster,
        fmt::format("{} of the load and who looks on had {} operations in all, {} of the "
                    "load answered: their history is linearizable",
                    counted(plan_.load.clients, "client"), history.size(), outcome.answered));
}

}  // namespace grapevine::sim
