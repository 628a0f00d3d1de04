#include "sim/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/hash.h"
#include "history/linearizability.h"
#include "sim/cluster.h"
#include "sim/ring_words.h"
#include "sim/timeline.h"

namespace grapevine::sim {

namespace {

// How long the cluster may take to become whole after the last fault: noticing takes under a
// second, copying 1,024 partitions some rings of 50 ms each.
constexpr Duration convergence_max = 30s;

class Story {
public:
    Story(const StoryConfig& config, const Tell& tell)
        : config_(config),
          tell_(tell),
          cluster_(config.world),
          timeline_(cluster_),
          load_(cluster_.world(), {.clients = 4, .keys = 10}, config.world.seed + 1) {
        World& world = cluster_.world();
        world.on_ring([this](const NodeHost&, const RingPtr& ring) { saw_ring(ring); });
        world.on_message(
            [this](const NodeHost&, const Envelope& envelope) { saw_message(envelope); });
        if (!config.verbose) return;
        world.on_log([this](const NodeHost& host, const LogLine& line) {
            say(fmt::format("   {}: {}", host.name(), line.text));
        });
    }

    StoryOutcome run() {
        if (begin()) {
            write_keys();
            load_.start();
            cluster_.run_for(500ms);
            kill();
            run_faults();
            settle();
            read_back();
            finish_load();
        }
        if (cluster_.world().is_broken()) conclude(RunResult::broken, cluster_.defect());
        outcome_.hash = cluster_.world().log().hash();
        return outcome_;
    }

private:
    bool begin() {
        say(fmt::format("{} with {} come to life", join_names(founders()),
                        fmt::format("{} partitions, {} copies of each", config_.world.partitions,
                                    config_.world.copies)));
        if (!cluster_.run_until_ready()) {
            conclude(RunResult::not_converged, "the cluster was never ready");
            return false;
        }
        started_ = cluster_.world().now();
        survives_ = deaths_survived(*cluster_.world().newest_ring());
        say(fmt::format("ready: survives {} simultaneous death{}", survives_,
                        survives_ == 1 ? "" : "s"));
        return true;
    }

    Names founders() const {
        Names names;
        for (const NodeHost* host : cluster_.world().alive()) names.push_back(host->name());
        return names;
    }

    void write_keys() {
        for (std::size_t i = 1; i <= config_.keys; ++i) keys_.push_back(fmt::format("key{}", i));
        for (const std::string& key : keys_) write(key, "first value of " + key);
        for (std::size_t i = 0; i < keys_.size(); i += 4) {
            write(keys_[i], "second value of " + keys_[i]);
        }
        std::map<std::string, std::size_t> primaries;
        for (const std::string& key : keys_) ++primaries[cluster_.primary_of(key)];
        std::vector<std::string> parts;
        for (const auto& [name, count] : primaries)
            parts.push_back(fmt::format("{} {}", name, count));
        say(fmt::format("{} keys inserted, {} of them overwritten; primaries: {}", keys_.size(),
                        (keys_.size() + 3) / 4, fmt::join(parts, ", ")));
    }

    void write(const std::string& key, const std::string& value) {
        const std::string answer = cluster_.put(key, value);
        if (answer == "OK") {
            values_[key] = value;
            return;
        }
        conclude(RunResult::not_converged,
                 fmt::format("{} could not be written to a healthy cluster: {}", key, answer));
    }

    void kill() {
        if (config_.kill == 0) return;
        Names victims = cluster_.running();
        cluster_.world().rng().shuffle(victims);
        victims.resize(std::min(victims.size(), config_.kill));
        std::ranges::sort(victims);
        cluster_.kill(victims);
        say(fmt::format("{} {} killed{}", join_names(victims), victims.size() == 1 ? "is" : "are",
                        victims.size() == 1 ? "" : " at the same instant"));
        if (victims.size() > survives_) say("   that is beyond the promise");
        timeline_.begin(victims);
        is_timed_ = true;
    }

    void run_faults() {
        std::ranges::stable_sort(config_.faults, {}, &Fault::at);
        for (const Fault& fault : config_.faults) {
            const Time at = started_ + fault.at;
            if (at > cluster_.world().now()) cluster_.world().run_until(at);
            say("fault: " + to_string(fault));
            cluster_.world().apply(fault);
            if (fault.kind != FaultKind::kill) continue;
            timeline_.begin(fault.names);
            is_timed_ = true;
        }
    }

    void settle() {
        const bool is_within = config_.kill <= survives_;
        const Duration limit = is_within ? convergence_max : 5s;
        if (cluster_.run_until_ready(limit)) {
            timeline_.saw_ready();
            say("every partition is served");
        }
        if (cluster_.run_until_restored(limit)) {
            timeline_.saw_restored();
            say(fmt::format(
                "every partition has its {} copies again",
                std::min<std::size_t>(config_.world.copies, cluster_.running().size())));
        } else if (!cluster_.world().is_broken()) {
            say("not every partition has its copies");
            is_whole_ = false;
        }
        if (is_timed_) say("since the death: " + timeline_.summary());
    }

    void read_back() {
        std::size_t right = 0;
        Names unavailable;
        for (const std::string& key : keys_) {
            const std::string answer = cluster_.get(key);
            if (answer == values_[key]) {
                ++right;
            } else if (answer == "unavailable") {
                unavailable.push_back(key);
            } else {
                conclude(RunResult::broken, fmt::format("{} reads \"{}\" instead of \"{}\"", key,
                                                        answer, values_[key]));
            }
        }
        say(fmt::format("{} of {} keys read their latest value", right, keys_.size()));
        if (!unavailable.empty()) judge_unavailable(unavailable);
    }

    // Excused where no copy is left, or no majority of the votes.
    void judge_unavailable(const Names& keys) {
        say("   unavailable: " + join_names(keys));
        if (config_.kill > 0 && config_.kill <= survives_) {
            conclude(RunResult::broken, "keys are unavailable within the promise");
        }
        const RingPtr ring = cluster_.world().newest_ring();
        for (const std::string& key : keys) {
            if (ring == nullptr || !has_quorum(*ring)) return;
            const Entry& entry = ring->entry(partition_of_key(key, ring->partitions()));
            if (!ring->is_down(entry)) {
                conclude(RunResult::not_converged, key + " is unavailable, though a copy is up");
            }
        }
    }

    bool has_quorum(const Ring& ring) const {
        std::uint32_t votes = 0;
        for (const NodeHost* host : cluster_.world().alive()) votes += ring.votes_of(host->id());
        return votes >= ring.majority();
    }

    void finish_load() {
        load_.stop();
        cluster_.run_until([this] { return load_.is_idle(); }, 10s);
        const HistoryVerdict verdict = check_linearizable(load_.history());
        if (verdict.verdict != Verdict::linearizable) {
            return conclude(RunResult::broken, verdict.explanation);
        }
        say(
            fmt::format("meanwhile 4 clients had {} operations, {} of them answered: their history "
                        "is linearizable",
                        load_.history().size(), load_.answered()));
        if (outcome_.result != RunResult::pass) return;
        const bool may_be_incomplete = config_.kill > survives_ || config_.kill == 0;
        if (!is_whole_ && !may_be_incomplete) {
            return conclude(RunResult::not_converged, "the copies were not restored in time");
        }
        outcome_.reason = is_whole_ ? "no acknowledged write was lost, and all copies are restored"
                                    : "nothing false was answered";
    }

    void saw_message(const Envelope& envelope) {
        const bool was = timeline_.is_detected();
        timeline_.saw_message(envelope);
        if (!was && timeline_.is_detected()) {
            say(cluster_.world().name_of(envelope.from) + " tells the others who is gone");
        }
    }

    void saw_ring(const RingPtr& ring) {
        timeline_.saw_ring(*ring);
        if (last_ring_ != nullptr) {
            for (const auto& line : describe_change(cluster_.world(), *last_ring_, *ring, keys_)) {
                say(line);
            }
        }
        last_ring_ = ring;
    }

    void conclude(RunResult result, const std::string& reason) {
        if (outcome_.result == RunResult::broken) return;
        if (outcome_.result != RunResult::pass && result != RunResult::broken) return;
        outcome_.result = result;
        outcome_.reason = reason;
    }

    void say(const std::string& line) {
        tell_(fmt::format("{:>12}  {}", seconds(cluster_.world().now()), line));
    }

    StoryConfig config_;
    const Tell& tell_;
    Cluster cluster_;
    Timeline timeline_;
    Load load_;
    Time started_;
    std::size_t survives_ = 0;
    Names keys_;
    std::map<std::string, std::string> values_;
    RingPtr last_ring_;
    bool is_timed_ = false;
    bool is_whole_ = true;
    StoryOutcome outcome_;
};

}  // namespace

StoryOutcome tell_story(const StoryConfig& config, const Tell& tell) {
    return Story(config, tell).run();
}

}  // namespace grapevine::sim
