#include "replication/primary.h"

#include <algorithm>

#include "base/assert.h"
#include "replication/refusal.h"

namespace grapevine {

namespace {

constexpr Duration ask_pause_max = 2s;

}  // namespace

// --- taking over ---

void Primary::take_over(Scope& scope) {
    drop_waiters(scope);
    gather(scope, scope.now);
    reset_peers(scope);
    if (std::get<Gathering>(phase_).missing.empty()) confirm(scope);
}

void Primary::gather(Scope& scope, Time ask_at) {
    PartitionLog& log = scope.replica.log;
    if (scope.context.has(Bug::drop_own_unfinished)) log.start(log.base(), log.base_stamp_ms());
    Gathering gathering{.missing = {},
                        .ask_at = ask_at,
                        .pause = scope.context.config.resend,
                        .watermark = log.watermark(),
                        .found = {}};
    for (const NodeId copy : scope.entry.copies) {
        if (copy != scope.context.self) gathering.missing.insert(copy);
    }
    phase_ = std::move(gathering);
    has_backlog_ = false;  // all wait for activation
}

void Primary::carry_on(Scope& scope) {
    ASSERT(active());
    reset_peers(scope);
    advance(scope);  // a member that held writes up may have left
}

void Primary::retire(Scope& scope) {
    for (const Waiting& waiting : waiting_) {
        scope.context.pending_bytes -=
            std::min(scope.context.pending_bytes, weight(waiting.request));
        turn_away(scope, waiting, Status::not_primary);
    }
    drop_waiters(scope);
    for (auto& [id, peer] : peers_) rewind(scope, peer);
}

// Whoever ordered next may finish what is pending, so nobody is told that it was refused.
void Primary::drop_waiters(Scope& scope) {
    std::uint64_t counted = 0;  // the operation whose bytes are subtracted
    for (const Waiter& waiter : waiters_) {
        refuse(scope, waiter.connection, waiter.sequence, Status::lapsed);
        if (std::exchange(counted, waiter.counter) == waiter.counter) continue;
        const std::size_t bytes = weight(scope.replica.log.at(waiter.counter));
        scope.context.pending_bytes -= std::min(scope.context.pending_bytes, bytes);
    }
    waiters_.clear();
    pending_.clear();
}

void Primary::reset_peers(Scope& scope) {
    const std::uint64_t watermark = scope.replica.log.watermark();
    tell_soon(scope);
    auto before = std::exchange(peers_, {});
    peers_.reserve(before.size());
    for (const NodeId copy : scope.entry.copies) {
        // A copy holds all that is committed.
        if (copy == scope.context.self) continue;
        peers_.emplace_back(copy, Peer{.sent = watermark,
                                       .acked = watermark,
                                       .told = 0,
                                       .progress_at = scope.now,
                                       .resends = 0,
                                       .stream = std::nullopt});
    }
    for (const Fill& fill : scope.entry.fills) {
        const FillSession session{scope.entry.tenure, fill.opened};
        Peer& peer = peers_.emplace_back(fill.id, Peer{}).second;
        peer.progress_at = scope.now;
        const auto old = std::ranges::find(before, fill.id, &std::pair<NodeId, Peer>::first);
        if (old != before.end() && old->second.stream && old->second.stream->session() == session) {
            peer.stream = std::move(old->second.stream);
            old->second.stream.reset();
            peer.stream->rewind(scope);
            if (peer.stream->started()) peer.sent = peer.acked = watermark;
        } else {
            peer.stream.emplace(fill.id, session);
        }
    }
    for (auto& [id, peer] : before) rewind(scope, peer);
}

Primary::Peer* Primary::find_peer(NodeId id) {
    for (auto& [peer, state] : peers_) {
        if (peer == id) return &state;
    }
    return nullptr;
}

void Primary::gathered(Scope& scope, NodeId from, const Gathered::Part& part) {
    auto* gathering = std::get_if<Gathering>(&phase_);
    if (gathering == nullptr || gathering->missing.erase(from) == 0) return;
    if (part.stepped_down) lease_wait_until_ = Time::min();
    gathering->watermark = std::max(gathering->watermark, part.watermark);
    for (const OpPtr& op : part.unfinished) {
        gathering->found.try_emplace(op->version.counter, op);
    }
    if (gathering->missing.empty()) confirm(scope);
}

void Primary::confirm(Scope& scope) {
    Gathering gathering = std::move(std::get<Gathering>(phase_));
    PartitionLog& log = scope.replica.log;
    for (auto& [counter, op] : gathering.found) {
        if (counter == log.held() + 1) log.append(std::move(op));
    }
    // What some copy knows to be committed, every copy holds. Where one says otherwise, it is asked
    // again: whoever spoke in its name costs time, and a false answer of its own costs no data.
    if (gathering.watermark > log.held()) {
        scope.context.log.push_back(
            {LogLevel::error,
             fmt::format("partition {}: a copy says that {} is committed, and nobody holds more "
                         "than {}; asking again",
                         scope.replica.id, gathering.watermark, log.held())});
        gather(scope, scope.now + ask_pause_max);
        return;
    }
    phase_ = Confirming{log.held()};
    while (log.watermark() < gathering.watermark) commit_oldest(scope, Time::min());
    reset_peers(scope);
    advance(scope);
}

void Primary::activate(Scope& scope) {
    phase_ = Active{scope.context.ring->epoch};
    // Partition time continues from the last replicated value, never faster than this clock.
    time_base_ms_ = scope.replica.log.last_stamp_ms();
    time_base_at_ = scope.now;
    swept_ = 0;
    serve_waiting(scope);
}

// --- committing ---

void Primary::advance(Scope& scope) {
    PartitionLog& log = scope.replica.log;
    if (std::holds_alternative<Gathering>(phase_)) return;
    std::uint64_t target = log.held();
    std::uint64_t but_one = log.held();  // held by all but the slowest
    for (const auto& [id, peer] : peers_) {
        const std::uint64_t acked = peer.started() ? peer.acked : log.watermark();
        but_one = std::min(but_one, std::max(target, acked));
        target = std::min(target, acked);
    }
    if (scope.context.has(Bug::answer_before_last_ack)) target = but_one;
    if (target > log.watermark()) {
        const Time valid_until = written_until(scope);
        while (log.watermark() < target) commit_oldest(scope, valid_until);
        tell_soon(scope);
    }
    const auto* confirming = std::get_if<Confirming>(&phase_);
    if (confirming != nullptr && log.watermark() >= confirming->up_to &&
        scope.now >= lease_wait_until_) {
        activate(scope);
    }
    const bool may_go_on = first_behind_ != 0 && log.watermark() >= first_behind_;
    if (may_go_on && !has_backlog_) serve_waiting(scope);
}

void Primary::commit_oldest(Scope& scope, Time valid_until) {
    Context& context = scope.context;
    const OpPtr oldest = scope.replica.log.take_oldest();
    const Op& op = *oldest;
    apply_committed(context.store, scope.replica.id, op);
    remember(context, scope.replica, op);
    if (waiters_.empty() || waiters_.front().counter != op.version.counter) return;
    for (; !waiters_.empty() && waiters_.front().counter == op.version.counter;
         waiters_.pop_front()) {
        const Waiter& waiter = waiters_.front();
        Reply reply{.sequence = waiter.sequence,
                    .status = op.answer.status,
                    .version = op.answer.version,
                    .epoch = context.ring->epoch,
                    .stamp_ms = op.stamp_ms,
                    .value = {}};
        if (op.more) reply.value = op.more->reply;
        // Committed, but no longer ours to say so: the client asks again, and is answered from
        // what is remembered.
        const bool lapsed = scope.now >= valid_until;
        if (lapsed) {
            reply.status = Status::lapsed;
            reply.value = {};
        }
        context.out.reply(waiter.connection, std::move(reply), lapsed ? never : valid_until);
    }
    pending_.remove(op.client, op.sequence);
    context.pending_bytes -= std::min(context.pending_bytes, weight(op));
}

void Primary::acked(Scope& scope, NodeId from, const Replicate::Ack& ack) {
    Peer* const found = find_peer(from);
    if (found == nullptr || !found->started()) return;
    Peer& peer = *found;
    if (ack.held > scope.replica.log.held()) return;  // not of this order
    if (ack.held > peer.acked) {
        peer.acked = ack.held;
        peer.sent = std::max(peer.sent, peer.acked);
        peer.progress_at = scope.now;
        peer.resends = 0;
    }
    if (ack.gap) {  // what it was told before may have been missed as well
        peer.sent = peer.acked;
        peer.told = 0;
        tell_soon(scope);
    }
    advance(scope);
}

Time Primary::lease_until(const Scope& scope) const {
    const auto* active = std::get_if<Active>(&phase_);
    return active == nullptr ? Time::min() : scope.context.lease(scope.now, active->from);
}

Time Primary::written_until(const Scope& scope) const {
    const bool is_alone = active() && peers_.empty();
    if (is_alone && scope.context.has(Bug::ack_without_lease_alone)) return never;
    return lease_until(scope);
}

// --- fills ---

void Primary::fill_acked(Scope& scope, NodeId from, const FillAck& ack) {
    Peer* const found = find_peer(from);
    if (found == nullptr || !found->stream) return;
    Peer& peer = *found;
    if (peer.stream->session() != ack.session) return;
    const bool was_started = peer.stream->started();
    if (!peer.stream->acked(scope, ack) || was_started) return;
    // No write was committed since the member is in the write set, so the base is where we are.
    peer.sent = peer.acked = scope.replica.log.watermark();
    peer.progress_at = scope.now;
    advance(scope);
}

void Primary::report_complete(const Scope& scope, std::vector<FillReport>& reports) const {
    if (!may_stream(scope)) return;
    for (const auto& [id, peer] : peers_) {
        if (peer.stream && peer.stream->complete()) {
            reports.push_back(
                {scope.replica.id, scope.entry.since, peer.stream->session().opened, id});
        }
    }
}

void Primary::add_to_send(const Scope& scope, std::map<NodeId, std::uint64_t>& keys) const {
    for (const auto& [id, peer] : peers_) {
        if (peer.stream) keys[id] += peer.stream->keys_left(scope);
    }
}

bool Primary::may_stream(const Scope& scope) const {
    return active() || scope.context.has(Bug::report_before_active);
}

// --- sending ---

void Primary::link_reset(Scope& scope, NodeId peer) {
    auto* gathering = std::get_if<Gathering>(&phase_);
    if (gathering != nullptr && gathering->missing.contains(peer)) {
        gathering->ask_at = scope.now;
        gathering->pause = scope.context.config.resend;
    }
    Peer* const found = find_peer(peer);
    if (found == nullptr || scope.context.has(Bug::gap_unnoticed)) return;
    rewind(scope, *found);
}

void Primary::tell_soon(const Scope& scope) {
    tell_at_ = std::min(tell_at_, scope.now + scope.context.config.watermark_delay);
}

void Primary::rewind(Scope& scope, Peer& peer) {
    peer.sent = peer.acked;
    peer.told = 0;
    tell_soon(scope);
    peer.progress_at = scope.now;
    if (peer.stream) peer.stream->rewind(scope);
}

// never: nothing waits for an acknowledgement.
Time Primary::resend_at(const Scope& scope, const Peer& peer) const {
    if (!peer.started() || peer.acked >= peer.sent) return never;
    return peer.progress_at +
           resend_patience(scope.context.config, scope.replica.log.bytes(), peer.resends);
}

void Primary::tick(Scope& scope) {
    for (auto& [id, peer] : peers_) {
        if (scope.now >= resend_at(scope, peer)) {
            peer.sent = peer.acked;
            peer.progress_at = scope.now;
            ++peer.resends;
        }
        if (peer.stream && peer.stream->started() && scope.now >= peer.stream->resend_at()) {
            peer.stream->resend(scope);
        }
    }
    advance(scope);
    expire_waiting(scope);
    const bool has_lease = lease_until(scope) > scope.now;
    if (has_backlog_ && !has_lease) give_up_backlog(scope);
    if (!has_backlog_ && has_lease && !waiting_.empty()) serve_waiting(scope);
    if (scope.now >= forget_at(scope)) keep_time(scope, partition_time(scope.now));
    if (const auto in_ms = sweep_in_ms(scope); in_ms && *in_ms <= 0) sweep(scope);
}

void Primary::flush(Scope& scope) {
    if (auto* gathering = std::get_if<Gathering>(&phase_)) {
        if (scope.context.has(Bug::report_before_active)) stream_to_fills(scope);
        if (scope.now < gathering->ask_at) return;
        for (const NodeId id : gathering->missing) scope.context.out.send(id, scope.ref());
        gathering->ask_at = scope.now + gathering->pause;
        gathering->pause = std::min(gathering->pause * 2, ask_pause_max);
        return;
    }
    for (auto& [id, peer] : peers_) flush_peer(scope, id, peer);
    if (scope.now >= tell_at_) tell_at_ = never;
}

void Primary::flush_peer(Scope& scope, NodeId id, Peer& peer) {
    if (!peer.started()) {
        if (scope.now >= peer.stream->resend_at()) peer.stream->send_base(scope);
        return;
    }
    const PartitionLog& log = scope.replica.log;
    const bool tell = scope.now >= tell_at_ && peer.told < log.watermark();
    // Operations above the watermark only: what is below, the peer holds.
    peer.sent = std::max(peer.sent, log.watermark());
    while (peer.sent < log.held() || tell) {
        if (peer.acked == peer.sent) peer.progress_at = scope.now;
        const Replicate::Part part{scope.ref(), peer.sent, log.watermark()};
        peer.sent += scope.context.out.send(id, part, log, scope.context.config.batch_bytes);
        peer.told = log.watermark();
        if (peer.sent == log.held()) break;
    }
    if (peer.stream && may_stream(scope)) peer.stream->pump(scope);
}

// The planted bug: while the unfinished operations are still being gathered.
void Primary::stream_to_fills(Scope& scope) {
    for (auto& [id, peer] : peers_) {
        if (!peer.stream) continue;
        if (peer.stream->started()) {
            peer.stream->pump(scope);
        } else if (scope.now >= peer.stream->resend_at()) {
            peer.stream->send_base(scope);
        }
    }
}

Time Primary::next_deadline(const Scope& scope) const {
    if (const auto* gathering = std::get_if<Gathering>(&phase_)) return gathering->ask_at;
    Time due = tell_at_;
    const auto* confirming = std::get_if<Confirming>(&phase_);
    if (confirming != nullptr && scope.replica.log.watermark() >= confirming->up_to) {
        due = std::min(due, lease_wait_until_);
    }
    for (const auto& [id, peer] : peers_) {
        due = std::min(due, resend_at(scope, peer));
        if (peer.stream) due = std::min(due, peer.stream->resend_at());
    }
    if (has_backlog_) due = std::min(due, lease_until(scope));
    for (const Waiting& waiting : waiting_) due = std::min(due, waiting.until);
    if (scope.context.store.any_expires()) due = std::min(due, look_for_due_at(scope));
    return std::min(due, forget_at(scope));
}

void Primary::invariants(const Scope& scope) const {
    const PartitionLog& log = scope.replica.log;
    for (const auto& [id, peer] : peers_) {
        ASSERT(peer.sent <= log.held() && peer.acked <= peer.sent, "peer {}: {} <= {} <= {}", id,
               peer.acked, peer.sent, log.held());
        ASSERT(scope.entry.writes_to(id), "{}", id);
    }
    ASSERT(!has_backlog_ || !waiting_.empty());
    for (const Waiter& waiter : waiters_) {
        ASSERT(waiter.counter > log.watermark() && waiter.counter <= log.held(), "{}",
               waiter.counter);
    }
}

}  // namespace grapevine
