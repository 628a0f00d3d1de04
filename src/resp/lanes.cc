#include "resp/lanes.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "command/execute.h"
#include "resp/key_slots.h"

namespace grapevine::resp {

namespace {

// Where a program's replies were larger, the next ones that read have half as many commands.
constexpr std::size_t large_replies = 1024UZ * 1024;

constexpr std::size_t commands_at_first = 8;
constexpr std::size_t lanes_at_first = 32;
constexpr std::size_t lanes_least = 4;
constexpr std::size_t lanes_more = 4;  // for each answer that was not large
// More side by side bring nothing, and their answers come all at once.
constexpr std::size_t lanes_limit = 512;

// Beside the bytes of commands: of a program with its lane, and of each command in it.
constexpr std::size_t batch_weight = 1024;
constexpr std::size_t part_weight = 2 * sizeof(PartOf);

}  // namespace

Lanes::Lanes(const FrontLimits& limits)
    : limits_(limits),
      commands_max_(std::min(commands_at_first, limits.commands_per_program)),
      lanes_max_(lanes_at_first) {}

std::size_t Lanes::Batch::memory_bytes() const {
    const std::size_t commands = made != nullptr ? made->size() : program.size();
    return batch_weight + key.size() + commands + parts.size() * part_weight;
}

std::string Lanes::Batch::finish() const {
    if (made != nullptr) return *made;
    return atomic ? program.finish_atomic(*watched) : program.finish();
}

bool Lanes::Lane::waits_for(std::uint64_t owed) const {
    return std::ranges::any_of(waiting, [&](const Batch& batch) {
        return std::ranges::find(batch.parts, owed, &PartOf::owed) != batch.parts.end();
    });
}

// ------------------------------------------------------------------------- gathering

void Lanes::touch(PartitionId partition, Lane& lane) {
    if (lane.under_way || std::exchange(lane.dirty, true)) return;
    dirty_.push_back(partition);
}

Lanes::Batch& Lanes::open_batch(const Target& target, bool writes) {
    Lane& lane = lanes_[target.partition.value];
    touch(target.partition, lane);
    Batch& made = lane.waiting.emplace_back();
    made.writes = writes;
    made.has_key = target.has_key;
    made.key = target.key;
    bytes_ += made.memory_bytes();
    return made;
}

void Lanes::join(Batch& batch, const PartOf& part) {
    batch.parts.push_back(part);
    bytes_ += part_weight;
    ++parts_;
}

Lanes::Batch& Lanes::batch_for(const Target& target, bool writes, std::size_t size) {
    const std::size_t commands_max = writes ? limits_.commands_per_program : commands_max_;
    const auto found = lanes_.find(target.partition.value);
    if (found != lanes_.end() && !found->second.waiting.empty()) {
        Batch& last = found->second.waiting.back();
        const bool fits = !last.atomic && !last.alone && last.made == nullptr &&
                          last.writes == writes && last.has_key == target.has_key &&
                          last.program.commands() < commands_max &&
                          last.program.size() + size <= limits_.bytes_per_program;
        if (fits) return last;
    }
    return open_batch(target, writes);
}

void Lanes::add(const PartOf& part, const Target& target, bool writes, Args args) {
    std::size_t size = 0;
    for (const std::string_view arg : args) size += arg.size() + 1;
    Batch& batch = batch_for(target, writes, size);
    const std::size_t before = batch.program.size();
    batch.program.add(args);
    bytes_ += batch.program.size() - before;
    join(batch, part);
}

void Lanes::add_step(const PartOf& part, const Target& target, bool first, Args args) {
    Lane& lane = lanes_[target.partition.value];
    touch(target.partition, lane);
    Batch& batch = first ? lane.waiting.emplace_back() : lane.waiting.emplace_front();
    batch.writes = batch.alone = true;
    batch.has_key = target.has_key;
    batch.key = target.key;
    batch.program.add(args);
    bytes_ += batch.memory_bytes();
    join(batch, part);
}

void Lanes::add_atomic(const PartOf& part, const Target& target,
                       std::span<const std::vector<std::string>> commands, bool writes,
                       std::shared_ptr<const WatchSet> watched) {
    Batch& batch = open_batch(target, writes);
    batch.atomic = true;
    batch.watched = std::move(watched);
    for (const auto& command : commands) {
        const std::vector<std::string_view> args(command.begin(), command.end());
        batch.program.add(args);
    }
    bytes_ += batch.program.size();
    join(batch, part);
}

void Lanes::add_program(const PartOf& part, PartitionId partition, bool writes,
                        std::shared_ptr<const std::string> program) {
    Batch& batch = open_batch({.partition = partition}, writes);
    bytes_ += program->size();
    batch.made = std::move(program);
    join(batch, part);
}

// ------------------------------------------------------------------------- launching

Run Lanes::send_off(PartitionId partition, Lane& lane) {
    Batch batch = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    lane.under_way = true;
    ++under_way_;
    lane.flying_bytes = batch.memory_bytes();
    lane.flying = std::move(batch.parts);
    lane.flying_writes = batch.writes;
    Run run{.partition = partition,
            .key = std::move(batch.key),
            .has_key = batch.has_key,
            .writes = batch.writes,
            .program = batch.finish()};
    if (lane.flying.size() > 1) lane.flying_program = run.program;
    return run;
}

void Lanes::drop_hopeless(Lane& lane, std::vector<PartOf>& dropped) {
    while (!lane.waiting.empty()) {
        const Batch& next = lane.waiting.front();
        if (!next.atomic || !next.watched->failed) return;
        bytes_ -= next.memory_bytes();
        parts_ -= next.parts.size();
        dropped.insert(dropped.end(), next.parts.begin(), next.parts.end());
        lane.waiting.pop_front();
    }
}

Lanes::Launch Lanes::launch(std::optional<std::uint64_t> only) {
    Launch launched;
    std::vector<PartitionId> put_off;
    for (const PartitionId partition : std::exchange(dirty_, {})) {
        Lane& lane = lanes_.at(partition.value);
        lane.dirty = false;
        if (lane.under_way) continue;
        drop_hopeless(lane, launched.hopeless);
        if (lane.waiting.empty()) {
            lanes_.erase(partition.value);
        } else if (under_way_ >= lanes_max_ || (only && !lane.waits_for(*only))) {
            lane.dirty = true;
            put_off.push_back(partition);
        } else {
            launched.runs.push_back(send_off(partition, lane));
        }
    }
    dirty_ = std::move(put_off);
    return launched;
}

// ------------------------------------------------------------------------- results

std::size_t Lanes::executed(const Lane& lane, const RunResult& result) {
    const std::size_t commands = lane.flying.size();
    if (commands == 1) return 1;
    if (result.status == RunStatus::refused) return 0;
    if (result.replies.size() < large_replies) return commands;
    std::string_view rest = result.replies;
    for (std::size_t i = 0; i < commands; ++i) {
        const auto one = command::take_reply(rest);
        if (one && one->substr(1).starts_with(command::too_much_before)) return i;
    }
    return commands;
}

void Lanes::split(Lane& lane, std::size_t from) {
    const std::string bytes = std::exchange(lane.flying_program, {});
    const auto program = command::decode(bytes);
    ASSERT(program && program->commands.size() == lane.flying.size());
    for (std::size_t i = lane.flying.size(); i-- > from;) {
        const Args args = program->commands[i].args;
        Batch& batch = lane.waiting.emplace_front();
        batch.writes = lane.flying_writes;
        batch.program.add(args);
        batch.parts.push_back(lane.flying[i]);
        // One of its keys is as good as another.
        const auto* const info = command::find_command(args);
        batch.has_key = info->has_keys();
        if (batch.has_key) batch.key = slots_of(*info, args).first_key;
        bytes_ += batch.memory_bytes();
    }
    lane.flying.resize(from);
}

void Lanes::learn_size(const RunResult& result, std::size_t commands) {
    if (result.replies.size() <= large_replies) {
        lanes_max_ = std::min(lanes_max_ + lanes_more, lanes_limit);
    }
    if (result.status == RunStatus::refused) {
        commands_max_ = 1;
    } else if (result.replies.size() > large_replies) {
        commands_max_ = std::max<std::size_t>(1, commands_max_ / 2);
        lanes_max_ = std::max(lanes_least, lanes_max_ / 2);
    } else if (commands >= commands_max_) {
        commands_max_ = std::min(2 * commands_max_, limits_.commands_per_program);
    }
}

std::vector<Lanes::Answer> Lanes::finish(PartitionId partition, const RunResult& result) {
    Lane& lane = lanes_.at(partition.value);
    ASSERT(lane.under_way);
    lane.under_way = false;
    --under_way_;
    bytes_ -= std::exchange(lane.flying_bytes, 0);
    learn_size(result, lane.flying.size());
    const std::size_t done = executed(lane, result);
    if (done < lane.flying.size()) split(lane, done);
    lane.flying_program.clear();
    std::vector<Answer> answers;
    answers.reserve(lane.flying.size());
    std::string_view rest = result.replies;
    for (const PartOf& part : std::exchange(lane.flying, {})) {
        const auto one = result.status == RunStatus::ok ? command::take_reply(rest) : std::nullopt;
        answers.push_back({part, one});
    }
    parts_ -= answers.size();
    if (lane.waiting.empty()) {
        lanes_.erase(partition.value);
    } else {
        touch(partition, lane);
    }
    return answers;
}

}  // namespace grapevine::resp
