// The part of the primary that talks to clients: waiting, reading, judging and ordering writes.

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/limits.h"
#include "replication/primary.h"
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

bool is_due(const Scope& scope, std::int64_t expires_ms) {
    return expires_ms != 0 && expires_ms <= scope.context.unix_ms(scope.now);
}

Op op_of_nobody(const Scope& scope, std::int64_t stamp_ms) {
    return {.version = {scope.context.ring->epoch, scope.replica.log.held() + 1},
            .kind = OpKind::none,
            .stamp_ms = stamp_ms,
            .client = {},
            .sequence = 0,
            .floor = 0,
            .answer = {},
            .key = {},
            .value = {},
            .more = {}};
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
    const Time deadline = scope.now + std::chrono::milliseconds(request.deadline_ms);
    if (is_read(request.kind)) {
        std::vector<std::string> expired;
        const ReadEnd end = try_read(scope, connection, request, expired);
        if (end == ReadEnd::answered) return;
        if (end == ReadEnd::met_expired) {
            return read_behind(scope, {connection, std::move(request), deadline}, expired);
        }
    }
    if (!active()) {
        park(scope, {connection, std::move(request), deadline});
        return;
    }
    const Time valid_until = written_until(scope);
    if (is_read(request.kind) || valid_until <= scope.now) {
        park(scope, {connection, std::move(request),
                     std::min(deadline, scope.now + scope.context.config.patience)});
    } else {
        write(scope, connection, std::move(request), valid_until);
    }
}

// --- waiting ---

bool Primary::park(Scope& scope, Waiting&& waiting) {
    Context& context = scope.context;
    if (waiting_.size() >= context.config.waiting_max ||
        context.pending_bytes >= context.config.pending_bytes_max) {
        refuse(scope, waiting.connection, waiting.request.sequence, Status::busy);
        return false;
    }
    if (waiting.behind != 0 && (first_behind_ == 0 || waiting.behind < first_behind_)) {
        first_behind_ = waiting.behind;
    }
    context.pending_bytes += weight(waiting.request);
    waiting_.push_back(std::move(waiting));
    return true;
}

void Primary::serve_waiting(Scope& scope) {
    std::deque<Waiting> waiting = std::exchange(waiting_, {});
    first_behind_ = 0;
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
    std::vector<std::string> expired;  // request() finds them again
    return try_read(scope, connection, request, expired) == ReadEnd::answered;
}

// The store holds what is committed, and nothing else.
Primary::ReadEnd Primary::try_read(const Scope& scope, ConnectionId connection,
                                   const Request& request,
                                   std::vector<std::string>& expired) const {
    const Time valid_until = lease_until(scope);
    if (valid_until <= scope.now) return ReadEnd::no_lease;
    Reply reply{.sequence = request.sequence,
                .status = Status::not_found,
                .version = {},
                .epoch = scope.context.ring->epoch,
                .stamp_ms = scope.replica.log.base_stamp_ms(),
                .value = {}};
    if (request.kind == OperationKind::get) {
        get(scope, request, reply, expired);
    } else {
        query(scope, request, reply, expired);
    }
    if (!expired.empty()) return ReadEnd::met_expired;
    scope.context.out.reply(connection, std::move(reply), valid_until);
    return ReadEnd::answered;
}

void Primary::get(const Scope& scope, const Request& request, Reply& reply,
                  std::vector<std::string>& expired) const {
    Context& context = scope.context;
    const auto record = context.store.find(scope.replica.id, request.key);
    if (!record) return;
    if (is_due(scope, record->expires_ms) && !context.has(Bug::expired_is_read)) {
        expired.push_back(request.key);
        return;
    }
    reply.status = Status::ok;
    reply.version = record->version;
    reply.value = record->value;
}

void Primary::query(const Scope& scope, const Request& request, Reply& reply,
                    std::vector<std::string>& expired) const {
    const Interpreter* const interpreter = scope.context.config.interpreter;
    View view(scope, View::Of::committed, request.key);
    std::optional<std::string> answer;
    if (interpreter != nullptr) answer = interpreter->execute(request.value, view);
    expired = view.expired();
    reply.status = answer ? view.verdict() : Status::malformed;
    if (reply.status != Status::ok) return;
    if (answer->size() > outcome_size_max) {
        reply.status = Status::too_large;
        return;
    }
    reply.version = scope.replica.log.base();
    reply.value = *std::move(answer);
}

// Who is told that a key is gone must never see it again. By another primary's clock, or by this
// one's when it was set back, its time may not have come: so it is erased, as by any write, and the
// answer waits for that.
void Primary::read_behind(Scope& scope, Waiting&& read, const std::vector<std::string>& expired) {
    std::set<std::string, std::less<>> keys(expired.begin(), expired.end());
    read.behind = scope.replica.log.drop_changed(keys);
    if (!keys.empty()) read.behind = scope.replica.log.held() + 1;
    if (park(scope, std::move(read)) && !keys.empty()) order_erasures(scope, keys);
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
    Status refusal = refusal_of(scope, request);
    if (refusal != Status::ok) return refuse(scope, connection, request.sequence, refusal);
    Op op{.version = {context.ring->epoch, scope.replica.log.held() + 1},
          .kind = OpKind::none,
          .stamp_ms = partition_time(scope.now),
          .client = request.client,
          .sequence = request.sequence,
          .floor = request.floor,
          .answer = {},
          .key = {},
          .value = {},
          .more = {}};
    if (request.kind == OperationKind::run) {
        refusal = run(scope, request, op);
        if (refusal != Status::ok) return refuse(scope, connection, request.sequence, refusal);
    } else {
        judge(scope, request, op);
        const bool failed = op.answer.status == Status::condition_failed;
        if (failed && context.has(Bug::refusal_not_remembered)) {
            return answer(scope, connection, op, valid_until);
        }
        if (op.kind != OpKind::none) op.key = std::move(request.key);
        if (op.kind == OpKind::put) op.value = std::move(request.value);
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

// ok: nothing, so far.
Status Primary::refusal_of(const Scope& scope, const Request& request) const {
    const Context& context = scope.context;
    if (context.pending_bytes >= context.config.pending_bytes_max ||
        scope.replica.log.bytes() + weight(request) > context.config.partition_bytes_max ||
        !may_remember(scope, 0)) {
        return Status::busy;
    }
    return has_room(scope, request) ? Status::ok : Status::full;
}

// Whether another answer may be remembered, beside those that are pending, with so much that a
// program answered. Long answers keep nobody but each other from being remembered: they have three
// quarters of the room.
bool Primary::may_remember(const Scope& scope, std::size_t replies) const {
    const Context& context = scope.context;
    const std::size_t here =
        scope.replica.memory.weight() + scope.replica.log.to_remember() + replies;
    const std::size_t all = context.remembered + replies;
    const auto share = [&](std::size_t max) { return replies > 1 ? max / 4 * 3 : max; };
    return here < share(context.config.remembered_max) &&
           all < share(context.config.all_remembered_max);
}

// What is kept only to save copying it goes first, and is not counted: it makes room soon.
bool Primary::has_room(const Scope& scope, std::size_t added) const {
    Context& context = scope.context;
    const std::size_t used = context.store.memory_bytes() + context.pending_bytes;
    if (used + added <= context.config.memory_max) return true;
    context.aside_is_dropped = true;
    return used - context.store.bytes_aside() + added <= context.config.memory_max;
}

// What is there may be replaced by something that is no larger, and deleted.
bool Primary::has_room(const Scope& scope, const Request& request) const {
    const Context& context = scope.context;
    if (context.config.memory_max == 0 || request.kind != OperationKind::put) return true;
    if (has_room(scope, request.key.size() + request.value.size())) return true;
    const auto record = context.store.find(scope.replica.id, request.key);
    return record && request.value.size() <= record->value.size();
}

// The same for what a program changes, in all.
bool Primary::has_room(const Scope& scope, const Op& op) const {
    const Context& context = scope.context;
    if (context.config.memory_max == 0) return true;
    std::size_t size = 0;
    bool adds = false;
    for_each_change(op, [&](const ChangeView& change) {
        if (change.kind == OpKind::erase) return;
        size += change.key.size() + change.value.size();
        const auto record = context.store.find(scope.replica.id, change.key);
        adds = adds || !record || change.value.size() > record->value.size();
    });
    return !adds || has_room(scope, size);
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
    const bool has_expired = is_due(scope, expires_ms);
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
Status Primary::run(const Scope& scope, const Request& request, Op& op) const {
    const Interpreter* const interpreter = scope.context.config.interpreter;
    if (interpreter == nullptr) return Status::malformed;
    View view(scope, View::Of::ordered, request.key);
    std::optional<std::string> reply = interpreter->execute(request.value, view);
    if (!reply) return Status::malformed;
    if (view.verdict() != Status::ok) return view.verdict();
    op.answer = {Status::ok, op.version};
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
    if (!reply->empty()) op.more.edit().reply = *std::move(reply);
    return limits_of(scope, op);
}

// Known only when it is known what the program does.
Status Primary::limits_of(const Scope& scope, const Op& op) const {
    if (weight(op) > outcome_size_max) return Status::too_large;
    const std::size_t bytes = scope.replica.log.bytes() + weight(op);
    if (bytes > scope.context.config.partition_bytes_max) return Status::busy;
    if (!may_remember(scope, reply_weight(op.more->reply))) return Status::busy;
    return has_room(scope, op) ? Status::ok : Status::full;
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

// When an operation is due that lets the longest idle client be forgotten; never, while one that
// does so is under way.
Time Primary::forget_at(const Scope& scope) const {
    const auto due_ms = scope.replica.memory.forgets_at_ms(scope.context.config.request_memory);
    if (!active() || !due_ms || scope.replica.log.last_stamp_ms() >= *due_ms) return never;
    return time_base_at_ + std::chrono::milliseconds(*due_ms - time_base_ms_);
}

// An operation of no client that carries the partition's time, and with it the forgetting.
void Primary::keep_time(Scope& scope, std::int64_t stamp_ms) {
    if (scope.replica.log.last_stamp_ms() >= stamp_ms) return;
    order(scope, op_of_nobody(scope, stamp_ms));
}

// --- expiry ---

void Primary::order_erasures(Scope& scope, const std::set<std::string, std::less<>>& keys) {
    Op op = op_of_nobody(scope, partition_time(scope.now));
    if (keys.size() == 1) {
        op.kind = OpKind::erase;
        op.key = *keys.begin();
    } else {
        op.kind = OpKind::batch;
        std::vector<Change>& changes = op.more.edit().changes;
        changes.reserve(keys.size());
        for (const std::string& key : keys) {
            changes.push_back({.kind = OpKind::erase, .key = key, .value = {}, .expires_ms = 0});
        }
    }
    order(scope, std::move(op));
}

std::optional<std::int64_t> Primary::sweep_in_ms(const Scope& scope) const {
    constexpr std::int64_t day_ms = std::int64_t{24} * 3600 * 1000;
    const Context& context = scope.context;
    if (!context.store.any_expires()) return std::nullopt;
    if (!active() || swept_ > scope.replica.log.watermark()) return std::nullopt;
    const auto next_ms = context.store.expires_next_ms(scope.replica.id);
    if (!next_ms) return std::nullopt;
    const std::int64_t due_in_ms = *next_ms - context.unix_ms(scope.now);
    return std::min(day_ms, due_in_ms + to_ms(context.config.sweep_delay));
}

// After now: what cannot be done now is tried again soon.
Time Primary::look_for_due_at(const Scope& scope) const {
    const auto in_ms = sweep_in_ms(scope);
    if (!in_ms) return never;
    const std::int64_t pause_ms = lease_until(scope) > scope.now ? 1 : 50;
    return scope.now + std::chrono::milliseconds(std::max(*in_ms, pause_ms));
}

void Primary::sweep(Scope& scope) {
    Context& context = scope.context;
    const std::size_t most = std::min(context.config.sweep_keys, context.sweep_left);
    if (most == 0 || lease_until(scope) <= scope.now) return;
    std::set<std::string, std::less<>> keys;
    context.store.visit_due(scope.replica.id, context.unix_ms(scope.now), most,
                            [&](const Record& record) { keys.emplace(record.key); });
    context.sweep_left -= keys.size();
    swept_ = scope.replica.log.drop_changed(keys);
    if (keys.empty()) return;
    swept_ = scope.replica.log.held() + 1;
    order_erasures(scope, keys);
}

}  // namespace grapevine
