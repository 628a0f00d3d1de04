#include "planted/trial.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <vector>

#include "base/assert.h"
#include "history/linearizability.h"
#include "replication/replication.h"
#include "sim/convergence.h"
#include "sim/history_lines.h"

namespace grapevine::testing {

namespace {

constexpr rlim_t cpu_seconds_max = 60;

constexpr std::array oracle_names{"none", "rules", "history", "copies", "convergence", "crash"};

// What the child has to say: one digit for the oracle, then the text.
[[noreturn]] void report(int pipe, const Trial& trial, std::uint64_t seed, PlantedBugs bugs) {
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) {
        std::signal(signal, SIG_DFL);
    }
    ::dup2(pipe, STDERR_FILENO);
    const rlimit limit{cpu_seconds_max, cpu_seconds_max};
    ASSERT(::setrlimit(RLIMIT_CPU, &limit) == 0);
    Finding finding;
    try {
        finding = trial(seed, bugs);
    } catch (...) {
        finding = {Oracle::crash, "an expectation of the trial itself was not met"};
    }
    const std::string said = std::to_string(static_cast<int>(finding.oracle)) + finding.text;
    const auto written = ::write(pipe, said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
}

std::string read_all(int pipe) {
    std::string all;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t size = ::read(pipe, buffer.data(), buffer.size());
        if (size <= 0) return all;
        all.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

Finding judge_copies(const sim::Cluster& cluster) {
    if (std::string text = cluster.difference_between_copies(); !text.empty()) {
        return {Oracle::copies, std::move(text)};
    }
    const RingPtr ring = cluster.world().newest_ring();
    std::map<NodeId, const sim::NodeHost*> hosts;
    for (const sim::NodeHost* host : cluster.world().alive()) hosts[host->id()] = host;
    for (std::uint32_t i = 0; i < ring->partitions(); ++i) {
        const Entry& entry = ring->table[i];
        const auto memory = [&](NodeId id) {
            return hosts.at(id)->node().replication()->replica(PartitionId{i}).memory.all();
        };
        for (const NodeId id : entry.copies) {
            if (memory(id) == memory(entry.primary())) continue;
            return {Oracle::copies, fmt::format("partition {}: {} and {} remember other requests",
                                                i, cluster.world().name_of(entry.primary()),
                                                cluster.world().name_of(id))};
        }
    }
    return {};
}

void end_faults(sim::Cluster& cluster) {
    sim::World& world = cluster.world();
    cluster.heal();
    cluster.lose(0);
    sim::Names paused;
    for (const sim::NodeHost* host : world.alive()) {
        if (host->is_paused()) paused.push_back(host->name());
    }
    cluster.resume(paused);
    sim::Names dead;
    if (world.config().coordinator) dead.push_back(sim::coordinator_name);
    for (std::size_t i = 1; i <= world.config().nodes; ++i) dead.push_back(sim::server_name(i));
    std::erase_if(dead, [&](const std::string& name) {
        const sim::NodeHost* host = world.node(name);
        return host == nullptr || host->is_alive();
    });
    cluster.restart(dead);
}

Finding live_on(sim::Cluster& cluster, sim::Load* load, Duration whole_max) {
    const auto stuck = [](const char* text) { return Finding{Oracle::convergence, text}; };
    end_faults(cluster);
    sim::Convergence convergence(cluster);
    const auto is_whole = [&] { return convergence.is_whole(); };
    if (!cluster.run_until(is_whole, whole_max)) return stuck("the cluster did not become whole");
    cluster.run_for(1s);
    if (load != nullptr) {
        load->stop();
        if (!cluster.run_until([&] { return load->is_idle(); }, 10s)) {
            return stuck("operations did not end");
        }
    }
    cluster.run_for(1s);
    if (!cluster.run_until(is_whole, whole_max)) return stuck("the cluster did not stay whole");
    return judge_copies(cluster);
}

// Draws faults while the cluster runs.
class Weather {
public:
    Weather(sim::Cluster& cluster, const Storm& storm, std::uint64_t seed)
        : cluster_(cluster), storm_(storm), rng_(seed) {}

    void run() {
        const Time end = cluster_.world().now() + storm_.lasts;
        while (cluster_.world().now() < end && !cluster_.world().is_broken()) {
            cluster_.run_for(rng_.between(1ms, storm_.gap_max));
            strike();
        }
    }

private:
    using Strike = void (Weather::*)();

    void strike() {
        const std::array<std::pair<std::uint32_t, Strike>, 6> kinds{{
            {storm_.kill, &Weather::kill},
            {storm_.restart, &Weather::restart},
            {storm_.pause, &Weather::pause},
            {storm_.cut, &Weather::cut},
            {storm_.cut_one_way, &Weather::cut_one_way},
            {storm_.break_links, &Weather::break_links},
        }};
        std::uint64_t sum = 0;
        for (const auto& [weight, kind] : kinds) sum += weight;
        ASSERT(sum > 0);
        std::uint64_t drawn = rng_.below(sum);
        for (const auto& [weight, kind] : kinds) {
            if (drawn < weight) return (this->*kind)();
            drawn -= weight;
        }
    }

    void kill() {
        const bool is_calm = cluster_.world().now() > disturbed_until_ + 500ms;
        if (storm_.hasty ? !all_live() : !is_calm || !cluster_.is_restored()) return;
        std::size_t survived = deaths_survived(*cluster_.world().newest_ring());
        if (survived == 0) return;
        if (storm_.hasty) survived = 1;
        const sim::Names victims = pick(cluster_.running(), 1 + rng_.below(survived));
        dead_.insert(dead_.end(), victims.begin(), victims.end());
        cluster_.kill(victims);
    }

    // What the newest ring says of the deaths that it survives is true.
    [[nodiscard]] bool all_live() const {
        const RingPtr ring = cluster_.world().newest_ring();
        return std::ranges::all_of(ring->members, [&](const Member& member) {
            const sim::NodeHost* host = cluster_.world().node(cluster_.world().name_of(member.id));
            return host != nullptr && host->is_alive() && host->id() == member.id;
        });
    }

    void restart() {
        if (dead_.empty()) return;
        cluster_.restart({dead_.back()});
        dead_.pop_back();
    }

    void pause() {
        const sim::Names names = pick(cluster_.running(), 1);
        cluster_.pause(names);
        after_a_while([this, names] { cluster_.resume(names); });
    }

    void cut() {
        sim::Names all = everyone();
        rng_.shuffle(all);
        const auto middle =
            all.begin() + 1 + static_cast<std::ptrdiff_t>(rng_.below(all.size() / 2));
        cluster_.cut({all.begin(), middle}, {middle, all.end()});
        after_a_while([this] { cluster_.heal(); });
    }

    void cut_one_way() { on_pair(sim::FaultKind::cut_one_way); }
    void break_links() { on_pair(sim::FaultKind::break_links); }

    void on_pair(sim::FaultKind kind) {
        const sim::Names pair = pick(everyone(), 2);
        if (pair.size() < 2) return;
        sim::Fault fault;
        fault.kind = kind;
        fault.pairs = {{pair[0], pair[1]}};
        if (rng_.chance(1, 2)) std::swap(fault.pairs[0].first, fault.pairs[0].second);
        cluster_.world().apply(fault);
        if (kind == sim::FaultKind::cut_one_way) after_a_while([this] { cluster_.heal(); });
    }

    // Whatever is under way by then ends with it: the next strike comes soon.
    template <class Then>
    void after_a_while(const Then& then) {
        const Duration length = rng_.between(storm_.length_min, storm_.length_max);
        disturbed_until_ = std::max(disturbed_until_, cluster_.world().now() + length);
        cluster_.world().queue().after(length, then);
    }

    sim::Names pick(sim::Names from, std::size_t count) {
        rng_.shuffle(from);
        from.resize(std::min(from.size(), count));
        return from;
    }

    [[nodiscard]] sim::Names everyone() const {
        const sim::WorldConfig& config = cluster_.world().config();
        sim::Names names;
        if (config.coordinator) names.push_back(sim::coordinator_name);
        for (std::size_t i = 1; i <= config.nodes; ++i) names.push_back(sim::server_name(i));
        return names;
    }

    sim::Cluster& cluster_;
    const Storm& storm_;
    Rng rng_;
    sim::Names dead_;
    Time disturbed_until_;
};

}  // namespace

std::string to_string(Oracle oracle) {
    return oracle_names.at(static_cast<std::size_t>(oracle));
}

Finding run_apart(const Trial& trial, std::uint64_t seed, PlantedBugs bugs) {
    std::array<int, 2> pipe{};
    ASSERT(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    ASSERT(child >= 0);
    if (child == 0) {
        ::close(pipe[0]);
        report(pipe[1], trial, seed, bugs);
    }
    ::close(pipe[1]);
    const std::string said = read_all(pipe[0]);
    ::close(pipe[0]);
    int status = 0;
    ASSERT(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
        return {Oracle::crash, "it never ends"};
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || said.empty()) {
        return {Oracle::crash, said};
    }
    return {static_cast<Oracle>(said.front() - '0'), said.substr(1)};
}

namespace {

Finding judge(const HistoryVerdict& verdict) {
    if (verdict.verdict == Verdict::linearizable) return {};
    return {Oracle::history, fmt::format("key {}: {}", verdict.key, verdict.explanation)};
}

}  // namespace

Finding judge_history(const History& history) {
    return judge(check_linearizable(history));
}

Finding conclude(sim::Cluster& cluster, sim::Load* load, Duration whole_max) {
    Finding finding = live_on(cluster, load, whole_max);
    // What broke first explains the rest.
    if (cluster.world().is_broken()) return {Oracle::rules, cluster.defect()};
    if (load != nullptr) {
        Finding history = judge(sim::check_lines(cluster.world(), load->history()));
        if (history.oracle != Oracle::none) return history;
    }
    Finding history = judge(sim::check_lines(cluster.world(), cluster.history()));
    if (history.oracle != Oracle::none) return history;
    return finding;
}

Finding weather(const Plan& plan) {
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_ready()) return {Oracle::convergence, "never ready"};
    sim::Load load(cluster.world(), plan.load, plan.world.seed + 1);
    load.start();
    Weather storm(cluster, plan.storm, plan.world.seed + 2);  // its last faults end in conclude()
    storm.run();
    return conclude(cluster, &load);
}

}  // namespace grapevine::testing
