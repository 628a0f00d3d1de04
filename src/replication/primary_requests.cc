// The part of the primary that talks to clients: waiting and reading. Writes: primary_writes.cc.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/assert.h"
#include "base/limits.h"
#include "replication/primary.h"
#include "replication/refusal.h"
#include "replication/view.h"

namespace grapevine {

namespace {

// What it takes to look at one that waited, whatever it asks for.
constexpr std::uint64_t steps_of_waiting = 1000;

}  // namespace

void Primary::request(Scope& scope, ConnectionId connection, Request&& request) {
    const Time deadline = scope.now + std::chrono::milliseconds(request.deadline_ms);
    if (has_backlog(scope)) {
        park(scope, {connection, std::move(request), deadline});
        return;
    }
    serve(scope, connection, std::move(request), deadline);
}

void Primary::serve(Scope& scope, ConnectionId connection, Request&& request, Time deadline) {
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

// Once active it has committed all that it did not order itself.
void Primary::turn_away(Scope& scope, const Waiting& waiting, Status status) const {
    refuse(scope, waiting.connection, waiting.request, status, active() ? &pending_ : nullptr);
}

bool Primary::park(Scope& scope, Waiting&& waiting) {
    Context& context = scope.context;
    if (waiting_.size() >= context.config.waiting_max ||
        context.pending_bytes >= context.config.pending_bytes_max) {
        turn_away(scope, waiting, Status::busy);
        return false;
    }
    context.pending_bytes += weight(waiting.request);
    keep_waiting(std::move(waiting));
    return true;
}

// In order, as far as this turn's work goes. What is left, and what comes meanwhile, is a backlog.
void Primary::serve_waiting(Scope& scope) {
    std::deque<Waiting> waiting = std::exchange(waiting_, {});
    first_behind_ = 0;
    const bool had_backlog = std::exchange(has_backlog_, false);
    while (!waiting.empty() && scope.context.waiting_steps_left > 0) {
        Waiting each = std::move(waiting.front());
        waiting.pop_front();
        if (scope.now < each.until && each.behind > scope.replica.log.watermark()) {
            keep_waiting(std::move(each));
            continue;
        }
        scope.context.spend(steps_of_waiting);  // and so does whoever executes it
        scope.context.pending_bytes -= std::min(scope.context.pending_bytes, weight(each.request));
        if (scope.now >= each.until) {
            turn_away(scope, each, had_backlog ? Status::busy : Status::no_lease);
        } else {
            serve(scope, each.connection, std::move(each.request), each.until);
        }
    }
    for (Waiting& each : waiting) {
        has_backlog_ = has_backlog_ || each.behind <= scope.replica.log.watermark();
        keep_waiting(std::move(each));
    }
}

void Primary::keep_waiting(Waiting&& waiting) {
    if (waiting.behind != 0 && (first_behind_ == 0 || waiting.behind < first_behind_)) {
        first_behind_ = waiting.behind;
    }
    waiting_.push_back(std::move(waiting));
}

void Primary::work_off(Scope& scope) {
    if (has_backlog(scope)) serve_waiting(scope);
}

// Without a lease nothing is worked off: all wait for that, and no longer than others do.
void Primary::give_up_backlog(Scope& scope) {
    has_backlog_ = false;
    const Time until = scope.now + scope.context.config.patience;
    for (Waiting& each : waiting_) {
        if (each.behind == 0) each.until = std::min(each.until, until);
    }
}

void Primary::expire_waiting(Scope& scope) {
    const Status why = has_backlog_ ? Status::busy : Status::no_lease;
    std::erase_if(waiting_, [&](const Waiting& each) {
        if (scope.now < each.until) return false;
        scope.context.pending_bytes -= std::min(scope.context.pending_bytes, weight(each.request));
        turn_away(scope, each, why);
        return true;
    });
    has_backlog_ = has_backlog_ && !waiting_.empty();
}

// --- reading ---

bool Primary::read(const Scope& scope, ConnectionId connection, const Request& request) const {
    if (has_backlog_) return false;
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
    scope.context.out.reply(connection, std::move(reply), valid_until, true);
    return ReadEnd::answered;
}

void Primary::get(const Scope& scope, const Request& request, Reply& reply,
                  std::vector<std::string>& expired) const {
    Context& context = scope.context;
    const auto record = context.store.find(scope.replica.id, request.key);
    if (!record) return;
    if (scope.is_due(record->expires_ms) && !context.has(Bug::expired_is_read)) {
        expired.push_back(request.key);
        return;
    }
    reply.status = Status::ok;
    reply.version = record->version;
    reply.value = record->value;
    context.spend_bytes(record->value.size());
}

void Primary::query(const Scope& scope, const Request& request, Reply& reply,
                    std::vector<std::string>& expired) const {
    const Interpreter* const interpreter = scope.context.config.interpreter;
    View view(scope, View::Of::committed, request.key);
    std::optional<std::string> answer;
    if (interpreter != nullptr) answer = interpreter->execute(request.value, view);
    scope.context.spend(view.steps());
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
// answer waits for that. As many at once as there is room for, and the others when it is looked at
// again.
void Primary::read_behind(Scope& scope, Waiting&& read, const std::vector<std::string>& expired) {
    std::set<std::string, std::less<>> keys(expired.begin(), expired.end());
    PartitionLog& log = scope.replica.log;
    read.behind = log.drop_changed(keys);
    std::size_t bytes = log.bytes() + sizeof(Op);
    std::erase_if(keys, [&](const std::string& key) {
        bytes += sizeof(Change) + key.size();
        const bool fits = bytes <= scope.context.config.partition_bytes_max;
        if (!fits) read.behind = log.held();
        return !fits;
    });
    if (!keys.empty()) read.behind = log.held() + 1;
    if (park(scope, std::move(read)) && !keys.empty()) order_erasures(scope, keys);
}

}  // namespace grapevine
