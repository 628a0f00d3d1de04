// What comes back: answers, refusals, rings and silence; and how operations end.

#include <chrono>

#include "client/client_state.h"
#include "client/outcome_text.h"
#include "ring/ring.h"

namespace grapevine {

namespace {

// A link over which nothing came for so many attempt_timeouts is made anew: after a cut, TCP may
// wait for many seconds before it tries again.
constexpr int silences_per_link = 4;

Trouble trouble_of(Status refusal) {
    switch (refusal) {
        case Status::not_primary:
            return Trouble::not_primary;
        case Status::no_lease:
        case Status::lapsed:
            return Trouble::no_lease;
        case Status::unavailable:
            return Trouble::unavailable;
        case Status::bad_stamp:
            return Trouble::bad_stamp;
        case Status::below_floor:
            return Trouble::below_floor;
        case Status::full:
            return Trouble::full;
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

}  // namespace

void Client::State::on(Time now, Address from, Reply&& reply) {
    peers.answered(now, from);
    last_error.clear();
    const auto found = pending.find(reply.sequence);
    if (found == pending.end()) return;  // answered by another attempt
    learn_stamp(found->second, reply);
    if (!is_answer(reply.status)) return refused(now, from, reply.sequence, reply);
    note_long_answer(now, reply.sequence, found->second, reply);
    const bool restarted = reply.status == Status::not_found && ring &&
                           ring->entry(partition_of(found->second)).generation != Generation{};
    complete(reply.sequence, {.kind = kind_of(reply.status),
                              .value = std::move(reply.value),
                              .version = reply.version,
                              .server = peers.id(from),
                              .server_name = peers.name(from),
                              .detail = std::string(answer_text(reply.status)),
                              .restarted = restarted});
}

void Client::State::on(Time now, Address from, const RingReply& reply) {
    last_error.clear();
    if (is_foreign(reply)) {
        if (find_ancestor(ring->ancestors, reply.ring->cluster) == nullptr)
            return end_handle(from, *reply.ring);
        effects.notes.push_back(fmt::format(
            "{} was left behind in cluster {:016x}, which this one was founded anew from",
            peers.describe(from), reply.ring->cluster.value));
        return give_link_up(now, from);
    }
    const RingPtr& told = reply.ring;
    const bool newer = told && told->epoch > epoch();
    poller.answered(now, from, newer);
    if (newer) adopt(now, from, told);
}

void Client::State::learn_stamp(const Pending& of, const Reply& reply) {
    if (reply.stamp_ms < 0 || !ring || stamps.empty()) return;
    std::int64_t& stamp = stamps[partition_of(of).value];
    // A fresh one is right even where it is lower: the other was from the future.
    const bool fresh = reply.status == Status::bad_stamp;
    stamp = fresh ? reply.stamp_ms : std::max(stamp, reply.stamp_ms);
}

void Client::State::refused(Time now, Address from, Sequence sequence, const Reply& reply) {
    Pending& of = pending.at(sequence);
    if (!of.refused_by(from, reply.status == Status::lapsed)) return;
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
                fmt::format("{} refused the request as {}{}", peers.describe(from),
                            reply.status == Status::too_large ? "too large" : "malformed",
                            of.is_write() ? "; nothing was changed" : ""));
        case Status::full:
            if (of.uncertain()) break;
            return complete(sequence, full(peers.describe(from)));
        case Status::unavailable:
            if (of.uncertain() || reply.epoch < epoch()) break;
            return complete_without_answer(
                sequence, OutcomeKind::unavailable,
                explain_down(of, ring->entry(partition_of(of)), *ring, reply.epoch));
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
        peers.heard(peer);
        give_link_up(now, peer);
    }
}

void Client::State::give_link_up(Time now, Address peer) {
    effects.disconnects.push_back(peer);
    poller.dropped(peer);
    peers.failed(now, peer);
    lose_link(now, peer);
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
        // Answers to what was sent before are still coming: it is not silent, its link is busy.
        if (const Time answered_at = peers.answered_at(to);
            answered_at > Time::min() && now < answered_at + config.attempt_timeout) {
            return set_due(sequence, of, answered_at + config.attempt_timeout);
        }
        wait(sequence, of, Trouble::silent,
             {.retry_at = now + backoff.draw(rng, of.silences++), .confirm_after = now});
        return silent(now, to);
    }
    const Time confirm = std::get<Pending::Waiting>(of.state).confirm_after;
    if (poller.confirmed_at() >= confirm) return route(now, sequence, of);
    wait(sequence, of, of.trouble,
         {.retry_at = now + backoff.draw(rng, of.pauses++), .confirm_after = confirm});
}

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
    if (made_up.erase(sequence) > 0) return;
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
    Outcome outcome = without_answer(
        of.uncertain() ? OutcomeKind::unknown : OutcomeKind::unavailable, std::move(detail));
    outcome.busy = !of.uncertain() && of.trouble == Trouble::busy;
    complete(sequence, std::move(outcome));
}

// Those whose partition is down by a ring that was confirmed after they began. Sequences are in the
// order of time.
void Client::State::end_what_is_down() {
    while (!down.empty()) {
        const Sequence sequence = *down.begin();
        const Pending& of = pending.at(sequence);
        if (of.started > poller.confirmed_at()) return;
        complete_without_answer(sequence, OutcomeKind::unavailable,
                                explain_down(of, ring->entry(partition_of(of)), *ring, epoch()));
    }
}

void Client::State::end_handle(Address from, const Ring& other) {
    const bool is_heir = find_ancestor(other.ancestors, ring->cluster) != nullptr;
    end(fmt::format(
        "{} is in cluster {:016x}, which {} cluster {:016x}, where this client began: "
        "start a new one",
        peers.describe(from), other.cluster.value,
        is_heir ? "has taken the place of" : "has nothing to do with", ring->cluster.value));
}

void Client::State::end(const std::string& why) {
    ASSERT(!why.empty());
    ended = why;
    unconfirmed.clear();
    confirm_at = never;
    effects.notes.push_back(ended);
    for (const Sequence sequence : in_order([](const Pending&) { return true; })) {
        const bool uncertain = pending.at(sequence).uncertain();
        complete_without_answer(
            sequence, uncertain ? OutcomeKind::unknown : OutcomeKind::ended,
            ended + (uncertain ? "; the write may or may not have taken effect: read the key"
                                 " before writing it again"
                               : ""));
    }
}

}  // namespace grapevine
