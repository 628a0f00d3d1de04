#include "replication/partition.h"

#include <utility>

#include "base/assert.h"
#include "replication/refusal.h"

namespace grapevine {

// --- roles ---

void Partition::adopt(Context& context, Time now, bool unbroken) {
    Scope here = scope(context, now);
    const Entry& entry = here.entry;
    if (entry.since == since_ && !std::holds_alternative<Absent>(role_)) return;
    if (entry.generation != generation_) {
        discard(here);
        context.store.drop_aside(replica_.id);
    }

    const Fill* fill = entry.fill_of(context.self);
    if (entry.is_copy(context.self)) {
        if (context.ring->is_down(entry)) {
            leave_primary(here);
            role_ = Dormant{};
        } else if (entry.primary() == context.self) {
            become_primary(here, unbroken);
        } else {
            become_backup(here, unbroken);
        }
    } else if (fill != nullptr) {
        become_receiving(here, {entry.tenure, fill->opened});
    } else {
        discard(here);
    }
    since_ = entry.since;
    tenure_ = entry.tenure;
    generation_ = entry.generation;
}

void Partition::become_primary(Scope& scope, bool unbroken) {
    const bool stays = is_primary() && scope.entry.tenure == tenure_;
    if (!stays) {
        // Nobody served before the ring that made the first copies.
        const bool first = scope.entry.tenure == scope.context.ring->genesis ||
                           scope.context.has(Bug::skip_lease_wait);
        leave_primary(scope);
        role_.emplace<Primary>(first ? Time::min() : scope.now + scope.context.config.lease_wait,
                               scope.context.config.hash_seed);
    }
    auto& primary = std::get<Primary>(role_);
    if (stays && unbroken && primary.active()) {
        primary.carry_on(scope);
    } else {
        primary.take_over(scope);
    }
}

void Partition::become_backup(Scope& scope, bool unbroken) {
    Epoch stepped_down;
    if (const auto* primary = std::get_if<Primary>(&role_)) {
        // The ring that ended its tenure is the one it sees now, and it saw the one before.
        const bool may_attest =
            primary->may_attest(scope.now) || scope.context.has(Bug::attest_unserved);
        if (unbroken && may_attest) stepped_down = scope.entry.tenure;
    } else if (const auto* backup = std::get_if<Backup>(&role_)) {
        stepped_down = backup->stepped_down;
    }
    leave_primary(scope);
    auto& backup = role_.emplace<Backup>(Backup{stepped_down});
    // The primary may have asked before this ring was known here: tell unasked.
    if (scope.entry.tenure != tenure_) {
        backup.report(scope);
    } else {
        scope.context.out.send(scope.entry.primary(),
                               Replicate::Ack{scope.ref(), replica_.log.held(), true});
    }
}

void Partition::become_receiving(Scope& scope, FillSession session) {
    auto* receiving = std::get_if<Receiving>(&role_);
    if (receiving != nullptr && receiving->continues(session, scope.context)) {
        PartitionLog& log = replica_.log;
        if (scope.context.has(Bug::discard_in_session)) log.start(log.base(), log.base_stamp_ms());
        return;
    }
    discard(scope);
    role_.emplace<Receiving>(session);
}

void Partition::leave_primary(Scope& scope) {
    if (auto* primary = std::get_if<Primary>(&role_)) primary->retire(scope);
}

void Partition::discard(Scope& scope) {
    leave_primary(scope);
    role_ = Absent{};
    if (!scope.context.has(Bug::keep_stale_unfinished)) replica_.log.start({}, 0);
    change_memory(scope.context, replica_.memory, [](RequestMemory& memory) { memory.clear(); });
    if (!scope.context.has(Bug::orphan_survives)) scope.context.store.set_aside(replica_.id);
}

// --- messages: the caller has checked that they are for the present entry ---

bool Partition::read(Context& context, Time now, ConnectionId connection, const Request& request) {
    const auto* primary = std::get_if<Primary>(&role_);
    return primary != nullptr && is_read(request.kind) &&
           primary->read(scope(context, now), connection, request);
}

std::optional<AtOnce> Partition::execute(Context& context, Time now, const AtOnceCommand& command,
                                         command::Reply& reply) {
    auto* primary = std::get_if<Primary>(&role_);
    if (primary == nullptr) return std::nullopt;
    Scope here = scope(context, now);
    return primary->execute(here, command, reply);
}

void Partition::request(Context& context, Time now, ConnectionId connection, Request&& request) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) {
        primary->request(here, connection, std::move(request));
        return;
    }
    const bool is_down = context.ring->is_down(here.entry);
    refuse(here, connection, request, is_down ? Status::unavailable : Status::not_primary);
}

void Partition::receive(Context& context, Time now, NodeId from, const Replicated& part) {
    Scope here = scope(context, now);
    if (from != here.entry.primary()) return;
    if (auto* backup = std::get_if<Backup>(&role_)) backup->replicate(here, from, part);
    if (auto* receiving = std::get_if<Receiving>(&role_)) receiving->replicate(here, from, part);
}

void Partition::receive(Context& context, Time now, NodeId from, const Replicate::Ack& ack) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) primary->acked(here, from, ack);
}

void Partition::receive(Context& context, Time now, NodeId from, const EntryRef&) {
    Scope here = scope(context, now);
    if (from != here.entry.primary()) return;
    if (const auto* backup = std::get_if<Backup>(&role_)) backup->report(here);
}

void Partition::receive(Context& context, Time now, NodeId from, const Gathered::Part& part) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) primary->gathered(here, from, part);
}

void Partition::receive(Context& context, Time now, NodeId from, const FillChunk& chunk) {
    Scope here = scope(context, now);
    if (from != here.entry.primary()) return;
    if (auto* receiving = std::get_if<Receiving>(&role_)) receiving->chunk(here, from, chunk);
}

void Partition::receive(Context& context, Time now, NodeId from, const FillAck& ack) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) primary->fill_acked(here, from, ack);
}

bool Partition::acknowledge(Context& context, Time now, NodeId primary) {
    const auto* receiving = std::get_if<Receiving>(&role_);
    const bool holds =
        std::holds_alternative<Backup>(role_) || (receiving != nullptr && receiving->has_begun());
    Scope here = scope(context, now);
    if (!holds || here.entry.primary() != primary) return false;
    context.out.send(primary, Replicate::Ack{here.ref(), replica_.log.held()});
    return true;
}

void Partition::ask_for_base(Context& context, Time now) {
    const auto* receiving = std::get_if<Receiving>(&role_);
    if (receiving == nullptr || receiving->has_begun()) return;
    Scope here = scope(context, now);
    context.out.send(here.entry.primary(),
                     FillAck{.entry = here.ref(), .session = receiving->session()});
}

void Partition::link_reset(Context& context, Time now, NodeId peer) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) primary->link_reset(here, peer);
}

// --- time ---

void Partition::tick(Context& context, Time now) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) primary->tick(here);
}

void Partition::flush(Context& context, Time now) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) primary->flush(here);
}

Time Partition::next_deadline(Context& context, Time now) {
    const auto* primary = std::get_if<Primary>(&role_);
    return primary == nullptr ? never : primary->next_deadline(scope(context, now));
}

bool Partition::has_waiting() const {
    const auto* primary = std::get_if<Primary>(&role_);
    return primary != nullptr && primary->has_waiting();
}

bool Partition::has_backlog(Context& context, Time now) {
    const auto* primary = std::get_if<Primary>(&role_);
    return primary != nullptr && primary->has_backlog(scope(context, now));
}

void Partition::work_off(Context& context, Time now) {
    Scope here = scope(context, now);
    if (auto* primary = std::get_if<Primary>(&role_)) primary->work_off(here);
}

Time Partition::serves_until(Context& context, Time now) {
    const auto* primary = std::get_if<Primary>(&role_);
    return primary == nullptr ? Time::min() : primary->lease_until(scope(context, now));
}

void Partition::report_complete(Context& context, std::vector<FillReport>& reports) {
    if (const auto* primary = std::get_if<Primary>(&role_)) {
        primary->report_complete(scope(context, Time{}), reports);
    }
}

void Partition::add_to_send(Context& context, std::map<NodeId, std::uint64_t>& keys) {
    if (const auto* primary = std::get_if<Primary>(&role_)) {
        primary->add_to_send(scope(context, Time{}), keys);
    }
}

void Partition::invariants(Context& context) const {
    const Entry& entry = context.ring->entry(replica_.id);
    ASSERT(is_primary() == (entry.primary() == context.self && !context.ring->is_down(entry)),
           "partition {}", replica_.id);
    if (const auto* primary = std::get_if<Primary>(&role_)) {
        primary->invariants({context, const_cast<Replica&>(replica_), entry, Time{}});
    }
}

}  // namespace grapevine
