#include "sim/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/counted.h"
#include "base/hash.h"
#include "history/linearizability.h"
#include "sim/availability.h"
#include "sim/convergence.h"
#include "sim/history_lines.h"
#include "sim/workload.h"

namespace grapevine::sim {

namespace {

// In a run beyond the promise the cluster need not become whole, but where it could serve, it has
// to: long enough for the oracle of availability.
constexpr Duration beyond_wait = outage_max + 2s;
// Some hundred partitions a ring: more than half a minute for as many as ./sim takes.
constexpr Duration first_copies_max = 300s;

// Two members whose link was bad again and again are kept apart for up to a minute after it, and so
// long a member waits that was evicted again and again (Node::backs_off_until()). What waits for
// that has to be done so long after it, and the whole wait is bounded.
constexpr Duration back_off_after = 10s;
constexpr Duration back_off_wait = 75s;

// In peace an operator who is at it founds a cluster anew within that.
constexpr Duration founding_max = 15s;

class Run {
public:
    Run(const RunPlan& plan, const std::vector<RunWatcher*>& watchers, EventLog::Sink trace)
        : plan_(plan),
          watchers_(watchers),
          cluster_(plan.world),
          world_(cluster_.world()),
          load_(world_, plan.load, plan.world.seed + 1),
          chaos_(cluster_, plan.chaos, plan.world.seed + 2,
                 [this](const Fault& fault) { note(fault); }),
          availability_(world_),
          convergence_(cluster_) {
        world_.log().set_sink(std::move(trace));
        listen();
    }

    RunOutcome run() {
        tell([&](RunWatcher& w) { w.phase(cluster_, Phase::begun); });
        go();
        conclude();
        const History history = all_operations();
        tell([&](RunWatcher& w) { w.ended(cluster_, history, outcome_); });
        return outcome_;
    }

private:
    template <class Say>
    void tell(const Say& say) {
        for (RunWatcher* watcher : watchers_) say(*watcher);
    }

    void enter(Phase phase) {
        tell([&](RunWatcher& w) { w.phase(cluster_, phase); });
    }

    void listen() {
        world_.on_ring([this](const NodeHost&, const RingPtr& ring) { saw_ring(ring); });
        world_.on_strike(
            [this](const Fault& kill) { tell([&](RunWatcher& w) { w.fault(cluster_, kill); }); });
        world_.founder().on_tell([this](const std::string& sentence) { heard(sentence); });
        if (std::ranges::none_of(watchers_, &RunWatcher::wants_all)) return;
        world_.on_message([this](const NodeHost& host, const Envelope& envelope) {
            tell([&](RunWatcher& w) { w.message(cluster_, host, envelope); });
        });
        world_.on_answer([this](const NodeHost& host, const Request& request, const Reply& reply) {
            tell([&](RunWatcher& w) { w.answer(cluster_, host, request, reply); });
        });
        world_.on_log([this](const NodeHost& host, const LogLine& line) {
            tell([&](RunWatcher& w) { w.says(cluster_, host, line); });
        });
    }

    // --- the course ---

    void go() {
        if (!begin()) return;
        strike();
        if (!become_whole()) return;
        if (!come_to_rest()) return;
        read_back();
        if (is_whole_) compare_copies();
    }

    bool begin() {
        if (!cluster_.run_until_ready()) return not_converged("was never ready");
        if (plan_.waits_for_copies && !cluster_.run_until_restored(first_copies_max)) {
            return not_converged("never had all its copies");
        }
        survives_ = deaths_survived(*world_.newest_ring());
        enter(Phase::ready);
        for (std::size_t i = 1; i <= plan_.keys; ++i) keys_.push_back(fmt::format("key{}", i));
        for (const std::string& key : keys_) write(key, "first value of " + key);
        for (std::size_t i = 0; i < keys_.size(); i += 4) {
            write(keys_[i], "second value of " + keys_[i]);
        }
        enter(Phase::written);
        return outcome_.result == RunResult::pass && !world_.is_broken();
    }

    void write(const std::string& key, const std::string& value) {
        if (cluster_.put(key, value) == "OK") {
            values_[key] = value;
        } else {
            not_converged(fmt::format("took no write of {} while it was healthy", key));
        }
    }

    void strike() {
        load_.start();
        availability_.start();
        started_ = world_.now();
        if (plan_.kill > 0) world_.queue().first_at(started_ + kill_after, [this] { kill_some(); });
        chaos_.start();
        pass_time();
        outcome_.looks = availability_.looks();
        outcome_.armed_looks = availability_.armed_looks();
        is_ending_ = true;
        not_struck_ = world_.not_struck();
        chaos_.stop(plan_.revive);
        if (is_torn_) cut_one_off();
        enter(Phase::faults_over);
    }

    void pass_time() {
        constexpr int steps = 200;
        for (int step = 1; step <= steps && !world_.is_broken(); ++step) {
            const Duration over = plan_.faults_for * step / steps;
            world_.run_until(started_ + over);
            tell([&](RunWatcher& w) { w.passed(over, plan_.faults_for); });
        }
    }

    void cut_one_off() {
        Names others;
        for (const NodeHost* host : world_.alive()) others.push_back(host->name());
        std::erase(others, server_name(1));
        cluster_.cut({server_name(1)}, others);
    }

    void kill_some() {
        // Chance of its own: the list of what happened, played again, draws nothing.
        Names victims = cluster_.running();
        Rng(plan_.world.seed + 3).shuffle(victims);
        victims.resize(std::min(victims.size(), plan_.kill));
        std::ranges::sort(victims);
        const Fault fault{.at = world_.now() - started_, .kind = FaultKind::kill, .names = victims};
        note(fault);
        world_.apply(fault);
    }

    void note(const Fault& fault) {
        if (is_ending_) return;
        const std::optional<std::size_t> covered = exceeded_by(fault);
        outcome_.faults.push_back(to_string(fault));
        tell([&](RunWatcher& w) { w.fault(cluster_, fault); });
        if (covered) tell([&](RunWatcher& w) { w.beyond(cluster_, *covered); });
        was_killed_ = was_killed_ || fault.kind == FaultKind::kill;
        was_paused_ = was_paused_ || fault.kind == FaultKind::pause;
        if (was_killed_ && was_paused_) fail_as_planted();
    }

    void fail_as_planted() {
        switch (plan_.planted) {
            case Planted::nothing:
                return;
            case Planted::torn:
                is_torn_ = true;
                return;
            case Planted::broken:
                return world_.checks().report(Rule::other, "planted: a kill and a pause");
            case Planted::crash:
                ASSERT(plan_.planted != Planted::crash, "planted: a kill and a pause");
                return;
            case Planted::hang:
                for (;;) pause();
        }
    }

    // The quorum is gone for good: from here on it is the operator's promise that counts.
    void heard(const std::string& sentence) {
        if (world_.founder().is_needed()) is_beyond_ = false;
        tell([&](RunWatcher& w) { w.operator_says(cluster_, sentence); });
    }

    // How many deaths are covered where more die, in a script or in a run that is to go beyond the
    // promise or in which a quorum dies. As many as the last whole ring says it survives are
    // covered. It counts on the coordinator, so that one dies alone. Who is not there does not die.
    std::optional<std::size_t> exceeded_by(const Fault& fault) {
        const bool is_aimed = fault.kind == FaultKind::aim;  // kills one
        if (fault.kind != FaultKind::kill && !is_aimed) return std::nullopt;
        const bool is_within = !plan_.beyond_promise && !plan_.chaos.disaster_at;
        if (!plan_.chaos.script && is_within) return std::nullopt;
        note_whole_ring();
        std::set<std::string> dying;
        for (const std::string& name : fault.names) {
            const NodeHost* node = world_.node(name);  // a client is none
            if (node != nullptr && node->is_alive()) dying.insert(name);
        }
        const bool with_coordinator = dying.contains(coordinator_name);
        std::size_t covered = with_coordinator ? std::min<std::size_t>(survives_, 1) : survives_;
        covered -= std::min(covered, put_out());
        const std::size_t deaths = is_aimed ? 1 : dying.size();
        survives_ = with_coordinator ? 0 : survives_ - std::min(survives_, deaths);
        if (deaths <= covered) return std::nullopt;
        is_beyond_ = true;
        return covered;
    }

    // Looked for at each ring as well, since members leave without a kill.
    void note_whole_ring() {
        // None: nobody that is alive is in a ring, so none is whole.
        const RingPtr ring = world_.newest_ring();
        if (ring != nullptr && fully_replicated(*ring) && all_live(*ring)) {
            survives_ = deaths_survived(*ring);
            whole_ring_ = ring;
        }
    }

    // Who lives and was up in the last whole ring, and is not in the newest: what they hold is no
    // copy, as if they had died.
    [[nodiscard]] std::size_t put_out() const {
        const RingPtr ring = world_.newest_ring();
        if (ring == nullptr || whole_ring_ == nullptr) return 0;
        const auto alive = world_.alive();
        return static_cast<std::size_t>(std::ranges::count_if(alive, [&](const NodeHost* host) {
            return whole_ring_->is_up(host->id()) && !ring->is_up(host->id());
        }));
    }

    [[nodiscard]] bool all_live(const Ring& ring) const {
        std::set<NodeId> alive;
        for (const NodeHost* host : world_.alive()) alive.insert(host->id());
        return std::ranges::all_of(ring.members,
                                   [&](const Member& member) { return alive.contains(member.id); });
    }

    [[nodiscard]] bool is_beyond() const {
        return plan_.beyond_promise || is_beyond_ || is_survivor_lost_;
    }

    // A survivor died when it had consented, and what it alone held is down in the new cluster.
    [[nodiscard]] bool founds_what_is_down(const Ring& ring) const {
        std::set<NodeId> alive;
        for (const NodeHost* host : world_.alive()) alive.insert(host->id());
        return std::ranges::any_of(ring.table, [&](const Entry& entry) {
            return std::ranges::none_of(entry.copies,
                                        [&](NodeId id) { return alive.contains(id); });
        });
    }

    bool become_whole() {
        const Duration usual = convergence_max(plan_.world.partitions);
        Duration limit = is_beyond() ? beyond_wait : usual;
        if (world_.founder().is_busy()) limit = usual + founding_max;
        const Time begin = world_.now();
        const Time end = begin + limit;
        if (cluster_.run_until_ready(end - world_.now())) enter(Phase::served);
        if (cluster_.run_until_restored(end - world_.now())) enter(Phase::restored);
        const auto whole_or_late = [&] {
            if (convergence_.is_whole()) return true;
            backed_off_until_ = std::max(backed_off_until_, backs_off_until());
            return world_.now() >= end && world_.now() >= backed_off_until_ + back_off_after;
        };
        cluster_.run_until(whole_or_late, limit + back_off_wait);
        is_whole_ = convergence_.is_whole();
        if (is_whole_ || is_beyond()) return !world_.is_broken();
        return not_converged(fmt::format("did not become whole within {} s after the faults",
                                         to_ms(world_.now() - begin) / 1000));
    }

    [[nodiscard]] Time backs_off_until() const {
        Time latest = Time::min();
        for (const NodeHost* host : world_.alive()) {
            latest = std::max(latest, host->node().backs_off_until());
        }
        return latest;
    }

    // A last while of work in peace, then every operation ends.
    bool come_to_rest() {
        cluster_.run_for(1s);
        load_.stop();
        if (!cluster_.run_until([this] { return load_.is_idle(); }, plan_.load.deadline + 1s)) {
            return not_converged("left operations without an end");
        }
        return !world_.is_broken();
    }

    // All keys at once, through a client: also those of the load, for the history's sake.
    void read_back() {
        const auto& foundings = world_.checks().foundings();
        if (!foundings.empty()) cluster_.renew_client();
        std::map<std::string, std::shared_ptr<std::string>> answers;
        for (const OperationRecord& record : load_.history()) answers[record.key];
        for (const std::string& key : keys_) answers[key];
        for (auto& [key, answer] : answers) {
            answer = cluster_.begin(key.starts_with('{') ? read_group(key) : Operation{.key = key});
        }
        const auto all_there = [&] {
            return std::ranges::none_of(answers, [](const auto& a) { return a.second->empty(); });
        };
        if (!cluster_.run_until(all_there, 10s)) {
            not_converged("left reads without an end");
            return;
        }
        for (const std::string& key : keys_) judge_answer(key, *answers.at(key));
        enter(Phase::read_back);
    }

    void judge_answer(const std::string& key, const std::string& answer) {
        const std::string expected = is_lost(key) ? "not found" : values_[key];
        if (answer == expected) {
            ++outcome_.keys_right;
            return;
        }
        if (answer == "unavailable") {
            if (!is_beyond()) fail(RunResult::not_converged, "available", key + " is unavailable");
            return;
        }
        fail(RunResult::broken, to_string(Rule::acknowledged),
             fmt::format("{} reads \"{}\" instead of \"{}\"", key, answer, expected));
    }

    // A founding had no copy of its partition, or it was given up; and it was not written since.
    [[nodiscard]] bool is_lost(const std::string& key) const {
        const PartitionId partition = partition_of_key(key, plan_.world.partitions);
        const auto given_up = world_.checks().restarts(world_.checks().newest()->cluster);
        const auto& foundings = world_.checks().foundings();
        return std::ranges::find(given_up, partition, &Restart::partition) != given_up.end() ||
               std::ranges::any_of(foundings, [&](const Founded& founded) {
                   return founded.restarted[partition.value];
               });
    }

    void compare_copies() {
        cluster_.run_for(1s);
        if (!is_still_whole()) return;
        // Partition time may have been ordered this very moment, to forget idle clients.
        std::string difference = convergence_.difference();
        for (int i = 0; i < 10 && !difference.empty(); ++i) {
            cluster_.run_for(100ms);
            difference = convergence_.difference();
        }
        if (!difference.empty()) fail(RunResult::broken, to_string(Rule::copies_equal), difference);
        const std::string full = convergence_.taken_for_full();
        if (!full.empty()) fail(RunResult::broken, to_string(Rule::room), full);
        if (!plan_.checks_memory) return;
        cluster_.run_for(plan_.world.request_memory + 2s);
        if (!is_still_whole()) return;
        const std::string remembered = convergence_.remembered();
        if (!remembered.empty()) fail(RunResult::broken, to_string(Rule::memory), remembered);
    }

    // In peace it stays so, but that somebody's back-off may end and move what waited for it.
    bool is_still_whole() {
        const Duration limit = convergence_max(plan_.world.partitions);
        if (cluster_.run_until([this] { return convergence_.is_whole(); }, limit)) return true;
        return not_converged("did not stay whole");
    }

    // --- the verdict ---

    void saw_ring(const RingPtr& ring) {
        if (last_ring_ != nullptr) look_for_false_eviction(*ring);
        const bool is_founding = last_ring_ != nullptr && ring->cluster != last_ring_->cluster;
        if (is_founding && founds_what_is_down(*ring)) is_survivor_lost_ = true;
        last_ring_ = ring;
        note_whole_ring();
        tell([&](RunWatcher& w) { w.ring(cluster_, ring); });
    }

    void look_for_false_eviction(const Ring& ring) {
        if (ring.cluster != last_ring_->cluster) return;
        for (const NodeHost* host : world_.alive()) {
            const Member* before = last_ring_->member(host->id());
            if (before == nullptr || !before->is_up() || ring.is_up(host->id())) continue;
            ++outcome_.evicted_alive;
            if (!plan_.is_gentle) continue;
            world_.checks().report(
                Rule::false_eviction,
                fmt::format("ring {} is without {}, which is alive", ring.epoch, host->name()));
        }
    }

    [[nodiscard]] History all_operations() const {
        History all = load_.history();
        all.insert(all.end(), cluster_.history().begin(), cluster_.history().end());
        return all;
    }

    void judge_history() {
        const HistoryVerdict verdict = check_lines(world_, all_operations());
        if (verdict.verdict == Verdict::linearizable) return;
        const Rule rule = verdict.verdict == Verdict::violated ? Rule::linearizable : Rule::decided;
        fail(RunResult::broken, to_string(rule),
             fmt::format("history of {}: {}", verdict.key, verdict.explanation));
    }

    void conclude() {
        if (world_.is_broken()) {
            fail(RunResult::broken, to_string(world_.checks().rule()), cluster_.defect());
        }
        judge_history();
        outcome_.hash = world_.log().hash();
        outcome_.events = world_.log().events();
        outcome_.operations = load_.history().size() + cluster_.history().size();
        outcome_.answered = load_.answered();
        outcome_.virtual_time = world_.now() - Time{};
        outcome_.longest_outage = availability_.longest();
        outcome_.beyond = is_beyond() ? 1 : 0;
        outcome_.foundings = world_.checks().foundings().size();
        outcome_.given_up = world_.checks().given_up();
        if (outcome_.result != RunResult::pass) return;
        outcome_.reason = is_whole_ ? "no acknowledged write was lost, and all copies are restored"
                                    : "nothing false was answered" + why_not_whole();
        if (outcome_.foundings > 0) outcome_.reason += what_was_founded();
        if (outcome_.given_up > 0) {
            outcome_.reason += fmt::format(", but for {} that {} given up and restarted empty",
                                           counted(outcome_.given_up, "partition"),
                                           outcome_.given_up == 1 ? "was" : "were");
        }
        if (plan_.chaos.script && not_struck_ > 0) {
            outcome_.reason += fmt::format("; {} aimed at moments that never came",
                                           counted(not_struck_, "kill was", "kills were"));
        }
        if (availability_.is_blind()) {
            outcome_.reason += fmt::format("; outages were NOT watched: more than {} members",
                                           watched_members_max);
        }
    }

    [[nodiscard]] std::string what_was_founded() const {
        std::size_t restarted = 0;
        for (const Founded& founded : world_.checks().foundings()) {
            restarted += static_cast<std::size_t>(std::ranges::count(founded.restarted, true));
        }
        return fmt::format(", but for what {} of the cluster could not keep: {} restarted empty",
                           counted(outcome_.foundings, "founding"),
                           counted(restarted, "partition"));
    }

    // In a run beyond the promise: whether the cluster could do anything at all.
    [[nodiscard]] std::string why_not_whole() const {
        const RingPtr ring = world_.newest_ring();
        if (ring == nullptr) return "; nobody that was in a ring is left";
        std::uint32_t votes = 0;
        for (const NodeHost* host : world_.alive()) votes += ring->votes_of(host->id());
        if (votes < ring->majority()) {
            return fmt::format(
                "; {} of {} votes are left and {} are needed, so nothing is served "
                "and no ring agreed on",
                votes, ring->votes_total(), ring->majority());
        }
        const std::size_t down = down_since(*ring, ring->epoch).size();
        if (down == 0) return {};
        return fmt::format("; all copies of {} are gone", counted(down, "partition"));
    }

    // False, for short.
    bool not_converged(const std::string& what) {
        if (!world_.is_broken()) {
            fail(RunResult::not_converged, "convergence", "the cluster " + what);
        }
        return false;
    }

    // A broken invariant says more than what followed from it.
    void fail(RunResult result, std::string_view rule, const std::string& reason) {
        if (outcome_.result == RunResult::broken) return;
        if (outcome_.result != RunResult::pass && result != RunResult::broken) return;
        outcome_.result = result;
        outcome_.rule = rule;
        outcome_.reason = reason;
    }

    RunPlan plan_;
    std::vector<RunWatcher*> watchers_;
    Cluster cluster_;
    World& world_;
    Load load_;
    Chaos chaos_;
    Availability availability_;
    Convergence convergence_;
    Time started_;  // when faults may begin: their times count from here
    std::size_t survives_ = 0;
    std::size_t not_struck_ = 0;  // kills that were aimed
    Names keys_;
    std::map<std::string, std::string> values_;
    RingPtr last_ring_;
    RingPtr whole_ring_;
    bool is_ending_ = false;
    bool was_killed_ = false;
    bool was_paused_ = false;
    bool is_torn_ = false;  // planted
    bool is_beyond_ = false;
    bool is_survivor_lost_ = false;
    bool is_whole_ = false;
    Time backed_off_until_ = Time::min();  // somebody, as seen since the end of the faults
    RunOutcome outcome_;
};

}  // namespace

RunOutcome run(const RunPlan& plan, const std::vector<RunWatcher*>& watchers,
               EventLog::Sink trace) {
    return Run(plan, watchers, std::move(trace)).run();
}

}  // namespace grapevine::sim
