#include "sim/load.h"

#include <fmt/format.h>

#include <algorithm>

namespace grapevine::sim {

Load::Load(World& world, const LoadConfig& config, std::uint64_t seed)
    : world_(world), config_(config), rng_(seed) {
    for (std::size_t i = 0; i < config.clients; ++i) {
        workers_.push_back(
            {std::make_unique<Recorder>(world.queue(), world.start_client(), i + 1, history_),
             std::vector<Version>(config.keys)});
    }
}

void Load::start() {
    running_ = true;
    for (std::size_t i = 0; i < workers_.size(); ++i) next(i);
}

bool Load::is_idle() const {
    return std::ranges::all_of(
        workers_, [](const Worker& worker) { return worker.recorder->in_flight() == 0; });
}

void Load::next(std::size_t worker) {
    world_.queue().after(rng_.between(Duration{}, config_.think_max), [this, worker] {
        if (!running_) return;
        const std::size_t key = rng_.below(config_.keys);
        workers_[worker].recorder->submit(
            draw(workers_[worker], key),
            [this, worker, key](const Outcome& outcome) { answered(worker, key, outcome); });
    });
}

Operation Load::draw(const Worker& worker, std::size_t key) {
    Operation operation;
    operation.key = fmt::format("shared{}", key);
    operation.deadline = config_.deadline;
    if (rng_.chance(config_.reads_percent, 100)) return operation;
    operation.kind =
        rng_.chance(config_.erases_percent, 100) ? OperationKind::erase : OperationKind::put;
    if (operation.kind == OperationKind::put) operation.value = fmt::format("v{}", ++values_);
    if (!rng_.chance(config_.conditional_percent, 100)) return operation;
    if (worker.seen[key] != Version{}) {
        operation.condition = Condition::version;
        operation.expected = worker.seen[key];
    } else if (operation.kind == OperationKind::put) {
        operation.condition = Condition::absent;
    }
    return operation;
}

void Load::answered(std::size_t worker, std::size_t key, const Outcome& outcome) {
    if (outcome.kind <= OutcomeKind::condition_failed) {
        ++answered_;
        workers_[worker].seen[key] = outcome.version;
    }
    next(worker);
}

}  // namespace grapevine::sim
