#include "sim/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "sim/workload.h"

namespace grapevine::sim {

KeyDraw::KeyDraw(KeyChoice choice, std::size_t keys) : choice_(choice), keys_(keys) {
    ASSERT(keys > 0);
    constexpr std::uint64_t weight_of_first = std::uint64_t{1} << 32;
    std::uint64_t sum = 0;
    for (std::size_t rank = 1; choice == KeyChoice::zipfian && rank <= keys; ++rank) {
        sum += weight_of_first / rank;
        up_to_.push_back(sum);
    }
}

std::size_t KeyDraw::draw(Rng& rng) const {
    switch (choice_) {
        case KeyChoice::uniform:
            break;
        case KeyChoice::zipfian: {
            const std::uint64_t drawn = rng.below(up_to_.back());
            return static_cast<std::size_t>(std::ranges::upper_bound(up_to_, drawn) -
                                            up_to_.begin());
        }
        case KeyChoice::hot:
            if (rng.chance(9, 10)) return 0;
            break;
    }
    return rng.below(keys_);
}

Load::Load(World& world, const LoadConfig& config, std::uint64_t seed)
    : world_(world), config_(config), keys_(config.choice, config.keys), rng_(seed) {
    ASSERT(config.huge_bytes_max <= value_size_max);
    for (std::size_t i = 0; i < config.clients; ++i) {
        Worker& worker = workers_.emplace_back();
        worker.recorder = recruit();
        worker.seen.resize(config.keys);
    }
}

std::unique_ptr<Recorder> Load::recruit() {
    return std::make_unique<Recorder>(world_.queue(), world_.start_client(), history_);
}

void Load::start() {
    running_ = true;
    const auto partition = config_.flushes ? free_partition() : std::nullopt;
    if (partition) {
        flusher_ = std::make_unique<Flusher>(
            world_, *partition,
            FlushConfig{.think_max = config_.think_max, .deadline = config_.deadline}, rng_.next());
        flusher_->start();
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) next(i);
}

void Load::stop() {
    running_ = false;
    if (flusher_) flusher_->stop();
}

std::optional<PartitionId> Load::free_partition() const {
    const std::uint32_t partitions = world_.config().partitions;
    std::vector<bool> used(partitions);
    const auto use = [&](const std::string& key) {
        used[partition_of_key(key, partitions).value] = true;
    };
    for (std::size_t i = 0; i < config_.keys; ++i) use(fmt::format("shared{}", i));
    for (std::size_t i = 0; i < config_.groups; ++i) use(group_name(i));
    for (std::uint32_t i = 0; i < partitions; ++i) {
        const PartitionId partition{i};
        if (!used[i] && world_.checks().commits().contents(partition).empty()) return partition;
    }
    return std::nullopt;
}

bool Load::is_idle() const {
    if (flusher_ && !flusher_->is_idle()) return false;
    return std::ranges::all_of(
        workers_, [](const Worker& worker) { return worker.recorder->in_flight() == 0; });
}

void Load::next(std::size_t worker) {
    world_.queue().after(rng_.between(Duration{}, config_.think_max), [this, worker] {
        if (!running_) return;
        std::unique_ptr<Recorder>& recorder = workers_[worker].recorder;
        const bool is_of_use = recorder->is_alive() && !recorder->has_ended();
        if (!is_of_use) dead_.push_back(std::exchange(recorder, recruit()));
        if (draws(config_.programs_percent)) return submit_program(worker);
        const std::size_t key = keys_.draw(rng_);
        const Operation operation = draw(workers_[worker], key);
        if (operation.condition == Condition::none && draws(config_.disguised_percent)) {
            return submit_disguised(worker, key, operation);
        }
        recorder->submit(operation, [this, worker, key](const Outcome& outcome) {
            answered(worker, key, outcome);
        });
    });
}

void Load::submit_program(std::size_t worker) {
    Operation program =
        draw_program(rng_, group_name(rng_.below(config_.groups)), fmt::format("v{}", ++values_));
    program.deadline = config_.deadline;
    const auto then = [this, worker](const Outcome& outcome) {
        if (outcome.kind == OutcomeKind::ok) ++answered_;
        next(worker);
    };
    Recorder& recorder = *workers_[worker].recorder;
    if (NodeHost* const node = draw_node(program)) {
        recorder.submit_at(*node, nullptr, program, {}, then);
    } else {
        recorder.submit(program, then);
    }
}

NodeHost* Load::draw_node(const Operation& program) {
    if (!draws(config_.at_once_percent) || !is_one_command(program)) return nullptr;
    std::vector<NodeHost*> primaries;
    for (const NodeHost* const host : world_.alive()) {
        const RingPtr ring = host->ring();
        if (!host->stores() || ring == nullptr) continue;
        const PartitionId partition = partition_of_key(program.key, ring->partitions());
        if (ring->entry(partition).primary() == host->node().self().id) {
            primaries.push_back(world_.node(host->name()));
        }
    }
    return primaries.empty() ? nullptr : primaries[rng_.below(primaries.size())];
}

void Load::submit_disguised(std::size_t worker, std::size_t key, const Operation& operation) {
    std::int64_t ttl_ms = 0;
    if (operation.kind == OperationKind::put && draws(config_.brief_percent)) {
        ttl_ms = to_ms(rng_.between(20ms, config_.ttl_max));
    }
    Duration expires_after{};
    if (ttl_ms > 0) {
        // A primary's clock counts whole milliseconds, so a key may go by a part of one earlier.
        expires_after = config_.clocks_agree ? std::chrono::milliseconds(ttl_ms - 1) : Duration{1};
    }
    const auto then = [this, worker, key](const Outcome& outcome) {
        answered(worker, key, outcome);
    };
    Recorder& recorder = *workers_[worker].recorder;
    const Operation program = as_program(operation, ttl_ms);
    if (NodeHost* const node = draw_node(program)) {
        recorder.submit_at(*node, &operation, program, expires_after, then);
    } else {
        recorder.submit_as(operation, program, expires_after, then);
    }
}

Operation Load::draw(const Worker& worker, std::size_t key) {
    Operation operation;
    operation.key = fmt::format("shared{}", key);
    operation.deadline = config_.deadline;
    if (rng_.chance(config_.reads_percent, 100)) return operation;
    operation.kind =
        rng_.chance(config_.erases_percent, 100) ? OperationKind::erase : OperationKind::put;
    if (operation.kind == OperationKind::put) operation.value = draw_value();
    if (!rng_.chance(config_.conditional_percent, 100)) return operation;
    if (worker.seen[key] != Version{}) {
        operation.condition = Condition::version;
        operation.expected = worker.seen[key];
    } else if (operation.kind == OperationKind::put) {
        operation.condition = Condition::absent;
    }
    return operation;
}

// Unique by its beginning, however long.
std::string Load::draw_value() {
    std::string value = fmt::format("v{}", ++values_);
    if (config_.huge_per_mille == 0 || !rng_.chance(config_.huge_per_mille, 1000)) return value;
    value += ' ';
    const std::size_t size = 1 + rng_.below(config_.huge_bytes_max);
    if (huge_bytes_ + size > config_.huge_bytes_all) return value;
    huge_bytes_ += size;
    value.resize(std::max(value.size(), size), '.');
    return value;
}

void Load::answered(std::size_t worker, std::size_t key, const Outcome& outcome) {
    if (outcome.kind <= OutcomeKind::condition_failed) {
        ++answered_;
        workers_[worker].seen[key] = outcome.version;
    }
    next(worker);
}

}  // namespace grapevine::sim
