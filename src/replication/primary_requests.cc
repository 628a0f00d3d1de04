// The part of the primary that talks to clients: waiting, reading, judging and ordering writes.

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/limits.h"
#include "replication/primary.h"

namespace grapevine {

namespace {

// One operation is asked for by its client alone, so few connections attach to it.
constexpr std::ptrdiff_t waiters_max = 16;

// An attempt that was routed by a ring from before this tenure may be a late one of an operation
// that has ended: its client was told that no copy was up and nothing was changed; or it was
// answered before a loss was accepted, and the remembered ids are gone. Whoever still waits for an
// answer learns the ring and sends again.
bool predates_tenure(const Entry& entry, const Request& request) {
    return request.epoch < entry.tenure;
}

}  // namespace

void Primary::refuse(Scope& scope, ConnectionId connection, std::uint64_t sequence,
                     Status status) const {
    Reply reply{.sequence = sequence,
                .status = status,
                .version = {},
                .epoch = scope.context.ring->epoch,
                .stamp_ms = -1,
                .value = {}};
    scope.context.out.reply(connection, std::move(reply));
}

void Primary::request(Scope& scope, ConnectionId connection, Request&& request) {
    if (request.kind == OperationKind::get && read(scope, connection, request)) return;
    const Time deadline = scope.now + std::chrono::milliseconds(request.deadline_ms);
    if (!active()) {
        park(scope, connection, std::move(request), deadline);
        return;
    }
    const Time valid_until = written_until(scope);
    if (request.kind == OperationKind::get || valid_until <= scope.now) {
        park(scope, connection, std::move(request),
             std::min(deadline, scope.now + scope.context.config.patience));
    } else {
        write(scope, connection, std::move(request), valid_until);
    }
}

// --- waiting ---

void Primary::park(Scope& scope, ConnectionId connection, Request&& request, Time until) {
    Context& context = scope.context;
    if (waiting_.size() >= context.config.waiting_max ||
        context.pending_bytes >= context.config.pending_bytes_max) {
        refuse(scope, connection, request.sequence, Status::busy);
        return;
    }
    context.pending_bytes += weight(request);
    waiting_.push_back({connection, std::move(request), until});
}

void Primary::serve_waiting(Scope& scope) {
    std::deque<Waiting> waiting = std::exchange(waiting_, {});
    for (Waiting& each : waiting) {
        scope.context.pending_bytes -= std::min(scope.context.pending_bytes, weight(each.request));
        if (scope.now >= each.until) {
            refuse(scope, each.connection, each.request.sequence, Status::no_lease);
            continue;
        }
        each.request.deadline_ms = static_cast<std::uint32_t>(
            std::chrono::ceil<std::chrono::milliseconds>(each.until - scope.now).count());
        request(scope, each.connection, std::move(each.request));
    }
}

void Primary::expire_waiting(Scope& scope) {
    std::erase_if(waiting_, [&](const Waiting& each) {
        if (scope.now < each.until) return false;
        scope.context.pending_bytes -= std::min(scope.context.pending_bytes, weight(each.request));
        refuse(scope, each.connection, each.request.sequence, Status::no_lease);
        return true;
    });
}

// --- reading ---

bool Primary::read(const Scope& scope, ConnectionId connection, const Request& request) const {
    const Time valid_until = lease_until(scope);
    if (valid_until <= scope.now) return false;
    Context& context = scope.context;
    Reply reply{.sequence = request.sequence,
                .status = Status::not_found,
                .version = {},
                .epoch = context.ring->epoch,
                .stamp_ms = scope.replica.log.base_stamp_ms(),
                .value = {}};
    // The store holds what is committed, and nothing else.
    if (const auto record = context.store.find(scope.replica.id, request.key)) {
        reply.status = Status::ok;
        reply.version = record->version;
        reply.value = record->value;
    }
    context.out.reply(connection, std::move(reply), valid_until);
    return true;
}

// --- writing ---

void Primary::write(Scope& scope, ConnectionId connection, Request&& request, Time valid_until) {
    Context& context = scope.context;
    if (answer_duplicate(scope, connection, request, valid_until)) return;
    if (predates_tenure(scope.entry, request) && !context.has(Bug::old_route_accepted)) {
        refuse(scope, connection, request.sequence, Status::not_primary);
        return;
    }
    if (!check_stamp(scope, connection, request)) return;
    // What is pending will be remembered too.
    const std::size_t to_remember = scope.replica.memory.weight() + 2 * pending_.size();
    if (context.pending_bytes >= context.config.pending_bytes_max ||
        scope.replica.log.bytes() + weight(request) > context.config.partition_bytes_max ||
        to_remember >= context.config.remembered_max ||
        context.remembered >= context.config.all_remembered_max) {
        refuse(scope, connection, request.sequence, Status::busy);
        return;
    }
    if (!has_room(scope, request)) {
        refuse(scope, connection, request.sequence, Status::full);
        return;
    }
    Op op{.version = {context.ring->epoch, scope.replica.log.held() + 1},
          .kind = OpKind::none,
          .stamp_ms = partition_time(scope.now),
          .client = request.client,
          .sequence = request.sequence,
          .floor = request.floor,
          .answer = {},
          .key = {},
          .value = {}};
    judge(scope, request, op);
    if (op.answer.status == Status::condition_failed && context.has(Bug::refusal_not_remembered)) {
        answer(scope, connection, op, valid_until);
        return;
    }
    if (op.kind != OpKind::none) op.key = std::move(request.key);
    if (op.kind == OpKind::put) op.value = std::move(request.value);
    if (!peers_.empty()) {
        const std::uint64_t counter = op.version.counter;
        pending_.add(request.client, request.sequence, counter);
        waiters_.push_back({counter, connection, request.sequence});
        context.pending_bytes += weight(op);
        order(scope, std::move(op));
        return;
    }
    // Alone in the write set it is committed at once.
    const OpPtr committed = order(scope, std::move(op));
    answer(scope, connection, *committed, valid_until);
}

// What is there may be replaced by something that is no larger, and deleted.
bool Primary::has_room(const Scope& scope, const Request& request) const {
    Context& context = scope.context;
    if (context.config.memory_max == 0 || request.kind != OperationKind::put) return true;
    const std::size_t size = request.key.size() + request.value.size();
    const std::size_t used = context.store.memory_bytes() + context.pending_bytes;
    if (used + size <= context.config.memory_max) return true;
    // What is kept only to save copying it goes first, and is not counted: it makes room soon.
    context.aside_is_dropped = true;
    if (used - context.store.bytes_aside() + size <= context.config.memory_max) return true;
    const auto record = context.store.find(scope.replica.id, request.key);
    return record && request.value.size() <= record->value.size();
}

// The check is floor, then id, then (by the caller) generation and stamp.
bool Primary::answer_duplicate(Scope& scope, ConnectionId connection, const Request& request,
                               Time valid_until) {
    const auto [floor, answer_before] = scope.replica.memory.find(request.client, request.sequence);
    if (request.sequence < floor) {
        refuse(scope, connection, request.sequence, Status::below_floor);
        return true;
    }
    if (answer_before) {
        Reply reply{.sequence = request.sequence,
                    .status = answer_before->status,
                    .version = answer_before->version,
                    .epoch = scope.context.ring->epoch,
                    .stamp_ms = scope.replica.log.base_stamp_ms(),
                    .value = {}};
        scope.context.out.reply(connection, std::move(reply), valid_until);
        return true;
    }
    const auto pending = pending_.find(request.client, request.sequence);
    if (!pending) return false;
    if (scope.context.has(Bug::duplicate_answered_early)) {
        answer(scope, connection, scope.replica.log.at(*pending), valid_until);
        return true;
    }
    const auto [first, last] = std::ranges::equal_range(waiters_, *pending, {}, &Waiter::counter);
    const Waiter waiter{*pending, connection, request.sequence};
    if (last - first < waiters_max) {
        waiters_.insert(last, waiter);
    } else {
        *std::shift_left(first, last, 1) = waiter;  // in the place of the first
    }
    return true;
}

// A request must show that it was made within half the time for which ids are remembered, or it may
// be a duplicate whose original is forgotten. The future is tolerated up to a quarter: a stamp that
// a primary gave and did not replicate before it died is ahead of its successor's time, and an id
// is forgotten no earlier than three quarters of the window after any stamp that it was accepted
// with.
bool Primary::check_stamp(Scope& scope, ConnectionId connection, const Request& request) {
    const std::int64_t now_ms = partition_time(scope.now);
    const std::int64_t window = to_ms(scope.context.config.request_memory);
    if (request.stamp_ms >= 0 && request.stamp_ms >= now_ms - window / 2 &&
        request.stamp_ms <= now_ms + window / 4) {
        return true;
    }
    if (request.stamp_ms >= 0 && scope.context.has(Bug::stamp_unchecked)) return true;
    // A stamp far ahead of what every copy holds might be forgotten with this node, and come in
    // from the future long after it was told. So it is replicated first, and until then a nearer
    // one is told; where that is too old, the client asks again.
    if (now_ms > scope.replica.log.last_stamp_ms() + window / 8) keep_time(scope, now_ms);
    const std::int64_t tellable_ms = scope.replica.log.base_stamp_ms() + window / 8;
    const bool tells_all = scope.context.has(Bug::stamp_told_early);
    Reply reply{.sequence = request.sequence,
                .status = Status::bad_stamp,
                .version = {},
                .epoch = scope.context.ring->epoch,
                .stamp_ms = tells_all ? now_ms : std::min(now_ms, tellable_ms),
                .value = {}};
    scope.context.out.reply(connection, std::move(reply));
    return false;
}

// Decides what the request does and is answered, seen behind everything that is ordered already.
void Primary::judge(const Scope& scope, const Request& request, Op& op) const {
    Version present;
    if (request.kind == OperationKind::erase || request.condition != Condition::none) {
        if (const Op* change = scope.replica.log.last_change(request.key)) {
            if (change->kind == OpKind::put) present = change->version;
        } else if (const auto record = scope.context.store.find(scope.replica.id, request.key)) {
            present = record->version;
        }
    }
    const bool exists = present != Version{};
    const bool holds =
        request.condition == Condition::none ||
        (request.condition == Condition::absent && !exists) ||
        (request.condition == Condition::version && exists && present == request.expected);
    if (!holds) {
        op.answer = {Status::condition_failed, present};
    } else if (request.kind == OperationKind::put) {
        op.kind = OpKind::put;
        op.answer = {Status::ok, op.version};
    } else if (exists) {
        op.kind = OpKind::erase;
        op.answer = {Status::ok, op.version};
    } else {
        op.answer = {Status::not_found, Version{}};
    }
}

void Primary::answer(Scope& scope, ConnectionId connection, const Op& op, Time valid_until) const {
    Reply reply{.sequence = op.sequence,
                .status = op.answer.status,
                .version = op.answer.version,
                .epoch = scope.context.ring->epoch,
                .stamp_ms = op.stamp_ms,
                .value = {}};
    scope.context.out.reply(connection, std::move(reply), valid_until);
}

OpPtr Primary::order(Scope& scope, Op&& op) {
    OpPtr ordered = make_op(std::move(op));
    scope.replica.log.append(ordered);
    advance(scope);  // alone in the write set, it is committed at once
    return ordered;
}

std::int64_t Primary::partition_time(Time now) const {
    return time_base_ms_ + to_ms(now - time_base_at_);
}

// When an operation is due that lets the longest idle client be forgotten; never, while one that
// does so is under way.
Time Primary::forget_at(const Scope& scope) const {
    const auto due_ms = scope.replica.memory.forgets_at_ms(scope.context.config.request_memory);
    if (!active() || !due_ms || scope.replica.log.last_stamp_ms() >= *due_ms) return never;
    return time_base_at_ + std::chrono::milliseconds(*due_ms - time_base_ms_);
}

// An operation of no client that carries the partition's time, and with it the forgetting.
void Primary::keep_time(Scope& scope, std::int64_t stamp_ms) {
    const PartitionLog& log = scope.replica.log;
    if (log.last_stamp_ms() >= stamp_ms) return;
    order(scope, Op{.version = {scope.context.ring->epoch, log.held() + 1},
                    .kind = OpKind::none,
                    .stamp_ms = stamp_ms,
                    .client = {},
                    .sequence = 0,
                    .floor = 0,
                    .answer = {},
                    .key = {},
                    .value = {}});
}

}  // namespace grapevine
