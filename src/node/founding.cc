// Founding a cluster anew: consenting, hearing that all survivors consent, and what becomes of
// those that did not.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/state.h"

namespace grapevine {

namespace {

constexpr Duration consent_period = 100ms;
// After this those it consented with are taken for gone by who has nothing to lose with them.
constexpr Duration founders_patience = 10s;
// Of those left behind, with each beacon. They may be many, and dead.
constexpr std::size_t calls_max = 16;
constexpr std::size_t heirs_max = 16;  // that it says it cannot judge

// It follows from that ring, or from one after it.
bool descends(const Ring& heir, const Ring& ring, PlantedBugs bugs) {
    if (bugs.has(Bug::parent_alone) && heir.parent() != ring.cluster) return false;
    return find_ancestor(heir.ancestors, ring.cluster) != nullptr &&
           heir.partitions() == ring.partitions() && heir.epoch > ring.epoch;
}

}  // namespace

// --- consenting ---

void Node::State::on_force(Time now, ConnectionId connection, const ForceRing& message) {
    const ClusterId wanted = message.founding.ballot.cluster;
    if (!ring || heir) {
        reply(connection, ErrorReply{"this process is in no ring"});
    } else if (ring->cluster == wanted) {
        reply(connection, ForceRingReply{true, ring->epoch, {}});
    } else if (ring->cluster != message.parent) {
        reply(connection,
              ErrorReply{fmt::format("{} is in cluster {:016x}", self.name, ring->cluster.value)});
    } else {
        log(LogLevel::warning,
            fmt::format("a client founds the cluster anew from {} of the members of ring {}",
                        message.founding.survivors.size(), message.founding.epoch));
        const std::string why = consent_to(now, message.founding);
        if (!why.empty()) return reply(connection, ErrorReply{self.name + ": " + why});
        consent.ask(now, connection, wanted);
        answer_founders(now);
    }
}

// Those of this member included; none where it is none.
std::uint32_t Node::State::votes_heard(Time now) const {
    if (!is_member()) return 0;
    return ring->votes_of(self.id) +
           ring->votes_of(heartbeats.heard_since(now - config.lease.lease));
}

std::string Node::State::objection_to(Time now, const Founding& founding) const {
    const bool is_open =
        consent.is_open_to(founding.ballot) || config.bugs.has(Bug::consent_to_lower);
    if (!is_open) {
        return fmt::format("consented to cluster {:016x}, which was asked for later",
                           consent.floor().cluster.value);
    }
    if (founding.epoch < ring->epoch) {
        return fmt::format("is in ring {}, which is newer than {}", ring->epoch, founding.epoch);
    }
    const auto survives = [&](NodeId id) {
        return std::ranges::binary_search(founding.survivors, id);
    };
    if (!survives(self.id)) return "is not among the survivors that were named";
    const std::uint32_t votes = votes_heard(now);
    if (votes >= ring->majority()) {
        return fmt::format("hears members with {} of {} votes, which is a majority", votes,
                           ring->votes_total());
    }
    for (const NodeId id : heartbeats.heard_since(now - config.lease.lease)) {
        if (!survives(id)) return fmt::format("hears {}, which was not named", name_of(id));
    }
    return {};
}

std::string Node::State::consent_to(Time now, const Founding& founding) {
    if (consent.stands() && consent.founding() == founding) return {};
    if (std::string why = objection_to(now, founding); !why.empty()) return why;
    if (founding.epoch > ring->epoch) {
        // What was consented to before is another ring's, and overtaken by this.
        if (consent.stands()) withdraw_consent(now, "a later ring is known");
        for (const NodeId id : founding.survivors) send(now, id, ring_request());
        return {};
    }
    auto made = found_anew(*ring, founding);
    if (!made) return made.error().message;
    const std::uint64_t number = digest(*made);
    consent.give(self.id, founding, std::make_shared<const Ring>(*std::move(made)), number);
    warned_of = {};
    effects.persist = true;
    lease.renounce();
    log(LogLevel::warning,
        fmt::format("consents to cluster {:016x}, founded anew: serves nothing until {} have too",
                    founding.ballot.cluster.value, names_of(founding.survivors)));
    tell_consent(now);
    look_whether_founded(now);
    return {};
}

// The ring that was saved with it is the one that it is about.
void Node::State::resume_consent(Time now, const Founding& founding) {
    if (!founding.ballot) return;
    auto made = found_anew(*ring, founding);
    if (!made) return;
    const std::uint64_t number = digest(*made);
    consent.give(self.id, founding, std::make_shared<const Ring>(*std::move(made)), number);
    lease.renounce();
    consent_at = now;
}

void Node::State::tell_consent(Time now) {
    consent_at = now + consent_period;
    for (const NodeId id : consent.concerned()) {
        send(now, id, FoundAnew{consent.founding(), consent.digest(), {}});
    }
}

void Node::State::repeat_consent(Time now) {
    consent_at = never;
    if (!consent.stands()) return;
    const Time since = now - config.lease.lease;
    // Where others may have founded it by this consent, that would be a second cluster.
    if (consent.is_void() && consent.votes_since(*ring, self.id, since) >= ring->majority()) {
        return withdraw_consent(now, "a majority of the votes is there again");
    }
    tell_consent(now);
}

void Node::State::withdraw_consent(Time now, std::string_view why) {
    log(LogLevel::warning, fmt::format("consents to cluster {:016x} no more: {}",
                                       consent.founding().ballot.cluster.value, why));
    consent.withdraw();
    consent_at = never;
    lease.adopt(now, *ring);
    // It voted before it consented; the ring that it voted for may have been decided long ago.
    if (agreement.has_voted()) lease.voted(Time::min());
    consider(now, config.settle);
}

void Node::State::on(Time now, const Envelope& envelope, const FoundAnew& message) {
    if (ring->member(envelope.from) == nullptr) return;
    if (message.digest == 0) {
        return consent.declined(envelope.from, message.consents);
    }
    const std::string why = consent_to(now, message.founding);
    if (!why.empty()) {
        if (declines(now, message.founding)) {
            send(now, envelope.from, FoundAnew{message.founding, 0, consent.consents()});
        }
        log(LogLevel::debug, fmt::format("does not consent to what {} founds anew: {}",
                                         name_of(envelope.from), why));
        return;
    }
    consent.heard(envelope.from, message.founding, message.digest);
    look_whether_founded(now);
}

// A majority is there or was, after the ring that it is about. Whoever hears so may end its
// consent.
bool Node::State::declines(Time now, const Founding& founding) {
    const bool goes_on = votes_heard(now) >= ring->majority() || founding.epoch < ring->epoch;
    if (!goes_on) return false;
    const FoundingBallot before = consent.floor();
    const bool declined = consent.decline(founding.ballot);
    effects.persist = effects.persist || consent.floor() != before;
    return declined;
}

// Whoever consented said so to all, so the last that does founds it everywhere.
void Node::State::look_whether_founded(Time now) {
    if (!consent.stands()) return;
    if (!consent.missing().empty() && !config.bugs.has(Bug::found_alone)) return;
    move_to(now, consent.made());
}

void Node::State::answer_founders(Time now) {
    if (!ring) return;
    for (auto& due : consent.take_due(now, *ring)) reply(due.connection, due.reply);
}

// --- between the old cluster and the new ---

// `to` is in a cluster that was founded anew from that of this node.
void Node::State::move_to(Time now, RingPtr to) {
    const RingPtr before = ring;
    consent.begin_anew();
    consent_at = never;
    lease.renounce();
    for (const Member& member : before->members) {
        if (member.id != self.id) left_behind[member.id] = member.address;
    }
    log(LogLevel::warning, fmt::format("cluster {:016x} is founded anew as {:016x}, from ring {}",
                                       before->cluster.value, to->cluster.value,
                                       find_ancestor(to->ancestors, before->cluster)->last));
    adopt(now, {.ring = std::move(to)});
}

// Members of the old cluster are told of the new one, and not listened to.
void Node::State::receive_foreign(Time now, const Envelope& envelope) {
    const auto* beacon = std::get_if<Beacon>(&envelope.body);
    const auto* answer = std::get_if<RingAnswer>(&envelope.body);
    if (find_ancestor(ring->ancestors, envelope.cluster) != nullptr) {
        tell_ring(now, envelope.from_address, envelope.from, Epoch{});
    } else if (beacon != nullptr && !heir &&
               find_ancestor(beacon->ancestors, ring->cluster) != nullptr) {
        send(now, envelope.from_address, envelope.from, RingRequest{ring->epoch});
    } else if (answer != nullptr && answer->ring && envelope.to == self.id && !heir &&
               answer->ring->cluster == envelope.cluster &&
               descends(*answer->ring, *ring, config.bugs)) {
        on_heir(now, envelope.from, answer->ring);
    }
}

void Node::State::on_heir(Time now, NodeId from, const RingPtr& newer) {
    if (consent.stands()) {
        // Its own: the last consents were lost on their way here. Or one that was founded from
        // that. Or another's, to which it had consented before: then that which stands is not
        // founded, for one of those that would have to consent is in the other.
        const Founding& founding = consent.founding();
        const ClusterId own = founding.ballot.cluster;
        const bool is_final = find_ancestor(newer->ancestors, own) != nullptr ||
                              (std::ranges::binary_search(founding.survivors, from) &&
                               find_ancestor(newer->ancestors, ring->cluster)->last == ring->epoch);
        const bool is_in_it = newer->member(self.id) != nullptr;
        if (newer->cluster == own || (is_final && is_in_it)) return move_to(now, newer);
        // As a voter of that one it would give it what it has consented to give another.
        if (!is_final && (is_in_it || !is_left_alone(now))) {
            return warn_of_heir(now, newer->cluster);
        }
        // That cluster went on without this node.
        if (!is_final) {
            log(LogLevel::warning,
                fmt::format("consents to cluster {:016x} no more: those who did have been silent "
                            "for {} s, and this node holds nothing",
                            own.value, to_ms(founders_patience) / 1000));
        }
        consent.withdraw();
        consent_at = never;
    }
    // Nothing is lost with who holds nothing.
    if (!self.stores() || ring->member(self.id) == nullptr) return move_to(now, newer);
    be_superseded(now, newer);
}

// Of one that it cannot judge: what it has consented to may have been founded all the same.
void Node::State::warn_of_heir(Time now, ClusterId cluster) {
    if (warned_of.empty()) warned_at = now;
    if (warned_of.size() >= heirs_max || !warned_of.insert(cluster).second) return;
    log(LogLevel::warning,
        fmt::format("cluster {:016x} was founded anew as {:016x}. Whether that ends this node's "
                    "consent to {:016x} nobody has said: it serves nothing and waits for those who "
                    "consented to it{}",
                    ring->cluster.value, cluster.value, consent.founding().ballot.cluster.value,
                    self.stores() ? ". If they are gone for good, end it and start it again"
                                  : ", as long as they are heard"));
}

// Those it consented with may have founded theirs, or may yet. Without this member that loses its
// votes, as by its death, and nothing that was written if it stores nothing.
bool Node::State::is_left_alone(Time now) const {
    const Time last = std::max(warned_at, consent.survivors_spoke_at());
    return !self.stores() && !warned_of.empty() && now >= last + founders_patience;
}

// What it holds is not part of the new cluster and cannot be: others may have written since. It is
// kept, for a person to decide, and served no more.
void Node::State::be_superseded(Time now, const RingPtr& by) {
    log(LogLevel::error,
        fmt::format("cluster {:016x} was founded anew as {:016x}, without this node: it serves "
                    "nothing any more. End it and start it again: it joins empty",
                    ring->cluster.value, by->cluster.value));
    heir = by;
    lease.renounce();
    agreement.adopt(ring);  // what it promised binds nobody any more: it answers no proposer
    fall_out(now);
    join_at = active_at = loss_report_at = never;
    for (auto& due : polls.take_due(now, heir)) reply(due.connection, std::move(due.reply));
}

void Node::State::call_left_behind(Time now) {
    for (std::size_t i = 0; i < std::min(calls_max, left_behind.size()); ++i) {
        auto next_called = left_behind.upper_bound(called_last);
        if (next_called == left_behind.end()) next_called = left_behind.begin();
        const auto& [id, address] = *next_called;
        called_last = id;
        const Member* there = ring->member_at(address);
        if (there == nullptr || there->id == id)
            send(now, address, NodeId{}, Beacon{ring->ancestors});
    }
}

}  // namespace grapevine
