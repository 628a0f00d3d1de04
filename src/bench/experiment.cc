#include "bench/experiment.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/limits.h"
#include "runtime/wait.h"

namespace grapevine::bench {

namespace {

constexpr Duration find_patience = 10s;  // a member answers in milliseconds
constexpr Duration start_patience = 60s;
constexpr Duration settle_patience = 600s;
constexpr Duration load_patience = 3600s;
constexpr Duration idle_patience = 65s;  // beyond every deadline
constexpr Duration delete_patience = 60s;
constexpr std::size_t write_depth = 64;
constexpr std::size_t write_bytes = 4 << 20;  // of values in flight of all clients, about

}  // namespace

std::string defect_of(const Setting& setting, std::uint64_t memory) {
    const ClusterConfig& cluster = setting.cluster;
    const Workload& workload = setting.workload;
    if (cluster.running.empty()) {
        if (cluster.copies > cluster.nodes) {
            return fmt::format("--rep {} needs as many nodes, not {}", cluster.copies,
                               cluster.nodes);
        }
        if (!std::has_single_bit(cluster.partitions)) return "--partitions must be a power of two";
        const std::uint64_t copies = cluster.copies * workload.keys;
        // Nodes refuse puts at 60 % of the memory, and the one that joins holds some too.
        if (copies > memory / 2 / record_size(workload, workload.keys)) {
            return fmt::format(
                "{} copies of {} keys of {} bytes do not fit into half of the memory",
                cluster.copies, workload.keys, workload.value_size);
        }
    }
    if (workload.value_size > value_size_max) {
        return fmt::format("--value-size is at most {} bytes", value_size_max);
    }
    return {};
}

Result<std::unique_ptr<Experiment>> Experiment::begin(Session& session, const Setting& setting) {
    auto experiment = begin_empty(session, setting);
    if (!experiment) return experiment;
    if (const auto written = (*experiment)->write_keys(); !written) {
        return std::unexpected(written.error());
    }
    return experiment;
}

Result<std::unique_ptr<Experiment>> Experiment::begin_empty(Session& session,
                                                            const Setting& setting) {
    std::unique_ptr<Experiment> experiment(new Experiment(session, setting));
    if (const auto started = experiment->start(); !started) {
        return std::unexpected(started.error());
    }
    return experiment;
}

Result<void> Experiment::start() {
    session_.progress(setting_.cluster.running.empty() ? "starting the cluster"
                                                       : "looking for the cluster");
    auto servers = Servers::start(session_, setting_.cluster);
    if (!servers) return std::unexpected(servers.error());
    servers_ = *std::move(servers);
    setting_.load.seeds = servers_->seeds();
    watch_ = std::make_unique<RingWatch>(session_.loop(), servers_->seeds(), setting_.workload);
    if (const auto found = find(); !found) return found;
    const auto whole =
        wait(start_patience, "the cluster does not serve with all copies in place", [&] {
            return watch_->settled() && (!setting_.cluster.running.empty() ||
                                         watch_->ring()->storage_count() == setting_.cluster.nodes);
        });
    keys_may_be_there_ = whole.has_value();
    return whole;
}

// A cluster that is said to run does.
Result<void> Experiment::find() {
    if (setting_.cluster.running.empty()) return {};
    std::string where;
    for (const Address address : setting_.cluster.running) {
        where += (where.empty() ? "" : ", ") + to_string(address);
    }
    return wait(find_patience, fmt::format("no cluster answers at {}", where),
                [&] { return watch_->ring() != nullptr; });
}

Result<void> Experiment::write_keys() {
    session_.progress(fmt::format("writing {} keys", setting_.workload.keys));
    LoadConfig config = setting_.load;
    const std::size_t at_once =
        std::max<std::size_t>(setting_.workload.value_size, 1) * config.clients;
    config.depth = std::clamp<std::size_t>(write_bytes / at_once, 1, write_depth);
    config.rate = 0;
    Generator generator(session_.loop(), config, setting_.workload.value_size,
                        every_key(setting_.workload, OperationKind::put));
    generator.begin();
    auto over = wait(load_patience, "writing the keys", [&] { return generator.idle(); });
    if (!over) return over;
    const Tally tally = generator.take_tally();
    if (tally.failed > 0) {
        return fail("writing the keys: {} failed; the first: {}", tally.failed,
                    tally.first_failure);
    }
    return {};
}

Result<void> Experiment::begin_load(Duration warm_up, LoadConfig load, Answered answered) {
    load.seeds = servers_->seeds();
    load_ = std::make_unique<Generator>(session_.loop(), load, setting_.workload.value_size,
                                        mixed(setting_.workload, 1), std::move(answered));
    load_->begin();
    return session_.pass(warm_up);
}

Result<void> Experiment::end_load(Phase& last) {
    load_->end();
    const auto over =
        wait(idle_patience, "the last operations were not answered", [&] { return load_->idle(); });
    last.add_after(load_->take_tally());
    return over;
}

Result<Phase> Experiment::measure(Duration span) {
    Meter measured = meter();
    measured.begin();
    if (const auto passed = session_.pass_round(span); !passed) {
        return std::unexpected(passed.error());
    }
    return measured.end();
}

Result<Phase> Experiment::measure_operations(std::uint64_t count, std::uint64_t seed) {
    return measure_all(mixed(setting_.workload, seed, count), count);
}

Result<Phase> Experiment::measure_all(Source source, std::uint64_t count, Answered answered) {
    Generator generator(session_.loop(), setting_.load, setting_.workload.value_size,
                        std::move(source), std::move(answered));
    Meter measured(generator, *watch_, *servers_);
    measured.begin();
    generator.begin();
    const auto over = wait(load_patience, "the operations were not all answered", [&] {
        session_.part(static_cast<double>(generator.completed()) / static_cast<double>(count));
        return generator.idle();
    });
    if (!over) return std::unexpected(over.error());
    return measured.end();
}

Result<void> Experiment::wait(Duration bound, const std::string& what,
                              const std::function<bool()>& condition) {
    auto over =
        session_.wait(bound, what, [&] { return !servers_->broken().empty() || condition(); });
    if (!over) return over;
    if (!servers_->broken().empty()) return fail("{}", servers_->broken());
    return {};
}

Result<void> Experiment::wait_until_settled() {
    return wait(settle_patience, "the copies are not all in their places",
                [&] { return watch_->settled(); });
}

Result<void> Experiment::wait_until_at_rest() {
    return wait(settle_patience, "copies that are not wanted do not go",
                [&] { return watch_->at_rest(); });
}

// What was interrupted is cleaned up all the same, for a while.
void Experiment::delete_keys() {
    LoadConfig config = setting_.load;
    config.rate = 0;
    Generator generator(session_.loop(), config, setting_.workload.value_size,
                        every_key(setting_.workload, OperationKind::erase));
    generator.begin();
    run_until(session_.loop(), delete_patience, [&] { return generator.idle(); });
}

Experiment::~Experiment() {
    session_.progress("ending what was started");
    load_.reset();
    if (keys_may_be_there_ && !setting_.cluster.running.empty()) delete_keys();
    watch_.reset();
    servers_.reset();
    session_.clear_progress();
}

}  // namespace grapevine::bench
