// What other members say: the checks common to all messages, then one short handler for each.

#include <algorithm>

#include "node/state.h"

namespace grapevine {

namespace {

// A few epochs a second, for longer than anything lasts: a ring so far ahead was never decided, and
// to believe it would leave none after it.
constexpr std::uint64_t epochs_ahead_max = std::uint64_t{1} << 40;

// Later than what this member has (null: nothing), and of the same cluster.
bool may_follow(const Ring& ring, const Ring* have) {
    const Epoch epoch = have != nullptr ? have->epoch : Epoch{};
    if (ring.epoch <= epoch || ring.epoch.value - epoch.value > epochs_ahead_max) return false;
    return have == nullptr ||
           (ring.cluster == have->cluster && ring.partitions() == have->partitions());
}

}  // namespace

void Node::State::receive(Time now, const Envelope& envelope) {
    if (config.found && !ring) {
        // Listening before founding: whoever is in a cluster and calls here knows the address.
        if (envelope.cluster) {
            found_at = never;
            effects.occupied_by = envelope.from_address;
        }
        return;
    }
    if (envelope.to != self.id && config.bugs.has(Bug::answer_for_predecessor)) {
        answer_for_predecessor(now, envelope);
    }
    if (envelope.from == self.id) return;
    if (ring && envelope.cluster && envelope.cluster != ring->cluster) {
        return receive_foreign(now, envelope);
    }
    if (heir || !belongs(envelope)) return;
    left_behind.erase(envelope.from);
    if (consent.stands() && ring->member(envelope.from) != nullptr) {
        consent.spoke(now, envelope.from);
    }
    const bool to_whoever = !envelope.to && (std::holds_alternative<RingRequest>(envelope.body) ||
                                             std::holds_alternative<Beacon>(envelope.body));
    if (envelope.to != self.id && !to_whoever) {
        // Meant for another process that had this address: it never answers for its predecessor.
        tell_ring(now, envelope.from_address, envelope.from, Epoch{});
        return;
    }
    compare_epochs(now, envelope);
    if (has_left()) look_who_is_in(envelope);
    std::visit(
        [&](const auto& body) {
            using Body = std::decay_t<decltype(body)>;
            if constexpr (std::is_constructible_v<AgreementMessage, const Body&>) {
                on_agreement(now, envelope.from, body);
            } else if constexpr (std::is_constructible_v<ReplicationMessage, const Body&>) {
                on_replication(now, envelope.from, body);
            } else {
                on(now, envelope, body);
            }
        },
        envelope.body);
}

// The planted bug: whoever asks whether the predecessor is there gets its answer.
void Node::State::answer_for_predecessor(Time now, const Envelope& envelope) {
    Envelope answer{.cluster = envelope.cluster,
                    .from = envelope.to,
                    .from_address = self.address,
                    .to = envelope.from,
                    .epoch = envelope.epoch};
    const auto* heartbeat = std::get_if<Heartbeat>(&envelope.body);
    const auto* check = std::get_if<LinkCheck>(&envelope.body);
    if (heartbeat != nullptr && heartbeat->sent_us != 0) {
        Heartbeat echo = echo_of(*heartbeat, heartbeat->epoch);
        echo.grants = true;
        answer.body = echo;
        effects.datagrams.emplace_back(envelope.from_address, std::move(answer));
    } else if (check != nullptr && check->sent_us != 0 && links.use(now, envelope.from_address)) {
        answer.body = LinkCheck{.echo_us = check->sent_us};
        effects.links.emplace_back(envelope.from_address, std::move(answer));
    }
}

// One cluster does not listen to another; who is in none may only ask.
bool Node::State::belongs(const Envelope& envelope) const {
    const bool ring_news = std::holds_alternative<RingAnswer>(envelope.body) ||
                           std::holds_alternative<Decided>(envelope.body);
    const bool question = std::holds_alternative<RingRequest>(envelope.body) ||
                          std::holds_alternative<JoinRequest>(envelope.body);
    if (!ring) return ring_news;
    if (!envelope.cluster) return question;
    return envelope.cluster == ring->cluster;
}

void Node::State::compare_epochs(Time now, const Envelope& envelope) {
    if (!ring) return;
    const bool carries_ring = std::holds_alternative<RingAnswer>(envelope.body) ||
                              std::holds_alternative<Decided>(envelope.body);
    if (envelope.epoch > ring->epoch && !carries_ring && !consent.stands()) {
        fetch_ring(now, envelope.from_address, envelope.from);
    } else if (envelope.epoch < ring->epoch &&
               !std::holds_alternative<RingRequest>(envelope.body)) {
        tell_ring(now, envelope.from_address, envelope.from, envelope.epoch);
    }
}

void Node::State::on(Time now, const Envelope& envelope, const SwimMessage& message) {
    if (ring->is_up(envelope.from)) swim.receive(now, envelope.from, message);
}

void Node::State::on(Time now, const Envelope& envelope, const SwimSync& message) {
    if (ring->is_up(envelope.from)) swim.receive(now, envelope.from, message);
}

void Node::State::on(Time now, const Envelope& envelope, const Heartbeat& message) {
    if (!is_member()) {  // it looks whether datagrams pass, before it asks to be let in
        heartbeats.receive(now, envelope.from, message, false);
        return;
    }
    if (!ring->is_up(envelope.from)) return answer_joiner(now, envelope, message);
    const bool grants = ring->votes_of(self.id) > 0 && !agreement.has_voted() && !consent.stands();
    const Heartbeats::Received received = heartbeats.receive(now, envelope.from, message, grants);
    if (message.sent_us != 0 && config.bugs.has(Bug::request_renews_lease)) {
        lease.echoed(envelope.from, ring->epoch, now);
    }
    if (!received.echoed) return;
    swim.heard(now, envelope.from);
    if (!received.granted) return;
    lease.echoed(envelope.from, received.echoed_epoch, *received.echoed);
    if (replication) replication->lease_renewed(now);
}

// Nothing is remembered of who is not in the ring, and nothing granted to it.
void Node::State::answer_joiner(Time now, const Envelope& envelope, const Heartbeat& message) {
    if (message.sent_us == 0) return;
    send(now, envelope.from_address, envelope.from, echo_of(message, ring->epoch));
}

void Node::State::on(Time now, const Envelope& envelope, const RingRequest& message) {
    if (ring && !ring->is_up(envelope.from)) governor.onlooker(now, envelope.from_address);
    if (!ring || ring->epoch <= message.have) return;
    // Who is told nothing asks again.
    send_ring(now, envelope.from_address, envelope.from, message.have);
}

void Node::State::on(Time now, const Envelope& envelope, const RingAnswer& message) {
    static_cast<void>(envelope);
    if (consent.stands()) return;
    if (!message.ring || !may_follow(*message.ring, ring.get())) return;
    adopt(now, {.ring = message.ring});
}

void Node::State::on(Time now, const Envelope& envelope, const Decided& message) {
    if (consent.stands()) return;
    if (!ring || message.change.epoch > next(ring->epoch)) {
        fetch_ring(now, envelope.from_address, envelope.from);
        return;
    }
    if (message.change.epoch != next(ring->epoch)) return;
    const auto made = agreement.successor(message.change);
    if (!made || made->digest != message.digest) {
        log(LogLevel::error, fmt::format("ring {} from {} does not follow from ours; fetching it",
                                         message.change.epoch, envelope.from_address));
        // The first time at once: the request that was answered so may have been sent just now.
        if (!std::exchange(needs_whole_ring, true)) fetched_at = Time::min();
        fetch_ring(now, envelope.from_address, envelope.from);
        return;
    }
    adopt(now, *made);
}

// For those who would found another cluster here. What it tells a member is its epoch.
void Node::State::on(Time, const Envelope&, const Beacon&) {}

void Node::State::on(Time now, const Envelope& envelope, const JoinRequest& message) {
    if (!ring || message.self.id != envelope.from || ring->is_up(envelope.from)) return;
    // A working link both ways is part of what admission needs: dial back, count it when it is up.
    links.use(now, message.self.address);
    if (!links.is_up(message.self.address)) return;
    governor.joiner(now, message);
    consider(now, config.settle);
}

void Node::State::on(Time now, const Envelope& envelope, const FillReports& message) {
    if (ring->is_up(envelope.from)) heed(now, envelope.from, message);
}

void Node::State::on(Time now, const Envelope& envelope, const LinkReports& message) {
    if (ring->is_up(envelope.from)) heed(now, envelope.from, message);
}

void Node::State::heed(Time now, NodeId, const FillReports& reports) {
    governor.reports(now, *ring, reports, config.settle);
    if (governor.reports_due() != never) {
        consider(now, std::max(governor.reports_due() - now, config.settle));
    }
}

void Node::State::heed(Time now, NodeId from, const LinkReports& reports) {
    governor.reports(now, *ring, from, reports);
    consider(now, config.settle * 2);
}

void Node::State::heed(Time now, NodeId, const LossAccepted& message) {
    governor.loss(now, message);
    consider(now, config.settle_gone);
}

void Node::State::on(Time now, const Envelope& envelope, const LossAccepted& message) {
    if (ring->is_up(envelope.from)) heed(now, envelope.from, message);
}

void Node::State::on(Time now, const Envelope& envelope, const LeaveNotice& message) {
    if (ring->is_up(envelope.from)) heed(now, envelope.from, message);
}

// It is said again and again, until its last copies have gone.
void Node::State::heed(Time now, NodeId from, const LeaveNotice&) {
    const bool is_news = governor.leaver(now, from);
    const bool waits = !is_news && leaves_it_to_the_first(now);
    consider(now, config.settle + (waits ? followers_look_after : Duration{}));
}

// Whoever asks is answered: who joins finds out in this way whether its links are good for it.
void Node::State::on(Time now, const Envelope& envelope, const LinkCheck& message) {
    if (message.echo_us != 0 && link_checks.heard(now, envelope.from) && replication) {
        const Time asked = time_from_us(message.echo_us);
        if (asked <= now) replication->answered(now, envelope.from, now - asked);
    }
    if (message.sent_us == 0) return;
    send(now, envelope.from_address, envelope.from,
         link_checks.answer(now, envelope.from, message.sent_us));
}

void Node::State::on_agreement(Time now, NodeId from, const AgreementMessage& message) {
    if (consent.stands()) return;
    brief_agreement(now);
    agreement.receive(now, from, message,
                      [&](const auto& promisers) { return choose(now, promisers); });
}

template <class Message>
void Node::State::on_replication(Time now, NodeId from, const Message& message) {
    if (!replication || !is_member() || !ring->is_up(from)) return;
    bool acknowledges = std::is_same_v<Message, FillAck>;
    if constexpr (std::is_same_v<Message, Replicate>) acknowledges = !message.acks.empty();
    if (acknowledges) {
        swim.heard(now, from);
        link_checks.heard(now, from);
    }
    replication->receive(now, from, message);
}

}  // namespace grapevine
