// Where requests go: to the primary, or nowhere yet.

#include <chrono>

#include "base/hash.h"
#include "client/client_state.h"

namespace grapevine {

namespace {

// Silence of the same primary counts later each time, up to so many doublings: a slow write or a
// slow link is not helped by copies of the request.
constexpr std::uint32_t silence_doublings_max = 3;
// A large value takes its time: 16 KiB/ms is an eighth of a gigabit link.
constexpr std::size_t value_bytes_per_ms = 16UZ * 1024;

std::uint32_t deadline_ms(Duration left) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, ms));
}

}  // namespace

PartitionId Client::State::partition_of(const Pending& of) const {
    return partition_of_slot(of.slot, ring->partitions());
}

// Null where no copy is up.
const Member* Client::State::primary_of(const Pending& of) const {
    const Member* const primary = ring->member(ring->entry(partition_of(of)).primary());
    return primary != nullptr && primary->is_up() ? primary : nullptr;
}

void Client::State::route(Time now, Sequence sequence, Pending& of) {
    if (now >= of.deadline) return expire(sequence);
    if (!ring) return wait(sequence, of, Trouble::no_ring, {});
    if (!ring->genesis) return wait(sequence, of, Trouble::no_storage, {});
    const Member* const primary = primary_of(of);
    if (primary == nullptr) return wait_while_down(sequence, of);
    const Address to = primary->address;
    const Time failed_at = peers.failed_at(to);
    const Time blocked_until = peers.blocked_until(to);
    if (now >= blocked_until && poller.confirmed_at() >= failed_at) {
        return send(now, sequence, of, to);
    }
    // Its link failed. A newer ring may name another primary soon; if there is none, it may have
    // been the link alone.
    const Time retry_at = std::max(blocked_until, now + config.retry_pause_min);
    wait(sequence, of, Trouble::unreachable, {retry_at, failed_at});
}

void Client::State::send(Time now, Sequence sequence, Pending& of, Address to) {
    const bool again = of.attempts > 0;
    if (!of.uncertain()) of.stamp_ms = stamps[partition_of(of).value];
    if (of.is_write() && !unconfirmed.empty()) note_told(partition_of(of), floor_for(sequence));
    const Operation& operation = of.operation;
    effects.messages.emplace_back(to, Request{.client = config.id,
                                              .sequence = sequence,
                                              .floor = floor_for(sequence),
                                              .stamp_ms = of.stamp_ms,
                                              .epoch = ring->epoch,
                                              .deadline_ms = deadline_ms(of.deadline - now),
                                              .kind = operation.kind,
                                              .condition = operation.condition,
                                              .expected = operation.expected,
                                              .slot = operation.slot,
                                              .key = operation.key,
                                              .value = operation.value});
    peers.used(to);
    const bool moved = again && of.last_to != to;
    if (again) ++resent[{to, moved}];
    if (moved) of.silences = 0;
    of.last_to = to;
    ++of.attempts;
    of.open.push_back({to, of.is_write() && of.stamp_ms >= 0});
    if (of.watches && ring->epoch > of.watches_since) {
        of.watches = false;
        --watching;
    }
    const Duration patience =
        config.attempt_timeout * (1 << std::min(of.silences, silence_doublings_max)) +
        std::chrono::milliseconds(operation.value.size() / value_bytes_per_ms);
    of.state = Pending::Sent{to, now + patience};
    down.erase(sequence);
    set_due(sequence, of, now + patience);
}

void Client::State::wait(Sequence sequence, Pending& of, Trouble trouble,
                         Pending::Waiting waiting) {
    of.trouble = trouble;
    of.state = waiting;
    down.erase(sequence);
    of.watches_since = epoch();
    if (!std::exchange(of.watches, true)) ++watching;
    confirm_after = std::max(confirm_after, waiting.confirm_after);
    set_due(sequence, of, waiting.retry_at);
}

void Client::State::pause(Time now, Sequence sequence, Pending& of, Trouble trouble) {
    wait(sequence, of, trouble, {.retry_at = now + backoff.draw(rng, of.pauses++)});
}

void Client::State::wait_while_down(Sequence sequence, Pending& of) {
    wait(sequence, of, Trouble::down, {.confirm_after = of.started});
    // What may have been executed stays unknown until the partition is up again.
    if (!of.uncertain()) down.insert(sequence);
}

void Client::State::set_due(Sequence sequence, Pending& of, Time due_at) {
    due_at = std::min(due_at, of.deadline);
    if (due_at == of.due) return;
    auto timer = timers.extract({of.due, sequence});
    of.due = due_at;
    timer.value() = {due_at, sequence};
    timers.insert(std::move(timer));
}

std::uint64_t Client::State::floor_for(Sequence sequence) const {
    return writes.empty() ? sequence : std::min(sequence, *writes.begin());
}

}  // namespace grapevine
