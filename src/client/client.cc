#include "client/client.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "client/client_state.h"
#include "client/outcome_text.h"

namespace grapevine {

Client::State::State(ClientConfig given, std::uint64_t seed)
    : config(std::move(given)),
      rng(seed),
      backoff{config.retry_pause_min, config.retry_pause_max},
      peers(config.seeds, backoff, rng.next()),
      poller({.answer_timeout = config.attempt_timeout, .poll_wait = config.poll_wait}) {
    ASSERT(!config.seeds.empty());
    ASSERT(config.id);
    ASSERT(config.attempt_timeout > Duration{});
    ASSERT(config.retry_pause_min > Duration{} && backoff.min <= backoff.max);
}

Client::State::Sequence Client::State::submit(Time now, Operation operation) {
    const Sequence sequence = ++last_sequence;
    const auto refuse = [&](OutcomeKind kind, std::string detail) {
        effects.completions.push_back({sequence, without_answer(kind, std::move(detail))});
        return sequence;
    };
    if (!ended.empty()) return refuse(OutcomeKind::ended, ended);
    if (auto defect = operation_defect(operation); !defect.empty()) {
        return refuse(OutcomeKind::invalid, std::move(defect));
    }
    const std::size_t size = operation.key.size() + operation.value.size();
    if (pending.size() >= config.operations_max || (bytes > 0 && bytes + size > config.bytes_max)) {
        return refuse(
            OutcomeKind::overloaded,
            fmt::format("{} operations with {} bytes are in flight; wait for some of them",
                        pending.size(), bytes));
    }
    begin(now, sequence, std::move(operation));
    return sequence;
}

void Client::State::begin(Time now, Sequence sequence, Operation operation) {
    const std::size_t size = operation.key.size() + operation.value.size();
    Pending& added = pending[sequence];
    added.slot = operation.slot >= 0 ? static_cast<std::uint32_t>(operation.slot)
                                     : slot_of_key(operation.key);
    added.started = now;
    added.deadline = now + operation.deadline;
    added.due = added.deadline;
    added.operation = std::move(operation);
    bytes += size;
    timers.emplace(added.due, sequence);
    if (added.is_write()) writes.insert(sequence);
    route(now, sequence, added);
}

void Client::State::on(Time, Address from, const ErrorReply& reply) {
    last_error = fmt::format("{} says: {}", from, reply.message);
    effects.notes.push_back(last_error);
}

void Client::State::link_failed(Time now, Address peer) {
    // The first time: it is tried again and again.
    if (peers.failed_at(peer) == Time::min()) {
        effects.notes.push_back(
            fmt::format("the link to {} could not be made, or ended", peers.describe(peer)));
    }
    peers.failed(now, peer);
    poller.dropped(peer);
    lose_link(now, peer);
}

void Client::State::tick(Time now) {
    for (const Address peer : poller.expire(now)) silent(now, peer);
    while (!timers.empty() && timers.begin()->first <= now) due(now, timers.begin()->second);
    if (now >= confirm_at) confirm_answers(now);
}

// After every input: notes of what was sent again, ends that need no more, the polls that are
// wanted now.
void Client::State::finish_batch(Time now) {
    for (const auto& [where, count] : std::exchange(resent, {})) {
        const auto& [to, moved] = where;
        const std::string who = peers.describe(to);
        const std::string what = count == 1 ? "" : fmt::format("{} operations ", count);
        effects.notes.push_back(
            moved ? fmt::format("{} is now the primary: {}sent again to it", who, what)
                  : fmt::format("{}sent again to {}", what, who));
    }
    if (!ended.empty()) return;
    end_what_is_down();
    for (auto& [to, poll] : poller.ask(now, need(), peers)) {
        peers.used(to);
        effects.messages.emplace_back(to, poll);
    }
}

RingPoller::Need Client::State::need() const {
    const bool wanted = ring_wanted && (!ring || ring->epoch <= *ring_wanted);
    return {.wanted = wanted || watching > 0,
            .have = epoch(),
            .confirm_after = watching > 0 ? confirm_after : Time::min()};
}

bool Client::State::is_foreign(const ServerMessage& message) const {
    const auto* const reply = std::get_if<RingReply>(&message);
    return ring && reply != nullptr && reply->ring && reply->ring->cluster != ring->cluster;
}

Client::Client(ClientConfig config, std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(config), seed)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

OperationId Client::submit(Time now, Operation operation) {
    const OperationId id = state_->submit(now, std::move(operation));
    state_->finish_batch(now);
    return id;
}

void Client::want_ring(Time now, Epoch newer_than) {
    State& state = *state_;
    if (state.ring && state.ring->epoch > newer_than) return;
    state.ring_wanted = std::max(newer_than, state.ring_wanted.value_or(Epoch{}));
    state.finish_batch(now);
}

void Client::receive(Time now, Address from, ServerMessage message) {
    if (!state_->ended.empty()) return;
    if (!state_->is_foreign(message)) state_->peers.heard(from);
    // What was read may be large, and is copied no further.
    std::visit([&](auto& body) { state_->on(now, from, std::move(body)); }, message);
    state_->finish_batch(now);
}

void Client::partly_received(Time now, Address from) {
    state_->peers.answered(now, from);
}

void Client::link_failed(Time now, Address peer) {
    if (!state_->ended.empty()) return;
    state_->link_failed(now, peer);
    state_->finish_batch(now);
}

void Client::tick(Time now) {
    if (!state_->ended.empty()) return;
    state_->tick(now);
    state_->finish_batch(now);
}

void Client::end(const std::string& why) {
    if (state_->ended.empty()) state_->end(why);
}

ClientEffects Client::take_effects() {
    return std::exchange(state_->effects, {});
}

Time Client::next_deadline() const {
    const State& state = *state_;
    if (!state.ended.empty()) return never;
    const Time timer = state.timers.empty() ? never : state.timers.begin()->first;
    return std::min({timer, state.confirm_at, state.poller.next_deadline()});
}

const RingPtr& Client::ring() const {
    return state_->ring;
}

std::size_t Client::in_flight() const {
    return state_->pending.size() - state_->made_up.size();
}

void Client::invariants() const {
    const State& state = *state_;
    ASSERT(state.timers.size() == state.pending.size());
    ASSERT(state.pending.size() <= state.config.operations_max);
    std::size_t watching = 0;
    std::size_t bytes = 0;
    for (const auto& [sequence, of] : state.pending) {
        ASSERT(state.timers.contains({of.due, sequence}), "{}", sequence);
        ASSERT(of.due <= of.deadline, "{}", sequence);
        const bool waits = std::holds_alternative<Pending::Waiting>(of.state);
        ASSERT(!waits || of.watches, "{} waits for a ring that nobody asks for", sequence);
        ASSERT(!state.down.contains(sequence) || (waits && !of.uncertain()), "{}", sequence);
        watching += of.watches ? 1 : 0;
        bytes += of.bytes();
    }
    ASSERT(watching == state.watching, "{} watch, {} counted", watching, state.watching);
    ASSERT(bytes == state.bytes, "{} bytes, {} counted", bytes, state.bytes);
    for (const OperationId sequence : state.down) ASSERT(state.pending.contains(sequence));
    for (const OperationId sequence : state.writes) ASSERT(state.pending.at(sequence).is_write());
    for (const OperationId sequence : state.made_up) ASSERT(state.pending.contains(sequence));
    ASSERT(state.ended.empty() || state.pending.empty());
}

}  // namespace grapevine
