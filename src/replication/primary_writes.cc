// What the primary does with a write: was it done before, does it come in time, what does it do,
// and its place in the order.

#include <algorithm>
#include <utility>

#include "replication/primary.h"
#include "replication/refusal.h"
#include "replication/view.h"

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

// What it does is to be filled in.
Op Primary::op_of_request(const Scope& scope, const Request& request) const {
    return {.version = {scope.context.ring->epoch, scope.replica.log.held() + 1},
            .kind = OpKind::none,
            .stamp_ms = partition_time(scope.now),
            .client = request.client,
            .sequence = request.sequence,
            .floor = request.floor,
            .answer = {},
            .key = {},
            .value = {},
            .more = {}};
}

void Primary::write(Scope& scope, ConnectionId connection, Request&& request, Time valid_until) {
    Context& context = scope.context;
    if (answer_duplicate(scope, connection, request, valid_until)) return;
    if (predates_tenure(scope.entry, request) && !context.has(Bug::old_route_accepted)) {
        refuse(scope, connection, request.sequence, Status::not_primary);
        return;
    }
    if (!check_stamp(scope, connection, request)) return;
    Op op = op_of_request(scope, request);
    Status refusal = refusal_of(scope, request);
    if (refusal == Status::ok && request.kind == OperationKind::run) {
        refusal = run(scope, request, op);
    } else if (refusal == Status::ok) {
        judge(scope, request, op);
        scope.context.spend_bytes(request.value.size());
        if (op.kind != OpKind::none) op.key = std::move(request.key);
        if (op.kind == OpKind::put) op.value = std::move(request.value);
    }
    if (refusal == Status::full) {
        op = op_of_request(scope, request);
        op.answer = {Status::full, Version{}};
    } else if (refusal != Status::ok) {
        return refuse(scope, connection, request.sequence, refusal);
    }
    // Its client is told that nothing was changed and asks no more, so it must stay so where the
    // request comes again: remembered like everything that was done.
    const bool refused =
        op.answer.status == Status::condition_failed || op.answer.status == Status::full;
    if (refused && context.has(Bug::refusal_not_remembered)) {
        return answer(scope, connection, op, valid_until);
    }
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

// The check is floor, then id, then (by the caller) generation and stamp.
bool Primary::answer_duplicate(Scope& scope, ConnectionId connection, const Request& request,
                               Time valid_until) {
    if (request.kind == OperationKind::run && scope.context.has(Bug::duplicate_runs_again)) {
        return false;
    }
    const auto [floor, answer_before, answered] =
        scope.replica.memory.find(request.client, request.sequence);
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
                    .value = std::string(answered)};
        scope.context.spend_bytes(answered.size());
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

// Decides what the request does and is answered, seen behind everything that is ordered already. A
// key whose time has come is not there, and is erased with the answer that says so.
void Primary::judge(const Scope& scope, const Request& request, Op& op) const {
    Version present;
    std::int64_t expires_ms = 0;
    if (request.kind == OperationKind::erase || request.condition != Condition::none) {
        if (const auto last = scope.replica.log.last_change(request.key)) {
            if (last->change.kind == OpKind::put) present = last->version;
            expires_ms = last->change.expires_ms;
        } else if (const auto record = scope.context.store.find(scope.replica.id, request.key)) {
            present = record->version;
            expires_ms = record->expires_ms;
        }
    }
    const bool has_expired = scope.is_due(expires_ms);
    if (has_expired) {
        present = {};
        op.kind = OpKind::erase;
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

// Whatever it changes becomes one operation: replicas are told the results.
void Primary::take_changes(View& view, Op& op) {
    std::vector<Change> changes = view.take_changes();
    if (changes.size() == 1) {
        Change& change = changes.front();
        op.kind = change.kind;
        op.key = std::move(change.key);
        op.value = std::move(change.value);
        if (change.expires_ms != 0) op.more.edit().expires_ms = change.expires_ms;
    } else if (!changes.empty()) {
        op.kind = OpKind::batch;
        op.more.edit().changes = std::move(changes);
    }
}

Status Primary::run(const Scope& scope, const Request& request, Op& op) const {
    const Interpreter* const interpreter = scope.context.config.interpreter;
    if (interpreter == nullptr) return Status::malformed;
    View view(scope, View::Of::ordered, request.key);
    std::optional<std::string> reply = interpreter->execute(request.value, view);
    scope.context.spend(view.steps());
    if (!reply) return Status::malformed;
    if (view.verdict() != Status::ok) return view.verdict();
    op.answer = {Status::ok, op.version};
    take_changes(view, op);
    if (!reply->empty()) op.more.edit().reply = *std::move(reply);
    return limits_of(scope, op);
}

void Primary::answer(Scope& scope, ConnectionId connection, const Op& op, Time valid_until) const {
    Reply reply{.sequence = op.sequence,
                .status = op.answer.status,
                .version = op.answer.version,
                .epoch = scope.context.ring->epoch,
                .stamp_ms = op.stamp_ms,
                .value = {}};
    if (op.more) reply.value = op.more->reply;
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

}  // namespace grapevine
