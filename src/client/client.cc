#include "client/client.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/assert.h"
#include "base/hash.h"
#include "base/rng.h"
#include "client/backoff.h"
#include "client/outcome_text.h"
#include "client/peer_table.h"
#include "client/pending.h"
#include "client/ring_poller.h"

namespace grapevine {

namespace {

using Sequence = OperationId;

// Silence of the same primary counts later each time, up to so many doublings: a slow write or a
// slow link is not helped by copies of the request.
constexpr std::uint32_t silence_doublings_max = 3;
// A large value takes its time: 16 KiB/ms is an eighth of a gigabit link.
constexpr std::size_t value_bytes_per_ms = 16 * 1024;
// A link over which nothing came for so many attempt_timeouts is made anew: after a cut, TCP may
// wait for many seconds before it tries again.
constexpr int silences_per_link = 4;

std::uint32_t deadline_ms(Duration left) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, ms));
}

Trouble trouble_of(Status refusal) {
    switch (refusal) {
        case Status::not_primary:
            return Trouble::not_primary;
        case Status::no_lease:
            return Trouble::no_lease;
        case Status::unavailable:
            return Trouble::unavailable;
        case Status::bad_stamp:
            return Trouble::bad_stamp;
        case Status::below_floor:
            return Trouble::below_floor;
        default:
            return Trouble::busy;
    }
}

OutcomeKind kind_of(Status answer) {
    switch (answer) {
        case Status::not_found:
            return OutcomeKind::not_found;
        case Status::condition_failed:
            return OutcomeKind::condition_failed;
        default:
            return OutcomeKind::ok;
    }
}

std::string_view answer_text(Status answer) {
    switch (answer) {
        case Status::not_found:
            return "there is no such key";
        case Status::condition_failed:
            return "the condition does not hold; nothing was changed";
        default:
            return "";
    }
}

Outcome without_answer(OutcomeKind kind, std::string detail) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.detail = std::move(detail);
    return outcome;
}

}  // namespace

struct Client::State {
    State(ClientConfig given, std::uint64_t seed);

    // Inputs.
    Sequence submit(Time now, Operation operation);
    void on(Time now, Address from, const Reply& reply);
    void on(Time now, Address from, const RingReply& reply);
    void on(Time now, Address from, const ErrorReply& reply);
    template <class Other>
    void on(Time, Address, const Other&) {}  // asked for by the host, not by this core
    void link_failed(Time now, Address peer);
    void tick(Time now);
    void finish_batch(Time now);

    // Routing.
    void route(Time now, Sequence sequence, Pending& pending);
    void send(Time now, Sequence sequence, Pending& pending, Address to);
    void wait(Sequence sequence, Pending& pending, Trouble trouble, Pending::Waiting waiting);
    void pause(Time now, Sequence sequence, Pending& pending, Trouble trouble);
    void wait_while_down(Sequence sequence, Pending& pending);
    void set_due(Sequence sequence, Pending& pending, Time due);
    [[nodiscard]] const Member* primary_of(const Pending& pending) const;
    [[nodiscard]] PartitionId partition_of(const Pending& pending) const;
    [[nodiscard]] std::uint64_t floor_for(Sequence sequence) const;

    // What comes back.
    void refused(Time now, Address from, Sequence sequence, const Reply& reply);
    void stamp_refused(Time now, Sequence sequence, Pending& pending);
    void learn_stamp(const Pending& pending, const Reply& reply);
    void adopt(Time now, Address from, const RingPtr& ring);
    void silent(Time now, Address peer);
    void lose_link(Time now, Address peer);
    void due(Time now, Sequence sequence);

    // Ends.
    void complete(Sequence sequence, Outcome outcome);
    void complete_without_answer(Sequence sequence, OutcomeKind kind, std::string detail);
    void expire(Sequence sequence);
    void end_what_is_down();
    void end_handle(Address from, ClusterId other);

    // The sequences of those in `pending` that are meant, ascending.
    template <class Meant>
    [[nodiscard]] std::vector<Sequence> in_order(Meant meant) const;
    [[nodiscard]] Epoch epoch() const { return ring ? ring->epoch : Epoch{}; }
    [[nodiscard]] RingPoller::Need need() const;

    ClientConfig config;
    Rng rng;
    Backoff backoff;
    PeerTable peers;
    RingPoller poller;
    RingPtr ring;
    std::optional<Epoch> ring_wanted;  // by want_ring(): newer than this
    std::string ended;                 // why; empty: it has not
    std::string last_error;

    Sequence last_sequence = 0;
    std::unordered_map<Sequence, Pending> pending;
    std::size_t bytes = 0;                       // of keys and values in `pending`
    std::set<std::pair<Time, Sequence>> timers;  // one for each in `pending`
    std::set<Sequence> writes;                   // in `pending`
    std::set<Sequence> down;                     // wait for word that their partition is down
    std::size_t watching = 0;                    // how many in `pending` want a newer ring
    Time confirm_after = Time::min();            // the latest that one of them asked for
    std::vector<std::int64_t> stamps;            // by partition; -1: none yet
    std::map<std::pair<Address, bool>, std::size_t> resent;  // for notes: (to, other than before)
    ClientEffects effects;
};

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

template <class Meant>
std::vector<Sequence> Client::State::in_order(Meant meant) const {
    std::vector<Sequence> sequences;
    for (const auto& [sequence, of] : pending) {
        if (meant(of)) sequences.push_back(sequence);
    }
    std::ranges::sort(sequences);
    return sequences;
}

// ---- Inputs ------------------------------------------------------------------------------------

Sequence Client::State::submit(Time now, Operation operation) {
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
    Pending& added = pending[sequence];
    added.slot = slot_of_key(operation.key);
    added.started = now;
    added.deadline = now + operation.deadline;
    added.due = added.deadline;
    added.operation = std::move(operation);
    bytes += size;
    timers.emplace(added.due, sequence);
    if (added.is_write()) writes.insert(sequence);
    route(now, sequence, added);
    return sequence;
}

void Client::State::on(Time now, Address from, const Reply& reply) {
    last_error.clear();
    const auto found = pending.find(reply.sequence);
    if (found == pending.end()) return;  // answered by another attempt
    learn_stamp(found->second, reply);
    if (!is_answer(reply.status)) return refused(now, from, reply.sequence, reply);
    complete(reply.sequence, {.kind = kind_of(reply.status),
                              .value = reply.value,
                              .version = reply.version,
                              .server = peers.id(from),
                              .server_name = peers.name(from),
                              .detail = std::string(answer_text(reply.status))});
}

void Client::State::on(Time now, Address from, const RingReply& reply) {
    last_error.clear();
    const RingPtr& told = reply.ring;
    if (told && ring && told->cluster != ring->cluster) return end_handle(from, told->cluster);
    const bool newer = told && told->epoch > epoch();
    poller.answered(now, from, newer);
    if (newer) adopt(now, from, told);
}

void Client::State::on(Time, Address from, const ErrorReply& reply) {
    last_error = fmt::format("{} says: {}", from, reply.message);
    effects.notes.push_back(last_error);
}

void Client::State::link_failed(Time now, Address peer) {
    effects.notes.push_back(
        fmt::format("the link to {} could not be made, or ended", peers.describe(peer)));
    peers.failed(now, peer);
    poller.dropped(peer);
    lose_link(now, peer);
}

void Client::State::tick(Time now) {
    for (const Address peer : poller.expire(now)) silent(now, peer);
    while (!timers.empty() && timers.begin()->first <= now) due(now, timers.begin()->second);
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

// ---- Routing -----------------------------------------------------------------------------------

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

// ---- What comes back ---------------------------------------------------------------------------

void Client::State::learn_stamp(const Pending& of, const Reply& reply) {
    if (reply.stamp_ms < 0 || !ring || stamps.empty()) return;
    std::int64_t& stamp = stamps[partition_of(of).value];
    // A fresh one is right even where it is lower: the other was from the future.
    const bool fresh = reply.status == Status::bad_stamp;
    stamp = fresh ? reply.stamp_ms : std::max(stamp, reply.stamp_ms);
}

void Client::State::refused(Time now, Address from, Sequence sequence, const Reply& reply) {
    Pending& of = pending.at(sequence);
    if (!of.refused_by(from)) return;
    if (reply.epoch > epoch()) poller.hint(from);
    // Of an attempt that was given up, or one of several: the latest decides.
    const auto* const sent = std::get_if<Pending::Sent>(&of.state);
    if (sent == nullptr && of.trouble == Trouble::down) return wait_while_down(sequence, of);
    if (sent == nullptr || sent->to != from || of.open_at(from)) return;

    of.trouble = trouble_of(reply.status);
    switch (reply.status) {
        case Status::bad_stamp:
            return stamp_refused(now, sequence, of);
        case Status::below_floor:
            if (!of.is_write()) break;
            return complete_without_answer(sequence, OutcomeKind::unknown,
                                           explain_unknown_refusal(of, reply.status));
        case Status::too_large:
        case Status::malformed:
            if (of.uncertain()) break;
            return complete_without_answer(
                sequence, OutcomeKind::invalid,
                fmt::format("{} refused the request as {}; nothing was changed",
                            peers.describe(from),
                            reply.status == Status::too_large ? "too large" : "malformed"));
        case Status::unavailable:
            if (of.uncertain() || reply.epoch < epoch()) break;
            return complete_without_answer(
                sequence, OutcomeKind::unavailable,
                explain_down(ring->entry(partition_of(of)), *ring, reply.epoch));
        case Status::not_primary:
            // Its ring is being fetched, and routes this anew.
            if (reply.epoch <= epoch()) break;
            return wait(sequence, of, of.trouble, {.retry_at = now + config.retry_pause_max});
        default:
            break;
    }
    pause(now, sequence, of, of.trouble);
}

void Client::State::stamp_refused(Time now, Sequence sequence, Pending& of) {
    if (of.uncertain()) {
        return complete_without_answer(sequence, OutcomeKind::unknown,
                                       explain_unknown_refusal(of, Status::bad_stamp));
    }
    // The first write to a partition always comes this way.
    if (!std::exchange(of.stamp_renewed, true)) return route(now, sequence, of);
    pause(now, sequence, of, Trouble::bad_stamp);
}

void Client::State::adopt(Time now, Address from, const RingPtr& newer) {
    ring = newer;
    effects.new_ring = newer;
    effects.notes.push_back(fmt::format("ring {} from {}", ring->epoch, peers.describe(from)));
    if (ring_wanted && ring->epoch > *ring_wanted) ring_wanted.reset();
    stamps.resize(ring->partitions(), -1);
    for (const Address gone : peers.adopt(*ring)) {
        effects.disconnects.push_back(gone);
        poller.dropped(gone);
        for (auto& [sequence, of] : pending) of.lose(gone);
    }
    const auto displaced = in_order([&](const Pending& of) {
        const auto* const sent = std::get_if<Pending::Sent>(&of.state);
        const Member* const primary = ring->genesis ? primary_of(of) : nullptr;
        return sent == nullptr || primary == nullptr || primary->address != sent->to;
    });
    for (const Sequence sequence : displaced) route(now, sequence, pending.at(sequence));
}

void Client::State::silent(Time now, Address peer) {
    if (peers.silent(now, peer)) {
        effects.notes.push_back(fmt::format(
            "{} did not answer within {} ms", peers.describe(peer),
            std::chrono::ceil<std::chrono::milliseconds>(config.attempt_timeout).count()));
        // Somebody else is asked in its place.
        poller.dropped(peer);
    } else if (now - peers.silent_since(peer) >= config.attempt_timeout * silences_per_link) {
        effects.notes.push_back(fmt::format("a new link to {}", peers.describe(peer)));
        effects.disconnects.push_back(peer);
        poller.dropped(peer);
        peers.heard(peer);
        peers.failed(now, peer);
        lose_link(now, peer);
    }
}

// The attempts that went over the link to this peer may or may not have been executed.
void Client::State::lose_link(Time now, Address peer) {
    for (const Sequence sequence : in_order([&](const Pending& of) { return of.open_at(peer); })) {
        Pending& of = pending.at(sequence);
        of.lose(peer);
        const auto* const sent = std::get_if<Pending::Sent>(&of.state);
        if (sent != nullptr && sent->to == peer) route(now, sequence, of);
    }
}

void Client::State::due(Time now, Sequence sequence) {
    Pending& of = pending.at(sequence);
    if (now >= of.deadline) return expire(sequence);
    if (const auto* const sent = std::get_if<Pending::Sent>(&of.state)) {
        const Address to = sent->to;
        wait(sequence, of, Trouble::silent,
             {.retry_at = now + backoff.draw(rng, of.silences++), .confirm_after = now});
        return silent(now, to);
    }
    const Time confirm = std::get<Pending::Waiting>(of.state).confirm_after;
    if (poller.confirmed_at() >= confirm) return route(now, sequence, of);
    wait(sequence, of, of.trouble,
         {.retry_at = now + backoff.draw(rng, of.pauses++), .confirm_after = confirm});
}

// ---- Ends --------------------------------------------------------------------------------------

void Client::State::complete(Sequence sequence, Outcome outcome) {
    const auto found = pending.find(sequence);
    Pending& of = found->second;
    outcome.attempts = of.attempts;
    bytes -= of.bytes();
    timers.erase({of.due, sequence});
    down.erase(sequence);
    writes.erase(sequence);
    if (of.watches) --watching;
    pending.erase(found);
    effects.completions.push_back({sequence, std::move(outcome)});
}

void Client::State::complete_without_answer(Sequence sequence, OutcomeKind kind,
                                            std::string detail) {
    complete(sequence, without_answer(kind, std::move(detail)));
}

// The deadline has passed.
void Client::State::expire(Sequence sequence) {
    const Pending& of = pending.at(sequence);
    const Member* const primary = ring && ring->genesis ? primary_of(of) : nullptr;
    std::string detail = explain_no_answer(
        of, {.seeds = config.seeds,
             .primary = primary == nullptr ? "" : peers.describe(primary->address),
             .last_error = last_error});
    const auto kind = of.uncertain() ? OutcomeKind::unknown : OutcomeKind::unavailable;
    complete_without_answer(sequence, kind, std::move(detail));
}

// Those whose partition is down by a ring that was confirmed after they began. Sequences are in the
// order of time.
void Client::State::end_what_is_down() {
    while (!down.empty()) {
        const Sequence sequence = *down.begin();
        const Pending& of = pending.at(sequence);
        if (of.started > poller.confirmed_at()) return;
        complete_without_answer(sequence, OutcomeKind::unavailable,
                                explain_down(ring->entry(partition_of(of)), *ring, epoch()));
    }
}

void Client::State::end_handle(Address from, ClusterId other) {
    ended = fmt::format(
        "{} is in cluster {:016x}, and this handle was opened in cluster {:016x}: open a new one",
        peers.describe(from), other.value, ring->cluster.value);
    effects.notes.push_back(ended);
    for (const Sequence sequence : in_order([](const Pending&) { return true; })) {
        const bool uncertain = pending.at(sequence).uncertain();
        complete_without_answer(
            sequence, uncertain ? OutcomeKind::unknown : OutcomeKind::ended,
            ended + (uncertain ? "; the write may or may not have taken effect: read the key"
                                 " before writing it again"
                               : "; nothing was changed"));
    }
}

// ---- The class ---------------------------------------------------------------------------------

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

void Client::receive(Time now, Address from, const ServerMessage& message) {
    if (!state_->ended.empty()) return;
    state_->peers.heard(from);
    std::visit([&](const auto& body) { state_->on(now, from, body); }, message);
    state_->finish_batch(now);
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

ClientEffects Client::take_effects() {
    return std::exchange(state_->effects, {});
}

Time Client::next_deadline() const {
    const State& state = *state_;
    if (!state.ended.empty()) return never;
    const Time timer = state.timers.empty() ? never : state.timers.begin()->first;
    return std::min(timer, state.poller.next_deadline());
}

const RingPtr& Client::ring() const {
    return state_->ring;
}

std::size_t Client::in_flight() const {
    return state_->pending.size();
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
    for (const Sequence sequence : state.down) ASSERT(state.pending.contains(sequence));
    for (const Sequence sequence : state.writes) ASSERT(state.pending.at(sequence).is_write());
    ASSERT(state.ended.empty() || state.pending.empty());
}

}  // namespace grapevine
