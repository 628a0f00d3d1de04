#include "sim/flusher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "command/program.h"
#include "command/reply.h"

namespace grapevine::sim {

namespace {

std::string tag_in(PartitionId partition, std::uint32_t partitions) {
    for (std::uint64_t i = 0;; ++i) {
        std::string tag = fmt::format("{{flushed{}}}", i);
        if (partition_of_key(tag, partitions) == partition) return tag;
    }
}

}  // namespace

Flusher::Flusher(World& world, PartitionId partition, const FlushConfig& config, std::uint64_t seed)
    : world_(world),
      partition_(partition),
      config_(config),
      rng_(seed),
      tag_(tag_in(partition, world.config().partitions)) {
    for (std::size_t i = 0; i <= config.writers; ++i) workers_.push_back(recruit());
}

std::unique_ptr<Recorder> Flusher::recruit() {
    return std::make_unique<Recorder>(world_.queue(), world_.start_client(), history_);
}

Recorder& Flusher::worker(std::size_t number) {
    std::unique_ptr<Recorder>& recorder = workers_[number];
    if (!recorder->is_alive()) dead_.push_back(std::exchange(recorder, recruit()));
    return *recorder;
}

bool Flusher::is_idle() const {
    return std::ranges::all_of(workers_,
                               [](const auto& recorder) { return recorder->in_flight() == 0; });
}

void Flusher::start() {
    running_ = true;
    for (std::size_t i = 0; i < config_.writers; ++i) write(i);
    flush();
}

void Flusher::write(std::size_t number) {
    world_.queue().after(rng_.between(Duration{}, config_.think_max), [this, number] {
        if (!running_) return;
        const Operation put{.kind = OperationKind::put,
                            .key = fmt::format("{}{}", tag_, rng_.below(config_.keys)),
                            .value = fmt::format("v{}", ++values_),
                            .deadline = config_.deadline};
        worker(number).submit(put, [this, number](const Outcome&) { write(number); });
    });
}

void Flusher::flush() {
    world_.queue().after(rng_.between(Duration{}, config_.pause_max), [this] {
        if (!running_) return;
        began_with_ = world_.checks().commits().contents(partition_);
        ask("0", "0");
    });
}

void Flusher::ask(std::string_view order, std::string_view cursor) {
    const std::string at_once = std::to_string(config_.at_once);
    const command::Program program{
        .commands = {{.args = {"FLUSHALL", "FROM", order, cursor, "COUNT", at_once}}}};
    const std::uint32_t slots = slot_count / world_.config().partitions;
    const Operation part{.kind = OperationKind::run,
                         .slot = static_cast<std::int32_t>(partition_.value * slots),
                         .value = command::encode(program),
                         .deadline = config_.deadline};
    worker(config_.writers).submit(part, [this](const Outcome& outcome) { answered(outcome); });
}

// A part that failed, or whose fate is not known, ends it, and promises nothing.
void Flusher::answered(const Outcome& outcome) {
    std::string_view reply = outcome.value;
    const bool is_done = reply == "+OK\r\n";
    if (outcome.kind != OutcomeKind::ok || is_done || !running_) {
        if (outcome.kind == OutcomeKind::ok && is_done) judge();
        return flush();
    }
    std::string order;
    std::string cursor;
    if (command::take_aggregate(reply) == 2) {
        for (std::string* text : {&order, &cursor}) {
            const auto part = command::take_reply(reply);
            *text = part ? command::bulk_of(*part).value_or("") : "";
        }
    }
    if (cursor.empty()) {
        return world_.checks().report(
            Rule::flushed, fmt::format("a part of a flush is answered \"{}\"", outcome.value));
    }
    ask(order, cursor);
}

void Flusher::judge() {
    ++done_;
    for (const auto& [key, value] : world_.checks().commits().contents(partition_)) {
        const auto before = began_with_.find(key);
        if (before == began_with_.end() || before->second.version != value.version) continue;
        return world_.checks().report(
            Rule::flushed, fmt::format("{} was there as {} when partition {} began to be emptied, "
                                       "and is when that is said to be done",
                                       key, value.version, partition_));
    }
}

}  // namespace grapevine::sim
