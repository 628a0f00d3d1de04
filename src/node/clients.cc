// What clients ask a node for, and what it answers at once.

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/counted.h"
#include "base/limits.h"
#include "node/state.h"

namespace grapevine {

namespace {

// It was routed by a ring of a cluster that this one was founded anew from: that client's handle
// has ended.
bool is_of_ancestor(const Ring& ring, const Request& request) {
    return !ring.ancestors.empty() && request.epoch <= ring.genesis;
}

}  // namespace

void Node::State::receive(Time now, ConnectionId connection, const ClientMessage& message) {
    if (const auto* poll = std::get_if<RingPoll>(&message)) {
        if (auto answer = polls.ask(now, connection, *poll, shown())) reply(connection, *answer);
    } else if (std::holds_alternative<StatusRequest>(message)) {
        reply(connection, status(now));
    } else if (const auto* loss = std::get_if<AcceptLoss>(&message)) {
        on_loss(now, connection, *loss);
    } else if (const auto* force = std::get_if<ForceRing>(&message)) {
        on_force(now, connection, *force);
    } else if (std::holds_alternative<HistoryRequest>(message)) {
        reply(connection, history.reply(now));
    } else if (std::holds_alternative<LeaveRequest>(message)) {
        on_leave(now, connection);
    } else {
        log(LogLevel::warning, "a client asked this process to stop");
        effects.stop = true;
        reply(connection, StopReply{});
    }
}

void Node::State::on_leave(Time now, ConnectionId connection) {
    if (!self.stores()) {
        reply(connection, ErrorReply{"a coordinator holds nothing that could move: stop it"});
    } else if (!is_member()) {
        reply(connection, ErrorReply{"this process is in no ring"});
    } else {
        reply(connection, LeaveReply{});
        leave(now);
    }
}

// Whoever put it out may have died since, and a founding anew may come to need it.
void Node::State::warn_of_last_keys(Time now) {
    if (!replication || !ring) return;
    const std::uint64_t held = replication->counts(now).keys_held + store->count_aside();
    if (held == 0) return;
    log(LogLevel::warning,
        fmt::format("this node still holds {} of an earlier ring, which go with it: those that no "
                    "member holds are lost",
                    counted(held, "key")));
}

void Node::State::leave(Time now) {
    ASSERT(self.stores());
    if (std::exchange(leaving, true)) return;
    if (heir) {
        log(LogLevel::info,
            "this node ends: what it holds is of no use to the cluster that was "
            "founded anew without it");
    } else if (!is_member()) {
        log(LogLevel::info, "this node is in no ring: it ends when nobody waits for it");
        warn_of_last_keys(now);
    } else {
        log(LogLevel::info, "this node leaves the cluster: what it holds moves to others first");
    }
    if (is_member()) {
        leave_at = now;
    } else if (heir) {
        end_withdrawn();
    } else if (!ring || has_left()) {
        withdraw(now);
    }
}

void Node::State::on_loss(Time now, ConnectionId connection, const AcceptLoss& message) {
    if (!is_member()) {
        reply(connection, ErrorReply{"this process is in no ring; ask a member"});
        return;
    }
    log(LogLevel::warning, fmt::format("a client gives up what partitions held that are down in "
                                       "ring {}: {} now",
                                       message.epoch, down_since(*ring, message.epoch).size()));
    losses.ask(now, connection, message.epoch);
    // Whoever asks over and over is not told more often than others: each time voters make a plan.
    if (loss_report_at == never) loss_report_at = now;
    answer_losses(now);
}

void Node::State::answer_losses(Time now) {
    for (auto& due : losses.take_due(now, ring)) reply(due.connection, due.reply);
}

bool Node::State::serves_all(Time now) {
    if (!replication) return true;
    const Replication::Counts counts = replication->counts(now);
    return counts.serving == counts.primary;
}

// A partition that is not active has not been served since its entry changed or, where a ring was
// missed, since then; one that is, since its lease ended.
std::uint64_t Node::State::unserved_ms(Time now) {
    if (!is_member() || !replication) return 0;
    Time since = never;
    for (std::uint32_t id = 0; id < ring->partitions(); ++id) {
        const Entry& entry = ring->table[id];
        if (entry.primary() != self.id) continue;
        const Time until = replication->serves_until(now, PartitionId{id});
        if (until > now) continue;
        since = std::min(since, std::max({until, history.adopted_at(entry.since), unbroken_since}));
    }
    return since == never
               ? 0
               : static_cast<std::uint64_t>(std::max<std::int64_t>(to_ms(now - since), 1));
}

StatusReply Node::State::status(Time now) {
    StatusReply status{.id = self.id, .name = self.name};
    if (ring) {
        status.epoch = ring->epoch;
        status.cluster = ring->cluster;
        status.ring_age_ms =
            static_cast<std::uint64_t>(to_ms(now - history.adopted_at(ring->epoch)));
    }
    status.force_round = consent.floor().round;
    status.coordinator = last_coordinator;
    status.coordinators_before = coordinators_before;
    status.pid = config.self.pid;
    status.waiting = governor.waiting(now);
    status.unserved_ms = unserved_ms(now);
    if (is_member()) {
        for (const Member& member : ring->members) {
            const bool is_suspected = member.is_up() && swim.liveness(member.id) != Liveness::alive;
            if (is_suspected) status.suspected.push_back(member.id);
        }
    }
    if (!replication || !ring) return status;
    const Replication::Counts counts = replication->counts(now);
    status.keys = counts.keys;
    status.keys_held = counts.keys_held;
    if (!is_member()) status.keys_held += store->count_aside();  // kept for its return
    status.serving = counts.serving;
    status.filling = counts.filling;
    status.memory_bytes = store->memory_bytes();
    status.memory_max = config.memory_max;
    const Replication::Backfill backfill = replication->backfill(now);
    status.fill_bytes_per_second = backfill.bytes_per_second;
    status.fill_keys_per_second = backfill.keys_per_second;
    for (const auto& [to, keys] : backfill.to_send) status.to_send.push_back({to, keys});
    return status;
}

void Node::State::on_request(Time now, ConnectionId connection, Request&& request) {
    Status refused = Status::not_primary;
    const std::size_t bytes_max = is_program(request.kind) ? program_size_max : value_size_max;
    if (request.key.size() > key_size_max || request.value.size() > bytes_max) {
        refused = Status::too_large;
    } else if (!request.client || request.sequence == 0) {
        refused = Status::malformed;  // without an id it could not be told from another
    } else if (ring && replication && !heir && !is_of_ancestor(*ring, request)) {
        // A client may know a later ring than this node.
        if (request.epoch > ring->epoch && !ring->voters.empty()) {
            const Member* voter = ring->member(ring->voters.front().id);
            if (voter != nullptr && voter->id != self.id)
                fetch_ring(now, voter->address, voter->id);
        }
        replication->request(now, connection, std::move(request));
        return;
    }
    Reply refusal{.sequence = request.sequence, .status = refused};
    if (ring) refusal.epoch = shown()->epoch;
    reply(connection, std::move(refusal));
}

}  // namespace grapevine
